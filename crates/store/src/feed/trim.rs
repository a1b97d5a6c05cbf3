//! Taking away what is old. Cursors from before are refused from then on.

use super::UNNUMBERED;
use super::head::Head;
use crate::conn::Conn;
use crate::{Millis, ObjectId, Result, Value};

/// A row as it was read: its number and the id of its document.
pub(crate) type Place = (i64, ObjectId);

/// The first rows of changes before an instant.
pub(crate) fn older(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    before: Millis,
    most: u32,
) -> Result<Vec<Place>> {
    let sql = format!(
        "SELECT number, id FROM {feed} WHERE project = $1 AND at < $2 ORDER BY number, id LIMIT $3"
    );
    let binds = [project.into(), before.into(), Value::Int(most.into())];
    conn.query(&sql, &binds, |row| Ok((row.int(0)?, row.id(1)?)))
}

/// Deletes rows that are still as they were read; returns how many.
pub(crate) fn trim(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    before: Millis,
    rows: &[Place],
) -> Result<u64> {
    let Some(mut head) = Head::locked(conn, project, feed)? else {
        return Ok(0);
    };
    let mut rows = rows.to_vec();
    rows.sort_unstable_by_key(|(_, id)| *id); // the order in which units of work lock them
    let sql =
        format!("DELETE FROM {feed} WHERE project = $1 AND id = $2 AND number = $3 AND at < $4");
    let mut deleted = 0;
    for (number, id) in rows {
        let binds = [project.into(), id.into(), Value::Int(number), before.into()];
        if conn.execute(&sql, &binds)? == 0 {
            continue;
        }
        deleted += 1;
        if number == UNNUMBERED && head.trimmed <= head.number {
            // Nobody has read it: every cursor that was given out is of before.
            head.trimmed = head.number + 1;
        }
        head.trimmed = head.trimmed.max(number);
    }
    head.number = head.number.max(head.trimmed);
    if deleted > 0 {
        head.keep(conn, project, feed)?;
    }
    Ok(deleted)
}
