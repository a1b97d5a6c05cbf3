//! Building and removing, some documents or rows at a time, each time in a unit of work of its own.

use super::write::{insert, rows_of};
use super::{COLUMNS, DeclaredIndex, IndexState};
use crate::conn::Conn;
use crate::{Collection, ObjectId, Result, Value};

/// Documents that one unit of work adds.
const DOCUMENTS_PER_UNIT: i64 = 200;
/// Rows that one unit of work removes.
const ROWS_PER_UNIT: i64 = 1_000;

/// The first index of a project that is being built or removed.
pub(crate) fn work_to_do(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
) -> Result<Option<DeclaredIndex>> {
    first(conn, project, table, "")
}

fn first(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
    lock: &str,
) -> Result<Option<DeclaredIndex>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {table}_declared WHERE project = $1 AND state <> $2 ORDER BY attribute LIMIT 1{lock}"
    );
    let binds = [project.into(), IndexState::Ready.number().into()];
    conn.first(&sql, &binds, |row| DeclaredIndex::read(&row, table))
}

/// Does the next part of the work; returns whether there may be more. `total`: how many documents there are.
pub(crate) fn work_on(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
    collection: &Collection,
    total: Option<u64>,
) -> Result<bool> {
    let lock = if conn.locks_rows() { " FOR UPDATE" } else { "" };
    let Some(mut index) = first(conn, project, table, lock)? else {
        return Ok(false);
    };
    if index.state == IndexState::Dropping {
        return remove_some(conn, project, &index);
    }
    index.total = index.total.or(total);
    add_some(conn, project, collection, index, lock)
}

fn add_some(
    conn: &Conn<'_>,
    project: ObjectId,
    collection: &Collection,
    mut index: DeclaredIndex,
    lock: &str,
) -> Result<bool> {
    // Locked, so that none is deleted or changed before its rows are there.
    let sql = format!(
        "SELECT id, doc FROM {} WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3{lock}",
        collection.table
    );
    let binds = [
        project.into(),
        index.after.into(),
        Value::Int(DOCUMENTS_PER_UNIT),
    ];
    let rows = conn.query(&sql, &binds, |row| Ok((row.id(0)?, row.json(1))))?;
    match rows.last() {
        Some((last, _)) => index.after = *last,
        None => index.state = IndexState::Ready,
    }
    index.done += rows.len() as u64;
    let one = std::slice::from_ref(&index);
    for (id, json) in rows {
        // What cannot be read is for `doctor` to name.
        let Ok(expected) = json.and_then(|json| rows_of(&json, one)) else {
            continue;
        };
        for row in &expected {
            insert(conn, project, index.table, id, row)?;
        }
    }
    keep(conn, project, &index)?;
    Ok(true)
}

/// Writes down how far the building of an index is.
fn keep(conn: &Conn<'_>, project: ObjectId, index: &DeclaredIndex) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    // Documents came while it was built, and went.
    let total = match index.state {
        IndexState::Ready => Some(index.done),
        _ => index.total.map(|total| total.max(index.done)),
    };
    let sql = format!(
        "UPDATE {}_declared SET state = $1, after = $2, done = $3, total = $4 WHERE project = $5 AND attribute = $6",
        index.table
    );
    let binds = [
        index.state.number().into(),
        index.after.into(),
        number(index.done).into(),
        total.map(number).into(),
        project.into(),
        index.attribute.into(),
    ];
    conn.execute(&sql, &binds).map(drop)
}

fn remove_some(conn: &Conn<'_>, project: ObjectId, index: &DeclaredIndex) -> Result<bool> {
    let (table, attribute) = (index.table, Value::Int(index.attribute));
    let sql =
        format!("SELECT id, value FROM {table} WHERE project = $1 AND attribute = $2 LIMIT $3");
    let binds = [project.into(), attribute.clone(), Value::Int(ROWS_PER_UNIT)];
    let rows = conn.query(&sql, &binds, |row| Ok((row.id(0)?, row.key(1)?)))?;
    let delete = format!(
        "DELETE FROM {table} WHERE project = $1 AND id = $2 AND attribute = $3 AND value = $4"
    );
    for (id, value) in &rows {
        let binds = [
            project.into(),
            (*id).into(),
            attribute.clone(),
            Value::Key(value.clone()),
        ];
        conn.execute(&delete, &binds)?;
    }
    if rows.is_empty() {
        let gone = format!("DELETE FROM {table}_declared WHERE project = $1 AND attribute = $2");
        conn.execute(&gone, &[project.into(), attribute])?;
    }
    Ok(true)
}
