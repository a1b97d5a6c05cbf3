//! What the function of a unit may do: all of it in one project, all of it in one transaction.

mod delete;
mod feeds;
mod held;
mod keys;
mod lists;
mod lock;
mod row;
mod snapshot;
mod upkeep;
mod write;

use std::cell::Cell;
use std::ops::Deref;

use self::held::Held;
pub use self::row::{Probe, RawRow, Row};
pub use self::snapshot::Snapshot;
use crate::feed::Fate;
use crate::pending::Pending;
use crate::store::CLOCK_DIFFERENCE_MAX_MS;
use crate::{Change, Document, Error, How, IdSource, Kind, Millis, ObjectId};

/// Reads and writes in one project, inside a transaction.
pub struct Tx<'c> {
    snapshot: Snapshot<'c>,
    ids: &'c IdSource,
    now: Cell<Millis>,
    changes: Vec<Change>,
    pending: Pending,
    held: Held,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(snapshot: Snapshot<'c>, ids: &'c IdSource, now: Millis) -> Self {
        Self {
            // They are written at the end of the unit, which sees its own documents before.
            snapshot: Snapshot {
                is_indexed: false,
                ..snapshot
            },
            ids,
            now: Cell::new(now),
            changes: Vec::new(),
            pending: Pending::default(),
            held: Held::default(),
        }
    }

    /// What the unit changed, and what is left to be written of it.
    pub(crate) fn finish(mut self) -> (Vec<Change>, Pending) {
        self.pending.known = self.held.into_known();
        (self.changes, self.pending)
    }

    /// The instant of this unit: not before what it changes was last written. It may have waited for that since it began, and another
    /// process may have another clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.now.get()
    }

    /// Goes on from when a document that it changes was last written, unless that was by a clock which was wrong altogether.
    fn follow<D>(&self, row: &Row<D>) {
        let ahead = row.updated_at.0 - self.now().0;
        if (1..=CLOCK_DIFFERENCE_MAX_MS).contains(&ahead) {
            self.now.set(row.updated_at);
        }
    }

    /// An id for a new document.
    #[must_use]
    pub fn new_id(&self) -> ObjectId {
        self.ids.next(self.now())
    }

    /// The error of a unit that finds another was faster: the unit is run again, a few times.
    pub fn raced(&self) -> Error {
        self.snapshot.conn.raced()
    }

    /// Notes that a document was written, and that its searched text changed, if it did.
    fn note<D: Document>(&mut self, id: ObjectId, old: String, new: &str) {
        if let Some(table) = D::DECLARED {
            let document = (self.snapshot.project, id);
            self.pending.written(table, D::COLLECTION, document);
        }
        if let Some(name) = D::SEARCH
            && old != new
        {
            let document = (self.snapshot.project, id);
            self.pending
                .search
                .note(name, document, old, new.to_owned());
        }
    }

    /// Notes for the feed what became of a document.
    fn tell<D: Document>(&mut self, id: ObjectId, fate: Fate<()>) {
        if let Some(feed) = D::FEED {
            let document = (self.snapshot.project, id);
            self.pending.feed.note(feed, document, fate, self.now());
        }
    }

    fn changed<D: Document>(&mut self, id: ObjectId, how: How) {
        self.changes.push(Change::Document {
            table: D::COLLECTION.table,
            project: self.snapshot.project,
            id,
            how,
        });
    }

    fn identity_changed(&mut self, kind: Kind, key: &str) {
        self.changes.push(Change::Identity {
            project: self.snapshot.project,
            kind,
            key: key.to_owned(),
        });
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Snapshot<'c>;

    fn deref(&self) -> &Snapshot<'c> {
        &self.snapshot
    }
}
