//! What units changed that is written at the end of their transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::conn::Conn;
use crate::{Collection, DeclaredIndex, ObjectId, Result, declared, feed, search};

/// The documents that were written, by project, and their collection.
type Written = (&'static Collection, BTreeMap<ObjectId, BTreeSet<ObjectId>>);

/// What a unit read ahead for its end, on PostgreSQL.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The declared indexes of the project, by their tables.
    pub declared: HashMap<&'static str, Vec<DeclaredIndex>>,
    /// In which block of a search documents are, if they are in it.
    pub places: HashMap<(&'static str, ObjectId), Option<i64>>,
}

/// What is left to be written of the indexes beside the documents.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Of the search.
    pub search: search::Pending,
    /// By the tables of declared indexes.
    declared: BTreeMap<&'static str, Written>,
    /// For those who read which documents changed.
    pub feed: feed::Written,
    /// Of the one project of a unit.
    pub known: Known,
}

impl Pending {
    /// Notes that a document of a project was written or deleted, for the declared indexes in `table`.
    pub fn written(
        &mut self,
        table: &'static str,
        collection: &'static Collection,
        (project, id): (ObjectId, ObjectId),
    ) {
        let written = self
            .declared
            .entry(table)
            .or_insert_with(|| (collection, BTreeMap::new()));
        written.1.entry(project).or_default().insert(id);
    }

    /// Adds what a later unit changed.
    pub fn append(&mut self, later: Self) {
        self.search.append(later.search);
        self.feed.append(later.feed);
        for (table, (collection, projects)) in later.declared {
            for (project, ids) in projects {
                for id in ids {
                    self.written(table, collection, (project, id));
                }
            }
        }
    }

    /// Writes the indexes, inside the transaction of the documents.
    pub fn write(mut self, conn: &Conn<'_>) -> Result<()> {
        self.search.write(conn, &self.known.places)?;
        for (table, (collection, projects)) in self.declared {
            for (project, ids) in projects {
                let indexes = match self.known.declared.remove(table) {
                    Some(known) => known,
                    None => declared::all(conn, project, table)?,
                };
                declared::refresh(conn, project, (table, indexes), collection, &ids)?;
            }
        }
        // Last: its rows are locked no longer than the commit takes.
        self.feed.write(conn)
    }
}
