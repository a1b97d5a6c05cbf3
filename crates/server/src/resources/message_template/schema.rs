//! The template as the API documents it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::document::TemplateAction;
use crate::resources::ticket::document::Attachment;

/// A text that members put into messages.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageTemplateBody {
    /// The id of the template: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub _id: String,
    /// The same id again.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub id: String,
    /// The id of the project.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub project: String,
    /// The id of the organisation that the project belongs to.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub organisation: String,
    /// What it is called.
    pub title: String,
    /// The text as a document of TipTap, cleaned as those of messages are.
    #[schema(value_type = Object)]
    pub content: Value,
    /// The same as plain text.
    pub text: String,
    /// The place in the list, compared as text.
    pub lexorank: String,
    /// Whether all members see it.
    pub is_public: bool,
    /// The ids of those who see it otherwise.
    pub users: Vec<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What applying it does beside. Clients do it.
    pub actions: Vec<TemplateAction>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last written.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Either form of the list.
#[derive(ToSchema, Serialize)]
#[serde(untagged)]
pub enum MessageTemplateList {
    /// By `lexorank`.
    Plain(Vec<MessageTemplateBody>),
    /// With `withCount=true`.
    Counted(CountedMessageTemplates),
}

/// A page of templates and how many there are in all.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CountedMessageTemplates {
    /// The page.
    pub data: Vec<MessageTemplateBody>,
    /// How many match.
    pub total_count: u64,
}

/// What to write of a template. To make one, the first three are required; to change one, what is left out stays.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"title": "Thanks", "content": "Thank you!", "lexorank": "0|1:", "isPublic": true}))]
#[expect(dead_code, reason = "documents the body, which is read by `Fields`")]
pub struct MessageTemplateInput {
    /// What it is called: 1 to 200 characters.
    title: String,
    /// A text, or a document of TipTap, as in a message; at most 65,536 bytes.
    #[schema(value_type = Object)]
    content: Value,
    /// The place in the list, compared as text: 1 to 200 digits, small letters, `|` and `:`.
    lexorank: String,
    /// Whether all members see it. Otherwise those in `users` do, and who makes it.
    is_public: Option<bool>,
    /// The ids of members: at most 100.
    users: Option<Vec<String>>,
    /// Files by their address: at most 20.
    attachments: Option<Vec<Attachment>>,
    /// What applying it does beside: at most 20, each of 8,192 bytes. Clients do it.
    actions: Option<Vec<TemplateAction>>,
}
