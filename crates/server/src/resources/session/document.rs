//! The session: the record of one end user, as it is stored and as the API shows it.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, Kind, Millis, ObjectId, Value,
};

use super::searched;
use crate::identity;

/// One end user of a customer's product, known or anonymous.
///
/// The stored JSON is the answer of the API but for the ids of the row, which [`super::render`] puts in front.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    pub gleap_id: String,
    pub gleap_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    pub value: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sla: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    pub lang: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_page_view: Option<PageView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facebook_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instagram_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instagram_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram_chat_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram_username: Option<String>,
    pub tags: Vec<String>,
    pub blocked: bool,
    pub email_only: bool,
    pub unsubscribed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribed_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribe_reason: Option<String>,
    pub sessions: u64,
    pub count_feedback_reports: u64,
    pub count_feedback_comments: u64,
    pub first_activity: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_activity: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_heard_from: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_feedback_report: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub event_data: IndexMap<String, EventSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_tasks: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_history: Option<Box<RawValue>>,
    pub memory: Vec<MemoryEntry>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub custom_data: IndexMap<String, Box<RawValue>>,
}

/// The page that an end user looked at last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageView {
    /// Its address, or the name of a screen.
    pub page: String,
    /// When.
    pub date: Millis,
}

/// What is known of all events of one name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSummary {
    /// How many.
    pub count: u64,
    /// The date of the earliest.
    pub first_at: Millis,
    /// The date of the latest.
    pub last_at: Millis,
    /// The data of the latest, when it had any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_data: Option<Box<RawValue>>,
}

/// Something worth remembering about an end user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEntry {
    /// What it is called; unique within the session.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What is remembered.
    pub content: String,
    /// Who wrote it.
    pub actor: String,
    /// The member who wrote it, when one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_user_id: Option<ObjectId>,
    /// When it was first written.
    pub created_at: Millis,
    /// When it was last written.
    pub updated_at: Millis,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            user_id: None,
            gleap_id: String::new(),
            gleap_hash: String::new(),
            name: None,
            email: None,
            phone: None,
            avatar: None,
            value: Number::from(0),
            sla: None,
            plan: None,
            company_id: None,
            company_name: None,
            lang: "en".into(),
            platform: None,
            device_type: None,
            location: None,
            last_page_view: None,
            facebook_id: None,
            instagram_id: None,
            instagram_username: None,
            telegram_chat_id: None,
            telegram_username: None,
            tags: Vec::new(),
            blocked: false,
            email_only: false,
            unsubscribed: false,
            unsubscribed_at: None,
            unsubscribe_reason: None,
            sessions: 0,
            count_feedback_reports: 0,
            count_feedback_comments: 0,
            first_activity: Millis::default(),
            last_activity: None,
            last_heard_from: None,
            last_feedback_report: None,
            created_at: Millis::default(),
            updated_at: Millis::default(),
            event_data: IndexMap::new(),
            checklist_tasks: None,
            outbound_history: None,
            memory: Vec::new(),
            custom_data: IndexMap::new(),
        }
    }
}

/// The table of sessions. Activity moves too often for an index: lists by it examine rows.
pub static SESSIONS: Collection = Collection {
    table: "session",
    columns: &[
        Column {
            name: "user_id",
            path: "userId",
            kind: ColumnKind::Text,
        },
        Column {
            name: "email",
            path: "email",
            kind: ColumnKind::Text,
        },
        Column {
            name: "last_activity",
            path: "lastActivity",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[
        by("session_by_activity", &["last_activity"], None),
        by("session_by_creation", &["created_at"], None),
        by("session_by_email", &["email"], Some("email")),
        by("session_by_user_id", &["user_id"], Some("user_id")),
    ],
    cluster: &[],
    references: &[],
};

const fn by(
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

impl Document for Session {
    const COLLECTION: &'static Collection = &SESSIONS;
    const SEARCH: Option<&'static str> = Some("session_search");
    const DECLARED: Option<&'static str> = Some("session_index");
    const FEED: Option<&'static str> = Some("session_feed");

    fn searched(&self) -> Vec<Cow<'_, str>> {
        searched::texts(self)
    }

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.user_id.as_deref().into(),
            self.email.as_deref().into(),
            self.last_activity.into(),
        ]
    }

    fn identities(&self) -> Vec<Identity> {
        self.keys()
            .into_iter()
            .map(|(kind, key, required)| Identity {
                kind,
                key,
                owner: None,
                required,
            })
            .collect()
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}

impl Session {
    /// Whether all that is known of the session is what a client said of a guest: nobody proved it, so no trusted call finds the
    /// session by an address, and none makes a user of it.
    #[must_use]
    pub fn is_hearsay(&self) -> bool {
        self.user_id.is_none() && self.sessions > 0
    }

    /// The identity keys of the session, and whether it must hold them: an address may be that of several people, of whom
    /// the first holds it.
    #[must_use]
    pub fn keys(&self) -> Vec<(Kind, String, bool)> {
        let mut keys = vec![(identity::GLEAP_ID, self.gleap_id.clone(), true)];
        keys.extend(
            self.user_id
                .iter()
                .map(|id| (identity::USER_ID, id.clone(), true)),
        );
        keys.extend(
            self.email
                .as_deref()
                .and_then(identity::email_key)
                .map(|key| (identity::EMAIL, key, false)),
        );
        keys.extend(
            self.phone
                .as_deref()
                .and_then(identity::phone_key)
                .map(|key| (identity::PHONE, key, false)),
        );
        keys
    }
}
