//! Reading a feed, page by page.

use super::cursor::{FeedCursor, Place};
use super::head::Head;
use super::{Fate, FeedEntry, FeedPage, UNNUMBERED};
use crate::conn::{Conn, RowRef};
use crate::statements::ROW;
use crate::{Collection, ObjectId, RawRow, Result, Value};

/// Beyond every id.
const LAST_ID: ObjectId = ObjectId::from_bytes([u8::MAX; 12]);

/// What follows a cursor; `None` when the feed does not know that place (any more).
pub(crate) fn page(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    collection: &Collection,
    since: &FeedCursor,
    limit: u32,
) -> Result<Option<FeedPage>> {
    // Read before the rows: what has this number or a smaller one is committed.
    let Some(head) = Head::of(conn, project, feed)? else {
        return Ok(None);
    };
    if head.epoch != since.epoch || since.number > head.number || since.is_before(head.trimmed) {
        return Ok(None);
    }
    let after = match since.place {
        Place::Documents(after) => {
            return documents(conn, project, collection, since, after, limit).map(Some);
        }
        Place::Within(id) => id,
        Place::End => LAST_ID,
    };
    let rows = rows(conn, project, feed, collection, since, after, limit)?;
    let is_full = rows.len() == limit as usize;
    let next = match rows.last() {
        Some((_, last)) if is_full => *last,
        // One number is given by one unit of work: all of it was there to be read.
        last => FeedCursor {
            number: last.map_or(head.number, |(_, last)| last.number.max(head.number)),
            place: Place::End,
            ..*since
        },
    };
    Ok(Some(FeedPage {
        entries: rows.into_iter().filter_map(|(entry, _)| entry).collect(),
        next,
        is_more: is_full,
        is_unnumbered: !is_full && is_unnumbered(conn, project, feed)?,
    }))
}

/// Whether there are rows without a number.
pub(super) fn is_unnumbered(conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<bool> {
    let sql = format!("SELECT number FROM {feed} WHERE project = $1 AND number = $2 LIMIT 1");
    let binds = [project.into(), Value::Int(UNNUMBERED)];
    Ok(conn.first(&sql, &binds, |row| row.int(0))?.is_some())
}

/// The documents that were there before the feed was begun to be read.
fn documents(
    conn: &Conn<'_>,
    project: ObjectId,
    collection: &Collection,
    since: &FeedCursor,
    after: Option<ObjectId>,
    limit: u32,
) -> Result<FeedPage> {
    let (follows, first) = after.map_or((">=", ObjectId::ZERO), |after| (">", after));
    let sql = format!(
        "SELECT {ROW} FROM {} t WHERE t.project = $1 AND t.id {follows} $2 ORDER BY t.id LIMIT $3",
        collection.table
    );
    let binds = [project.into(), first.into(), Value::Int(limit.into())];
    let rows = conn.query(&sql, &binds, |row| RawRow::read(&row))?;
    let is_full = rows.len() == limit as usize;
    let at = |place| FeedCursor { place, ..*since };
    let next = match rows.last() {
        Some(last) if is_full => at(Place::Documents(Some(last.id))),
        _ => at(Place::End),
    };
    let entry = |row: RawRow| FeedEntry {
        id: row.id,
        at: row.updated_at,
        cursor: at(Place::Documents(Some(row.id))),
        fate: Fate::Present(row),
    };
    Ok(FeedPage {
        entries: rows.into_iter().map(entry).collect(),
        next,
        is_more: true, // what changed since, at least
        is_unnumbered: false,
    })
}

type Read = (Option<FeedEntry>, FeedCursor);

fn rows(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
    collection: &Collection,
    since: &FeedCursor,
    after: ObjectId,
    limit: u32,
) -> Result<Vec<Read>> {
    // One statement: a document is as its row says.
    let sql = format!(
        "SELECT f.id, f.number, f.fate, f.heir, f.at, t.version, t.created_at, t.updated_at, t.doc FROM {feed} f \
         LEFT JOIN {} t ON t.project = f.project AND t.id = f.id \
         WHERE f.project = $1 AND (f.number, f.id) > ($2, $3) ORDER BY f.number, f.id LIMIT $4",
        collection.table
    );
    let binds = [
        project.into(),
        Value::Int(since.number),
        after.into(),
        Value::Int(limit.into()),
    ];
    conn.query(&sql, &binds, |row| {
        let id = row.id(0)?;
        let cursor = FeedCursor {
            number: row.int(1)?,
            place: Place::Within(id),
            ..*since
        };
        Ok((entry(&row, id, cursor)?, cursor))
    })
}

/// `None` for a row that differs from its document, which `doctor` names.
fn entry(row: &RowRef<'_>, id: ObjectId, cursor: FeedCursor) -> Result<Option<FeedEntry>> {
    let (fate, at) = match (Fate::read(row, 2)?, row.is_null(8)?) {
        (Fate::Present(()), false) => {
            let shown = RawRow {
                id,
                version: row.int(5)?,
                created_at: row.millis(6)?,
                updated_at: row.millis(7)?,
                json: row.json(8)?,
            };
            let at = shown.updated_at;
            (Fate::Present(shown), at)
        }
        (Fate::Deleted, true) => (Fate::Deleted, row.millis(4)?),
        (Fate::ReplacedBy(heir), true) => (Fate::ReplacedBy(heir), row.millis(4)?),
        _ => return Ok(None),
    };
    Ok(Some(FeedEntry {
        id,
        fate,
        at,
        cursor,
    }))
}
