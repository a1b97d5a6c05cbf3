//! The template, as it is stored.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Value};
use utoipa::ToSchema;

use crate::resources::ticket::document::Attachment;

/// A text that members put into messages. The stored JSON is the answer of the API but for the ids of the row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageTemplate {
    pub title: String,
    /// A document of TipTap, which [`rich_text`](crate::resources::message::rich_text) made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<RawValue>>,
    /// The same as plain text.
    pub text: String,
    /// The place in the list, compared as text.
    pub lexorank: String,
    /// Whether all members see it.
    pub is_public: bool,
    /// Those who see it otherwise.
    pub users: Vec<ObjectId>,
    pub attachments: Vec<Attachment>,
    pub actions: Vec<TemplateAction>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// What applying a template does beside: clients do it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TemplateAction {
    /// What.
    #[serde(rename = "type")]
    pub kind: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    pub data: Option<Box<RawValue>>,
}

/// The table of templates.
pub static MESSAGE_TEMPLATES: Collection = Collection {
    table: "message_template",
    columns: &[
        Column {
            name: "lexorank",
            path: "lexorank",
            kind: ColumnKind::Text,
        },
        Column {
            name: "is_public",
            path: "isPublic",
            kind: ColumnKind::Bool,
        },
    ],
    indexes: &[Index {
        name: "message_template_by_rank",
        columns: &["lexorank"],
        not_null: None,
    }],
    cluster: &[],
    references: &[],
};

impl Document for MessageTemplate {
    const COLLECTION: &'static Collection = &MESSAGE_TEMPLATES;
    const SEARCH: Option<&'static str> = Some("message_template_search");

    fn promoted(&self) -> Vec<Value> {
        vec![self.lexorank.as_str().into(), self.is_public.into()]
    }

    fn searched(&self) -> Vec<Cow<'_, str>> {
        vec![self.title.as_str().into(), self.text.as_str().into()]
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }

    fn stamp(&mut self, updated_at: Millis) {
        self.updated_at = updated_at;
    }
}

impl MessageTemplate {
    /// Whether a member may see and change it.
    #[must_use]
    pub fn is_for(&self, member: ObjectId) -> bool {
        self.is_public || self.users.contains(&member)
    }
}
