//! The message as the API documents it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::document::{FallbackUser, MailStatus, MessageKind, Rating, StatusChange};
use crate::resources::ticket::document::Attachment;
use crate::resources::ticket::people::Person;
use crate::resources::ticket::schema::TicketSessionBody;

/// Something that was said in the conversation of a ticket. Fields without a value are absent, never `null`.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageBody {
    /// The id of the message: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub _id: String,
    /// The same id again, for clients that look for it under this name.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub id: String,
    /// The id of the project.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub project: String,
    /// The id of the organisation that the project belongs to.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub organisation: String,
    /// The id of the ticket.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub ticket: String,
    /// The place in the conversation, from 0. Those of deleted messages stay empty.
    pub index: u64,
    /// `TEXT`: a member to the session; `NOTE`: to the team alone; `BOT`, `BOT_REPLY`: a program; `USER_TEXT`, `SHARED_COMMENT`: the session.
    #[serde(rename = "type")]
    pub kind: MessageKind,
    /// Whether a program said it.
    pub bot: bool,
    /// The member who said it.
    pub user: Option<Person>,
    /// The session that said it.
    pub session: Option<TicketSessionBody>,
    /// The name to show instead.
    pub fallback_user: Option<FallbackUser>,
    /// What was said.
    pub data: MessageDataBody,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What the session thought of it.
    pub rating: Option<Rating>,
    /// Whether it counts among the unread messages of the session.
    pub session_notifications_unread: bool,
    /// The `Message-ID` of the mail that it went out with, when the session had not seen it after a while, or that it came in with.
    pub email_id: Option<String>,
    /// The address that the mail says it came from that brought it. Anybody can write any; it is the address it went to that proves who answers.
    pub email_from: Option<String>,
    /// What became of that mail.
    pub status: Option<MailStatus>,
    /// What became of it when, oldest first. Absent when it was not mailed.
    pub status_history: Option<Vec<StatusChange>>,
    /// When other things were put into it.
    #[schema(format = DateTime)]
    pub edited_at: Option<String>,
    /// When it was said.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last written.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What was said.
#[derive(ToSchema, Serialize)]
pub struct MessageDataBody {
    /// As a document of TipTap. It has nothing but these parts: `paragraph`, `heading`, `bulletList`, `orderedList`, `listItem`, `blockquote`, `codeBlock`,
    /// `horizontalRule`, `image`, `hardBreak`, `mention` and `text` with the marks `bold`, `italic`, `underline`, `strike`, `code` and `link`.
    #[schema(value_type = Object)]
    pub content: Value,
    /// As plain text.
    pub text: String,
}

/// Either form of the list.
#[derive(ToSchema, Serialize)]
#[serde(untagged)]
pub enum MessageList {
    /// In the order of the conversation.
    Plain(Vec<MessageBody>),
    /// With `paginated=true`.
    Page(MessagePage),
}

/// A part of a conversation.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The messages, in the order of the conversation.
    pub items: Vec<MessageBody>,
    /// Whether there are earlier ones.
    pub has_more: bool,
    /// What to ask for as `before` to get those.
    pub next_before: String,
}

/// Messages that a search found.
#[derive(ToSchema, Serialize)]
pub struct MessageHits {
    /// The newest first.
    pub hits: Vec<MessageBody>,
}

/// What to say. Unknown fields are dropped.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"ticket": "6650f0c2a1b2c3d4e5f60718", "comment": "We found it."}))]
#[expect(dead_code, reason = "documents the body, which is read by `Fields`")]
pub struct MessageInput {
    /// The id of the ticket.
    ticket: String,
    /// A text, or a document of TipTap: at most 50,000 characters and 10,000 lines or parts. Parts that are not known are left out, and the text in them
    /// is kept. Links lead to `http`, `https` or `mailto`.
    comment: Option<Value>,
    /// `content` is the same as `comment`.
    data: Option<Value>,
    /// Whether it is said to the team alone.
    is_note: Option<bool>,
    /// The id of the session that says it. Without it, a member does.
    session: Option<String>,
    /// The id of the member who says it, unless it is the caller.
    user: Option<String>,
    /// Whether a program says it.
    bot: Option<bool>,
    /// The name to show instead.
    fallback_user: Option<FallbackUser>,
    /// Follows from who says it; `BOT_REPLY` and `SHARED_COMMENT` are said by their name alone.
    r#type: Option<String>,
    /// Files by their address: at most 20.
    attachments: Option<Vec<Attachment>>,
    /// What the session thought of it.
    rating: Option<Rating>,
    /// `false`: the session is not notified, and has nothing unread.
    session_notifications_unread: Option<bool>,
}

/// What to change of a message. Who said it, where and to whom stays. Unknown fields are dropped.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the body, which is read by `Fields`")]
pub struct MessageChangeInput {
    /// A text, or a document of TipTap.
    comment: Option<Value>,
    /// `content` is the same as `comment`.
    data: Option<Value>,
    /// The name to show instead.
    fallback_user: Option<FallbackUser>,
    /// All its files: at most 20.
    attachments: Option<Vec<Attachment>>,
    /// What the session thought of it.
    rating: Option<Rating>,
    /// `false`: the session has seen it.
    session_notifications_unread: Option<bool>,
}
