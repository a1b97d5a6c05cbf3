//! What a kind of document looks like to the store: its table, its promoted columns, its indexes.

use std::borrow::Cow;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Identity, Millis, Value};

/// The type of a promoted column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, by bytes.
    Text,
    /// A 64-bit integer.
    Int,
    /// A double.
    Real,
    /// Milliseconds; a date in the document.
    Instant,
    /// True or false.
    Bool,
    /// An id; 24 hex characters in the document.
    Id,
}

/// A value of the document that has a column of its own, because it is filtered or sorted by often.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name of the column: a constant of the program, never input.
    pub name: &'static str,
    /// The path of the value in the document as the API shows it, e.g. `lastActivity`.
    pub path: &'static str,
    /// Its type.
    pub kind: ColumnKind,
}

/// An index over promoted columns. The project comes first and the id last by itself.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// The name of the index.
    pub name: &'static str,
    /// The columns between project and id.
    pub columns: &'static [&'static str],
    /// Rows in which this column is NULL are left out of the index.
    pub not_null: Option<&'static str>,
}

/// A kind of document.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// The name of its table: a constant of the program, never input.
    pub table: &'static str,
    /// Its promoted columns.
    pub columns: &'static [Column],
    /// Its indexes.
    pub indexes: &'static [Index],
    /// Columns that keep rows together: they follow the project in the primary key, and every access by id names them.
    /// Empty for most collections.
    pub cluster: &'static [&'static str],
    /// Columns whose ids must be ids of other collections: `doctor` finds rows whose target is gone.
    pub references: &'static [Reference],
}

impl Collection {
    /// The columns that keep rows together, in the order of the primary key.
    pub(crate) fn clustered(&self) -> impl Iterator<Item = &Column> {
        let named = |name: &&str| self.columns.iter().find(|column| column.name == *name);
        self.cluster.iter().filter_map(named)
    }
}

/// A promoted id column and the table that it points into.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// The promoted column.
    pub column: &'static str,
    /// The table of the target.
    pub table: &'static str,
}

/// A document as the product knows it.
pub trait Document: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its kind.
    const COLLECTION: &'static Collection;

    /// The name of the index over the words of [`Document::searched`]: a constant of the program, never input. `None`: documents
    /// of this kind are not searched. Clustered collections cannot be.
    const SEARCH: Option<&'static str> = None;

    /// The name of the tables of declared indexes: a constant of the program, never input. `None`: nothing can be declared for
    /// documents of this kind. Clustered collections cannot have any.
    const DECLARED: Option<&'static str> = None;

    /// The name of the tables of the feed: a constant of the program, never input. `None`: nobody is told which documents of this kind
    /// changed. Clustered collections cannot have one.
    const FEED: Option<&'static str> = None;

    /// The values of the promoted columns, in the order of [`Collection::columns`].
    fn promoted(&self) -> Vec<Value>;

    /// The identity keys that a live document holds. `doctor` compares them with the identity table.
    fn identities(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// The texts that a search looks through. They are the same whenever the document is: the index is changed by the difference
    /// between the old ones and the new. A version of the program that changes what this says has to make the index again.
    fn searched(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    /// When the thing that the document is about was made, for documents that say so; otherwise the time of the insert.
    fn created_at(&self) -> Option<Millis> {
        None
    }

    /// Called before each write, for documents that carry the time of their last write.
    fn stamp(&mut self, _updated_at: Millis) {}
}

/// The columns that every row has, under the names that the API shows.
pub const ROW_COLUMNS: &[Column] = &[
    Column {
        name: "id",
        path: "_id",
        kind: ColumnKind::Id,
    },
    Column {
        name: "id",
        path: "id",
        kind: ColumnKind::Id,
    },
    Column {
        name: "created_at",
        path: "createdAt",
        kind: ColumnKind::Instant,
    },
    Column {
        name: "updated_at",
        path: "updatedAt",
        kind: ColumnKind::Instant,
    },
];
