//! What a committed unit changed.

use crate::{Kind, ObjectId};

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
