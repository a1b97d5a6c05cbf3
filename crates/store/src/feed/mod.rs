//! The feed of a kind of document: which documents of a project changed, each once and as it is now.
//!
//! `…` has a row for each document that changed since the project opened its feed, and `…_head` one for each project that did. Units of
//! work write rows without a number, so that they do not wait for each other. Who reads gives the committed rows the next number, under
//! a lock on the head: nothing that is committed later gets a smaller one, so who read up to a number has missed nothing. What was
//! there before the feed was opened is read from the documents themselves.

mod cursor;
mod examine;
mod head;
mod number;
mod read;
mod tables;
mod trim;
mod write;

pub use cursor::{BadFeedCursor, FeedCursor};
pub(crate) use examine::examine;
pub(crate) use head::{beginning, end, open};
pub(crate) use number::number_some;
pub(crate) use read::page;
pub(crate) use tables::{create, forget_all, tables_of};
pub(crate) use trim::{older, trim};
pub(crate) use write::Written;

use crate::conn::RowRef;
use crate::{ColumnKind, Error, Millis, ObjectId, RawRow, Result, Value};

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate<Shown = RawRow> {
    /// It is there, new or changed: as it is now.
    Present(Shown),
    /// It is gone.
    Deleted,
    /// It is gone, and another has its place.
    ReplacedBy(ObjectId),
}

/// A document that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its id.
    pub id: ObjectId,
    /// What became of it.
    pub fate: Fate,
    /// When: of a document that is there, its last write.
    pub at: Millis,
    /// Who goes on here has read it.
    pub cursor: FeedCursor,
}

/// A part of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// What changed, in the order of the feed. Each document is named once.
    pub entries: Vec<FeedEntry>,
    /// Where to go on.
    pub next: FeedCursor,
    /// Whether there may be more at once.
    pub is_more: bool,
    /// Whether there are changes that [`crate::Tx::number_feed`] has to number before they are read.
    pub is_unnumbered: bool,
}

/// The number of a row that has none yet.
const UNNUMBERED: i64 = 0;

impl<Shown> Fate<Shown> {
    const PRESENT: i64 = 0;

    fn number(&self) -> i64 {
        match self {
            Self::Present(_) => Self::PRESENT,
            Self::Deleted => 1,
            Self::ReplacedBy(_) => 2,
        }
    }

    fn heir(&self) -> Value {
        match self {
            Self::ReplacedBy(heir) => (*heir).into(),
            Self::Present(_) | Self::Deleted => Value::Null,
        }
    }
}

impl Fate<()> {
    /// Reads two columns from `first` on.
    fn read(row: &RowRef<'_>, first: usize) -> Result<Self> {
        let heir = row.value(first + 1, ColumnKind::Id)?;
        match (row.int(first)?, heir) {
            (Self::PRESENT, Value::Null) => Ok(Self::Present(())),
            (1, Value::Null) => Ok(Self::Deleted),
            (2, Value::Id(heir)) => Ok(Self::ReplacedBy(heir)),
            (fate, _) => Err(Error::Corrupt(format!(
                "a row of a feed has the fate {fate}, which does not fit its heir"
            ))),
        }
    }
}
