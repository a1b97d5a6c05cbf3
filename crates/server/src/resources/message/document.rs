//! The message, as it is stored.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Value};
use utoipa::ToSchema;

use super::rich_text::{Node, plain};
use crate::resources::session::merge::via::Via;
use crate::resources::ticket::document::Attachment;

/// Something that was said in the conversation of a ticket.
///
/// The stored JSON is the answer of the API but for the ids of the row and who said it, which [`super::render`] fills in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Where.
    pub ticket: ObjectId,
    /// The place in the conversation, from 0. Those of deleted messages stay empty.
    pub index: u64,
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// Whether a program said it.
    pub bot: bool,
    /// The member who said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ObjectId>,
    /// The session that said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// The name to show instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_user: Option<FallbackUser>,
    pub data: MessageData,
    pub attachments: Vec<Attachment>,
    /// The files of templates among those, at which it counts. Not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_files: Vec<ObjectId>,
    /// What the session thought of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Whether it counts among the unread messages of the session.
    pub session_notifications_unread: bool,
    /// When other things were put into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Millis>,
    /// The `Message-ID` of the mail that it went out with, or came in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_id: Option<String>,
    /// The address that the mail says it came from that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_from: Option<String>,
    /// What became of that mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MailStatus>,
    /// What became of it when, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_history: Vec<StatusChange>,
    /// The merges of sessions that brought it to the one that said it. Not shown.
    #[serde(default, skip_serializing_if = "Via::is_own")]
    pub via: Via,
    pub created_at: Millis,
    #[serde(default)]
    pub updated_at: Millis,
}

/// Who speaks to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageKind {
    /// A member, to the session.
    Text,
    /// A member, to the team alone.
    Note,
    /// A program, to the session.
    Bot,
    /// A program that answers, to the session.
    BotReply,
    /// The session.
    UserText,
    /// The session, on the page of a shared ticket.
    SharedComment,
}

impl MessageKind {
    /// Whether the session said it.
    #[must_use]
    pub fn is_of_session(self) -> bool {
        matches!(self, Self::UserText | Self::SharedComment)
    }

    /// Whether it is said to the session.
    #[must_use]
    pub fn is_for_session(self) -> bool {
        matches!(self, Self::Text | Self::Bot | Self::BotReply)
    }
}

/// What was said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageData {
    /// As a document of TipTap, which [`rich_text`](super::rich_text) made.
    pub content: Box<RawValue>,
    /// As plain text.
    pub text: String,
}

impl MessageData {
    /// What a document says.
    ///
    /// # Errors
    /// None that happen.
    pub fn of(document: &Node) -> serde_json::Result<Self> {
        Ok(Self {
            content: serde_json::value::to_raw_value(document)?,
            text: plain(document),
        })
    }
}

/// Somebody who is no member, as a message shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FallbackUser {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub username: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub email: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub image_url: Option<String>,
}

/// What a session thought of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    Positive,
    Negative,
}

/// What became of the mail with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailStatus {
    /// It waits for the mail server.
    Queued,
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good.
    Bounced,
    /// It was tried for a day and a half.
    Failed,
}

/// A change of what became of a mail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = MailStatusChange)]
pub struct StatusChange {
    /// What became of it.
    pub status: MailStatus,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub date: Millis,
    /// Why it was not sent, in the words of the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub reason: Option<String>,
}

impl Message {
    /// Notes what became of the mail with it.
    pub fn set_status(&mut self, status: MailStatus, reason: Option<String>, date: Millis) {
        self.status = Some(status);
        self.status_history.push(StatusChange {
            status,
            date,
            reason,
        });
    }
}

/// The table of messages.
pub static MESSAGES: Collection = Collection {
    table: "message",
    columns: &[
        Column {
            name: "ticket",
            path: "ticket",
            kind: ColumnKind::Id,
        },
        Column {
            name: "position",
            path: "index",
            kind: ColumnKind::Int,
        },
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
        Column {
            name: "kind",
            path: "type",
            kind: ColumnKind::Text,
        },
        Column {
            name: "email_id",
            path: "emailId",
            kind: ColumnKind::Text,
        },
    ],
    indexes: &[
        Index {
            name: "message_by_ticket",
            columns: &["ticket", "position"],
            not_null: None,
        },
        Index {
            name: "message_by_session",
            columns: &["session", "created_at"],
            not_null: Some("session"),
        },
        Index {
            name: "message_by_email",
            columns: &["email_id"],
            not_null: Some("email_id"),
        },
    ],
    cluster: &[],
    references: &[
        Reference {
            column: "ticket",
            table: "ticket",
        },
        Reference {
            column: "session",
            table: "session",
        },
    ],
};

impl Document for Message {
    const COLLECTION: &'static Collection = &MESSAGES;
    const SEARCH: Option<&'static str> = Some("message_search");

    fn promoted(&self) -> Vec<Value> {
        let kind = match self.kind {
            MessageKind::Text => "TEXT",
            MessageKind::Note => "NOTE",
            MessageKind::Bot => "BOT",
            MessageKind::BotReply => "BOT_REPLY",
            MessageKind::UserText => "USER_TEXT",
            MessageKind::SharedComment => "SHARED_COMMENT",
        };
        vec![
            self.ticket.into(),
            i64::try_from(self.index).unwrap_or(i64::MAX).into(),
            self.session.into(),
            kind.into(),
            self.email_id.as_deref().into(),
        ]
    }

    fn searched(&self) -> Vec<Cow<'_, str>> {
        let names = self.attachments.iter().map(|file| file.name.as_str());
        std::iter::once(self.data.text.as_str())
            .chain(names)
            .map(Cow::from)
            .collect()
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}
