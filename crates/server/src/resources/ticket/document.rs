//! The ticket: something that an end user reported, as it is stored.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Value};
use utoipa::ToSchema;

use super::searched;
use crate::resources::session::merge::via::Via;

/// The status of a new ticket.
pub const OPEN: &str = "OPEN";
/// The status of one that nothing is to be done about any more.
pub const DONE: &str = "DONE";

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
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
    /// The member who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_user: Option<ObjectId>,
    /// The member among whose open tickets it counts: absent when nothing is to be done about it. Not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_by: Option<ObjectId>,
    /// The team that works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing_team: Option<ObjectId>,
    /// When somebody was given it for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_assignment_at: Option<Millis>,
    /// Whether it waits for a member of its team who has room for it.
    pub queued: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Millis>,
    /// The latest message of its conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_comment: Option<ObjectId>,
    /// When something was last said in it: what the inbox is sorted by.
    pub last_notification: Millis,
    /// Whether the team has not seen what was said last.
    pub notifications_unread: bool,
    /// Whether the session has not.
    pub session_notifications_unread: bool,
    /// How many messages the session has not seen. Not shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub session_unread: u64,
    /// The index of the next message of its conversation. Not shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub next_message: u64,
    pub has_agent_reply: bool,
    /// The `Message-ID`s of the mails that went out or came in with its messages, oldest first, the newest twenty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email_refs: Vec<String>,
    /// Whether no member has said or changed anything.
    pub no_human_interaction: bool,
    pub conversation_closed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_rating: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// The plan of the session when it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Millis>,
    /// Whether the app sent it by itself.
    pub is_silent: bool,
    pub is_spam: bool,
    pub archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Millis>,
    /// Whether it is out of sight until `snoozed_until`.
    pub snoozed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Millis>,
    /// Whether it stands for the tickets that are linked to it: closing it closes those.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tracker_ticket: bool,
    /// Each of these names this one too.
    pub linked_tickets: Vec<ObjectId>,
    /// The ticket that goes on in place of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ObjectId>,
    /// Whether its session is shown with the ticket that goes on. Not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub contacts_merged: bool,
    /// How many voted for it.
    pub upvotes_count: u64,
    pub tags: Vec<String>,
    /// What was filled in, by field.
    pub form_data: IndexMap<String, Box<RawValue>>,
    /// What members filled in, by field.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub attributes: IndexMap<String, Box<RawValue>>,
    /// The form that was filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Box<RawValue>>,
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

fn is_zero(number: &u64) -> bool {
    *number == 0
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

/// The mood of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    Positive,
    Negative,
    Neutral,
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
    #[schema(value_type = String, required = false)]
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
        column("processing_user", "processingUser", ColumnKind::Id),
        column("processing_team", "processingTeam", ColumnKind::Id),
        column("archived", "archived", ColumnKind::Bool),
        column("share_token", "shareToken", ColumnKind::Text),
        column("last_notification", "lastNotification", ColumnKind::Instant),
        column("snoozed_until", "snoozedUntil", ColumnKind::Instant),
        column("merged_into", "mergedInto", ColumnKind::Id),
        column("tracker", "trackerTicket", ColumnKind::Bool),
        column("carried_by", "carriedBy", ColumnKind::Id),
        column("queued_at", "queuedAt", ColumnKind::Instant),
        column("unread", "notificationsUnread", ColumnKind::Bool),
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
        index("ticket_by_board", &["kind", "status", "lexorank"], None),
        index("ticket_by_news", &["last_notification"], None),
        index(
            "ticket_by_member",
            &["processing_user", "status"],
            Some("processing_user"),
        ),
        index(
            "ticket_by_team",
            &["processing_team", "status"],
            Some("processing_team"),
        ),
        index("ticket_by_share_token", &["share_token"], None),
        index(
            "ticket_by_waking",
            &["snoozed_until"],
            Some("snoozed_until"),
        ),
        index("ticket_by_merge", &["merged_into"], Some("merged_into")),
        index("ticket_by_tracker", &["tracker"], Some("tracker")),
        index("ticket_by_load", &["carried_by"], Some("carried_by")),
        index(
            "ticket_by_queue",
            &["processing_team", "queued_at"],
            Some("queued_at"),
        ),
        index("ticket_by_unread", &["unread", "last_notification"], None),
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

const fn index(
    name: &'static str,
    columns: &'static [&'static str],
    not_null: Option<&'static str>,
) -> Index {
    Index {
        name,
        columns,
        not_null,
    }
}

impl Document for Ticket {
    const COLLECTION: &'static Collection = &TICKETS;
    const SEARCH: Option<&'static str> = Some("ticket_search");

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.session.into(),
            i64::try_from(self.bug_id).unwrap_or(i64::MAX).into(),
            self.kind.as_str().into(),
            self.status.as_str().into(),
            self.priority_order.into(),
            self.lexorank.as_str().into(),
            self.processing_user.into(),
            self.processing_team.into(),
            self.archived.into(),
            self.share_token.as_str().into(),
            self.last_notification.into(),
            self.snoozed_until.into(),
            self.merged_into.into(),
            self.tracker_ticket.then_some(true).into(),
            self.carried_by.into(),
            self.queued_at.into(),
            self.notifications_unread.into(),
        ]
    }

    fn searched(&self) -> Vec<Cow<'_, str>> {
        searched::texts(self)
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}
