//! The head of a feed: that a project has one, and how far it is.

use super::cursor::{FeedCursor, Place};
use super::read::is_unnumbered;
use crate::conn::Conn;
use crate::{ObjectId, Result, Value};

/// The head of the feed of one project.
pub(super) struct Head {
    /// Made when the feed was opened.
    pub epoch: ObjectId,
    /// The last number that was given.
    pub number: i64,
    /// Where numbering goes on, so that documents that change all the time do not keep it from the others.
    pub next: ObjectId,
    /// Rows up to this number may have been trimmed.
    pub trimmed: i64,
}

impl Head {
    /// The head of a project that opened its feed.
    pub fn of(conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<Option<Self>> {
        Self::read(conn, project, feed, "")
    }

    /// The same, and nobody else numbers or trims before the commit.
    pub fn locked(conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<Option<Self>> {
        let lock = if conn.locks_rows() { " FOR UPDATE" } else { "" };
        Self::read(conn, project, feed, lock)
    }

    fn read(conn: &Conn<'_>, project: ObjectId, feed: &str, lock: &str) -> Result<Option<Self>> {
        let sql = format!(
            "SELECT epoch, number, next, trimmed FROM {feed}_head WHERE project = $1{lock}"
        );
        conn.first(&sql, &[project.into()], |row| {
            Ok(Self {
                epoch: row.id(0)?,
                number: row.int(1)?,
                next: row.id(2)?,
                trimmed: row.int(3)?,
            })
        })
    }

    /// Writes it back.
    pub fn keep(&self, conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<()> {
        let sql = format!(
            "UPDATE {feed}_head SET number = $1, next = $2, trimmed = $3 WHERE project = $4"
        );
        let binds = [
            Value::Int(self.number),
            self.next.into(),
            Value::Int(self.trimmed),
            project.into(),
        ];
        conn.execute(&sql, &binds).map(drop)
    }

    pub fn cursor(&self, place: Place) -> FeedCursor {
        FeedCursor {
            epoch: self.epoch,
            number: self.number,
            place,
        }
    }
}

/// The end of a feed; `None` when it is not open, or has changes without a number.
pub(crate) fn end(conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<Option<FeedCursor>> {
    let Some(head) = Head::of(conn, project, feed)? else {
        return Ok(None);
    };
    let is_end = !is_unnumbered(conn, project, feed)?;
    Ok(is_end.then(|| head.cursor(Place::End)))
}

/// Where those begin who read the documents first and then what changed since; `None` when the feed is not open.
pub(crate) fn beginning(
    conn: &Conn<'_>,
    project: ObjectId,
    feed: &str,
) -> Result<Option<FeedCursor>> {
    let head = Head::of(conn, project, feed)?;
    Ok(head.map(|head| head.cursor(Place::Documents(None))))
}

/// Opens a feed, unless it is open: from now on units of work write what they change.
///
/// On PostgreSQL it waits until the units that did not know of it are committed: each holds the table, whether it has something to
/// write or not. Those that only read do not.
pub(crate) fn open(conn: &Conn<'_>, project: ObjectId, feed: &str, epoch: ObjectId) -> Result<()> {
    if conn.locks_rows() {
        let sql = format!("LOCK TABLE {feed} IN SHARE ROW EXCLUSIVE MODE");
        conn.execute(&sql, &[])?;
    }
    if Head::of(conn, project, feed)?.is_some() {
        return Ok(());
    }
    // Of a feed whose head was taken away: nobody kept these rows since.
    let leftover = format!("DELETE FROM {feed} WHERE project = $1");
    conn.execute(&leftover, &[project.into()])?;
    let sql = format!(
        "INSERT INTO {feed}_head (project, epoch, number, next, trimmed) VALUES ($1, $2, $3, $4, $5)"
    );
    let binds = [
        project.into(),
        epoch.into(),
        Value::Int(0),
        ObjectId::ZERO.into(),
        Value::Int(0),
    ];
    conn.execute(&sql, &binds).map(drop)
}
