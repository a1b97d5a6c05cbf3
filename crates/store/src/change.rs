//! What a committed unit changed.

use crate::{Kind, ObjectId};

/// What was done to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is new.
    Inserted,
    /// It is another version.
    Updated,
    /// It is gone.
    Deleted,
}

/// One thing that a committed unit changed. Listeners get them after the commit, before the caller is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A document was inserted, updated or deleted.
    Document {
        /// Its table.
        table: &'static str,
        /// Its project.
        project: ObjectId,
        /// Its id.
        id: ObjectId,
        /// What was done to it.
        how: How,
    },
    /// An identity key was claimed, released or given to another document.
    Identity {
        /// Its project.
        project: ObjectId,
        /// Its kind.
        kind: Kind,
        /// The normalised key.
        key: String,
    },
}
