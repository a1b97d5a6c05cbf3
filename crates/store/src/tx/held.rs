//! What a unit holds on PostgreSQL until it is committed, and so knows to be true as long.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::pending::Known;
use crate::{DeclaredIndex, ObjectId};

/// Empty on SQLite, where nobody else writes.
#[derive(Debug, Default)]
pub(super) struct Held(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    /// Table, id and version of documents that are locked.
    documents: HashSet<(&'static str, ObjectId, i64)>,
    known: Known,
}

impl Held {
    /// A document is locked, or was written by the unit itself.
    pub fn document(&self, table: &'static str, id: ObjectId, version: i64) {
        self.0.borrow_mut().documents.insert((table, id, version));
    }

    /// Whether a document is there in this version, for sure; it is another one from now on.
    pub fn take_document(&self, table: &'static str, id: ObjectId, version: i64) -> bool {
        self.0.borrow_mut().documents.remove(&(table, id, version))
    }

    /// A document is gone.
    pub fn forget_document(&self, table: &'static str, id: ObjectId) {
        let mut state = self.0.borrow_mut();
        state
            .documents
            .retain(|(of, gone, _)| (*of, *gone) != (table, id));
    }

    /// Documents are gone.
    pub fn forget_documents(&self, table: &'static str) {
        let mut state = self.0.borrow_mut();
        state.documents.retain(|(of, ..)| *of != table);
    }

    /// Which indexes are declared.
    pub fn declared(&self, table: &'static str, indexes: Vec<DeclaredIndex>) {
        self.0.borrow_mut().known.declared.insert(table, indexes);
    }

    /// Which indexes are declared is to be asked again.
    pub fn forget_declared(&self, table: &'static str) {
        self.0.borrow_mut().known.declared.remove(table);
    }

    /// In which block of the search a document is.
    pub fn place(&self, index: &'static str, id: ObjectId, block: Option<i64>) {
        self.0.borrow_mut().known.places.insert((index, id), block);
    }

    /// What is left to be known at the end.
    pub fn into_known(self) -> Known {
        self.0.into_inner().known
    }
}
