//! The record of a merge.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, Kind, Millis, ObjectId, Reference,
    Value,
};
use utoipa::ToSchema;

use super::super::history::Origin;
use super::via::Via;
use crate::identity;
use crate::live::outbox::Joined;

/// The record of a merge. It carries what keeps working of the session that is gone, and what it takes to undo the merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merge {
    /// The session that lives on.
    pub survivor: ObjectId,
    /// The id of the one that is gone.
    pub merged: ObjectId,
    /// Its credential, which goes on working. Empty once the merge was undone.
    pub gleap_id: String,
    /// The secret half of it.
    pub gleap_hash: String,
    /// When.
    pub at: Millis,
    /// Who asked for it.
    pub by: Origin,
    /// What the session was. Absent once the merge was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<RawValue>>,
    /// What moved.
    #[serde(default)]
    pub moved: Moved,
    /// The merges of its survivor into others.
    #[serde(default, skip_serializing_if = "Via::is_own")]
    pub via: Via,
    /// What it takes to undo the merge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoNotes>,
    /// Set once the merge was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
}

/// How much moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Moved {
    /// Events that the other session did not have.
    pub events: u64,
    /// Events that both sessions had: they are stored and counted once.
    pub repeated_events: u64,
    /// Tickets.
    pub tickets: u64,
    /// Messages that it said.
    pub messages: u64,
    /// Files.
    pub files: u64,
    /// Entries of the identity history.
    pub history: u64,
    /// Changes that members made.
    pub activities: u64,
    /// Earlier merges into the session that is gone.
    pub merges: u64,
}

/// What it takes to undo a merge.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoNotes {
    /// The version of the session that is gone.
    pub version: i64,
    /// The identity keys that it held: kind and key.
    pub held: Vec<(u8, String)>,
    /// The fields of the survivor that the merge changed, as they were.
    pub survivor_before: Box<RawValue>,
    /// The same, as they were afterwards.
    pub survivor_after: Box<RawValue>,
    /// The outboxes, when that of the session that is gone was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outboxes: Option<Joined>,
}

/// The end of a merge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Undone {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// Who asked for it.
    pub by: Origin,
}

/// The table of merges.
pub static MERGES: Collection = Collection {
    table: "merge",
    columns: &[
        Column {
            name: "survivor",
            path: "survivor",
            kind: ColumnKind::Id,
        },
        Column {
            name: "gleap_id",
            path: "gleapId",
            kind: ColumnKind::Text,
        },
    ],
    indexes: &[
        Index {
            name: "merge_by_survivor",
            columns: &["survivor"],
            not_null: None,
        },
        Index {
            name: "merge_by_gleap_id",
            columns: &["gleap_id"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "survivor",
        table: "session",
    }],
};

impl Document for Merge {
    const COLLECTION: &'static Collection = &MERGES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.survivor.into(), self.gleap_id.as_str().into()]
    }

    fn identities(&self) -> Vec<Identity> {
        let alias = |(kind, key)| Identity {
            kind,
            key,
            owner: Some(self.survivor),
            required: true,
        };
        self.keys().into_iter().map(alias).collect()
    }
}

impl Merge {
    /// What finds the survivor because of this merge: nothing once it was undone.
    #[must_use]
    pub fn keys(&self) -> Vec<(Kind, String)> {
        if self.undone.is_some() {
            return Vec::new();
        }
        vec![
            (identity::GLEAP_ID, self.gleap_id.clone()),
            (identity::MERGED_ID, self.merged.to_string()),
        ]
    }

    /// Leaves of the record what is no longer about the merged session's data: that is the session's own again.
    pub fn close(&mut self, at: Millis, by: Origin) {
        self.undone = Some(Undone { at, by });
        self.before = None;
        self.undo = None;
        self.gleap_id.clear();
        self.gleap_hash.clear();
    }
}
