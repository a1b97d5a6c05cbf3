//! Keeping the rows of a document as the document is.

use std::collections::BTreeSet;

use super::DeclaredIndex;
use crate::conn::Conn;
use crate::filter::{Key, keys_of};
use crate::{Collection, Error, ObjectId, Result, Value};

/// A row of the index: the number of the attribute, and a key of the document.
pub(super) type IndexRow = (i64, Key);

/// Makes the rows of some documents those that they should have under the indexes of the project, inside the transaction that changed them.
pub(crate) fn refresh(
    conn: &Conn<'_>,
    project: ObjectId,
    (table, mut indexes): (&'static str, Vec<DeclaredIndex>),
    collection: &Collection,
    ids: &BTreeSet<ObjectId>,
) -> Result<()> {
    indexes.retain(DeclaredIndex::is_kept);
    if indexes.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT doc FROM {} WHERE project = $1 AND id = $2",
        collection.table
    );
    for id in ids {
        let json = conn.first(&sql, &[project.into(), (*id).into()], |row| row.json(0))?;
        let expected = match json {
            Some(json) => rows_of(&json, &indexes)?,
            None => BTreeSet::new(),
        };
        replace(conn, project, table, *id, &indexes, &expected)?;
    }
    Ok(())
}

/// The rows that a document should have.
pub(super) fn rows_of(json: &[u8], indexes: &[DeclaredIndex]) -> Result<BTreeSet<IndexRow>> {
    let document: serde_json::Value =
        serde_json::from_slice(json).map_err(|error| Error::Corrupt(error.to_string()))?;
    let rows = indexes.iter().flat_map(|index| {
        let keys = keys_of(&document, &index.path).into_iter();
        keys.map(|key| (index.attribute, key))
    });
    Ok(rows.collect())
}

/// The rows that a document has, of whichever index.
pub(super) fn found(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &str,
    id: ObjectId,
) -> Result<BTreeSet<IndexRow>> {
    let sql =
        format!("SELECT attribute, value, element FROM {table} WHERE project = $1 AND id = $2");
    let rows = conn.query(&sql, &[project.into(), id.into()], |row| {
        let key = Key {
            value: row.key(1)?,
            element: row.int(2)? != 0,
        };
        Ok((row.int(0)?, key))
    });
    Ok(rows?.into_iter().collect())
}

/// Makes `expected` the rows of a document under some indexes.
pub(super) fn replace(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &str,
    id: ObjectId,
    indexes: &[DeclaredIndex],
    expected: &BTreeSet<IndexRow>,
) -> Result<()> {
    let mut found = found(conn, project, table, id)?;
    found.retain(|(attribute, _)| indexes.iter().any(|index| index.attribute == *attribute));
    let delete = format!(
        "DELETE FROM {table} WHERE project = $1 AND id = $2 AND attribute = $3 AND value = $4"
    );
    for (attribute, key) in found.difference(expected) {
        let binds = [
            project.into(),
            id.into(),
            Value::Int(*attribute),
            Value::Key(key.value.clone()),
        ];
        conn.execute(&delete, &binds)?;
    }
    for row in expected.difference(&found) {
        insert(conn, project, table, id, row)?;
    }
    Ok(())
}

/// Adds a row, unless it is there.
pub(super) fn insert(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &str,
    id: ObjectId,
    (attribute, key): &IndexRow,
) -> Result<()> {
    let sql = format!(
        "INSERT INTO {table} (project, id, attribute, value, element) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    );
    let binds = [
        project.into(),
        id.into(),
        Value::Int(*attribute),
        Value::Key(key.value.clone()),
        Value::Int(key.element.into()),
    ];
    conn.execute(&sql, &binds).map(drop)
}
