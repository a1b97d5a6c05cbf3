//! The ticket: something that an end user reported, as it is stored.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Value};
use utoipa::ToSchema;

use crate::resources::session::merge::via::Via;

/// The status of a new ticket.
pub const OPEN: &str = "OPEN";

/// One report, and the conversation about it.
///
/// The stored JSON is the answer of the API but for the ids of the row and the session, which [`super::render`] fills in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ticket {
    /// The number that people call it by: counted up in its project.
    pub bug_id: u64,
    /// Opens the conversation for those who have its link.
    pub share_token: String,
    /// `BUG`, `CRASH`, `FEATURE_REQUEST` … or what the project calls it.
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub priority: Priority,
    /// The priority as a number, to sort by.
    pub priority_order: i64,
    /// The place on a board, compared as text.
    pub lexorank: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// Whether the app sent it by itself.
    pub is_silent: bool,
    pub archived: bool,
    pub tags: Vec<String>,
    /// What was filled in, by field.
    pub form_data: IndexMap<String, Box<RawValue>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub custom_data: IndexMap<String, Box<RawValue>>,
    /// What the client says of the device and the app.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub meta_data: IndexMap<String, Box<RawValue>>,
    /// The form or survey that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screenshot_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_recording_url: Option<String>,
    pub attachments: Vec<Attachment>,
    pub has_web_replay: bool,
    /// The file that holds the replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_file: Option<ObjectId>,
    /// The file that holds the clone of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot_file: Option<ObjectId>,
    /// The hash of the report that it came with, by which a repeated one is known. Not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_hash: Option<String>,
    /// The merges that brought it. Not shown.
    #[serde(skip_serializing_if = "Via::is_own")]
    pub via: Via,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    Low,
    #[default]
    Medium,
    High,
}

impl Priority {
    /// The priority of this name, in capitals or not.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            ("LOW", Self::Low),
            ("MEDIUM", Self::Medium),
            ("HIGH", Self::High),
        ]
        .into_iter()
        .find_map(|(known, priority)| known.eq_ignore_ascii_case(name).then_some(priority))
    }

    /// 1 for the lowest.
    #[must_use]
    pub fn order(self) -> i64 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
        }
    }
}

/// A file that belongs to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What the client says that it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The table of tickets.
pub static TICKETS: Collection = Collection {
    table: "ticket",
    columns: &[
        column("session", "session", ColumnKind::Id),
        column("bug_id", "bugId", ColumnKind::Int),
        column("kind", "type", ColumnKind::Text),
        column("status", "status", ColumnKind::Text),
        column("priority_order", "priorityOrder", ColumnKind::Int),
        column("lexorank", "lexorank", ColumnKind::Text),
    ],
    indexes: &[
        Index {
            name: "ticket_by_session",
            columns: &["session", "created_at"],
            not_null: None,
        },
        Index {
            name: "ticket_by_bug_id",
            columns: &["bug_id"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "session",
        table: "session",
    }],
};

const fn column(name: &'static str, path: &'static str, kind: ColumnKind) -> Column {
    Column { name, path, kind }
}

impl Document for Ticket {
    const COLLECTION: &'static Collection = &TICKETS;

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.session.into(),
            i64::try_from(self.bug_id).unwrap_or(i64::MAX).into(),
            self.kind.as_str().into(),
            self.status.as_str().into(),
            self.priority_order.into(),
            self.lexorank.as_str().into(),
        ]
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}
