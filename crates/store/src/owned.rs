//! Rows that lie together by their owner, oldest first, and are let go by their age.

use crate::conn::Conn;
use crate::{Collection, ColumnKind, Error, Millis, ObjectId, Result, Value};

/// The columns by which rows of an owner lie together: that of the owner and that of the time.
fn place(collection: &Collection) -> Result<(&'static str, &'static str)> {
    match collection.cluster {
        [owner, time] => Ok((owner, time)),
        _ => Err(Error::BadQuery(format!(
            "{} does not lie by owner and time",
            collection.table
        ))),
    }
}

/// Of the next `limit` owners by id, after `after`: the time of the oldest row of each, when that is before `before`.
pub(crate) fn oldest(
    conn: &Conn<'_>,
    project: ObjectId,
    (owners, rows): (&Collection, &Collection),
    (after, before): (ObjectId, Millis),
    limit: u32,
) -> Result<Vec<(ObjectId, Option<Millis>)>> {
    let (owner, time) = place(rows)?;
    let (owners, rows) = (owners.table, rows.table);
    let sql = format!(
        "SELECT o.id, (SELECT r.{time} FROM {rows} r WHERE r.project = $1 AND r.{owner} = o.id AND r.{time} < $2 \
         ORDER BY r.{time} LIMIT 1) \
         FROM (SELECT id FROM {owners} WHERE project = $1 AND id > $3 ORDER BY id LIMIT $4) o ORDER BY o.id"
    );
    let binds = [
        project.into(),
        before.into(),
        after.into(),
        Value::Int(limit.into()),
    ];
    conn.query(&sql, &binds, |row| {
        let oldest = match row.value(1, ColumnKind::Instant)? {
            Value::Int(at) => Some(Millis(at)),
            _ => None,
        };
        Ok((row.id(0)?, oldest))
    })
}

/// Deletes the rows of an owner that are before `before`, of more than `most` only the oldest: so many, and those of the same
/// instant as the last. Returns how many.
pub(crate) fn delete_oldest(
    conn: &Conn<'_>,
    project: ObjectId,
    rows: &Collection,
    (of, before): (ObjectId, Millis),
    most: u32,
) -> Result<u64> {
    let ((owner, time), table) = (place(rows)?, rows.table);
    let beyond = format!(
        "SELECT {time} FROM {table} WHERE project = $1 AND {owner} = $2 AND {time} < $3 ORDER BY {time} LIMIT 1 OFFSET $4"
    );
    let last = i64::from(most.saturating_sub(1));
    let binds = [project.into(), of.into(), before.into(), Value::Int(last)];
    let last = conn.first(&beyond, &binds, |row| row.millis(0))?;
    let before = last.map_or(before, |last| Millis(last.0 + 1));
    let sql = format!("DELETE FROM {table} WHERE project = $1 AND {owner} = $2 AND {time} < $3");
    conn.execute(&sql, &[project.into(), of.into(), before.into()])
}
