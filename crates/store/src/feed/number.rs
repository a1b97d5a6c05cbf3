//! Numbering what was committed.

use super::UNNUMBERED;
use super::cursor::{FeedCursor, Place};
use super::head::Head;
use crate::conn::Conn;
use crate::{ObjectId, Result, Value};

/// Rows that one unit of work numbers.
const ROWS_PER_UNIT: i64 = 1_000;

/// Gives the next committed rows the next number; returns the end of the feed, or `None` when there may be more. On PostgreSQL the rows
/// of units that are just being committed are waited for, in the order in which those write them.
pub(crate) fn number_some(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
) -> Result<Option<FeedCursor>> {
    let Some(mut head) = Head::locked(conn, project, feed)? else {
        return Ok(None);
    };
    let began = head.next;
    let ids = unnumbered(conn, project, feed, began)?;
    let is_full = ids.len() as i64 == ROWS_PER_UNIT;
    if let Some(last) = ids.last() {
        head.number += 1;
        give(conn, project, feed, head.number, (began, *last))?;
    }
    head.next = match ids.last() {
        Some(last) if is_full => *last,
        _ => ObjectId::ZERO,
    };
    if !ids.is_empty() || began != head.next {
        head.keep(conn, project, feed)?;
    }
    let is_all = !is_full && began == ObjectId::ZERO;
    Ok(is_all.then(|| head.cursor(Place::End)))
}

fn unnumbered(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    first: ObjectId,
) -> Result<Vec<ObjectId>> {
    let lock = if conn.locks_rows() { " FOR UPDATE" } else { "" };
    let sql = format!(
        "SELECT id FROM {feed} WHERE project = $1 AND number = $2 AND id >= $3 ORDER BY id LIMIT $4{lock}"
    );
    let binds = [
        project.into(),
        Value::Int(UNNUMBERED),
        first.into(),
        Value::Int(ROWS_PER_UNIT),
    ];
    conn.query(&sql, &binds, |row| row.id(0))
}

fn give(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    number: i64,
    (first, last): (ObjectId, ObjectId),
) -> Result<()> {
    let sql = format!(
        "UPDATE {feed} SET number = $1 WHERE project = $2 AND number = $3 AND id >= $4 AND id <= $5"
    );
    let binds = [
        Value::Int(number),
        project.into(),
        Value::Int(UNNUMBERED),
        first.into(),
        last.into(),
    ];
    conn.execute(&sql, &binds).map(drop)
}
