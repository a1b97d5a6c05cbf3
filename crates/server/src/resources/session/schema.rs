//! The session as the API documents it: every field, its type and what changes it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One end user of your product, known (with a `userId`) or a guest. Fields without a value are absent, never `null`.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    /// The id of the session: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(example = "6650f0c2a1b2c3d4e5f60718", pattern = "^[0-9a-f]{24}$")]
    pub _id: String,
    /// The same id again, for clients that look for it under this name.
    #[schema(example = "6650f0c2a1b2c3d4e5f60718", pattern = "^[0-9a-f]{24}$")]
    pub id: String,
    /// The id of the project.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub project: String,
    /// The id of the organisation that the project belongs to.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub organisation: String,
    /// The id under which your own system knows the user; absent for a guest.
    #[schema(example = "user-1")]
    pub user_id: Option<String>,
    /// The public half of the credential that the client SDK keeps.
    pub gleap_id: Option<String>,
    /// The secret half of that credential.
    pub gleap_hash: Option<String>,
    /// The name to show.
    #[schema(example = "Ada Lovelace")]
    pub name: Option<String>,
    /// The email address, as it was given.
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// The phone number, as it was given.
    pub phone: Option<String>,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// What the customer is worth to you; 0 when unknown.
    pub value: f64,
    /// The service level, as your project defines it.
    pub sla: Option<f64>,
    /// The plan that the customer is on.
    pub plan: Option<String>,
    /// Your id of the customer's company.
    pub company_id: Option<String>,
    /// The name of the customer's company.
    pub company_name: Option<String>,
    /// The language, e.g. `en` or `de-at`.
    #[schema(example = "en")]
    pub lang: String,
    /// The client: `web`, `android`, `iOS`.
    pub platform: Option<String>,
    /// The kind of device: `desktop`, `mobile`, `tablet`.
    pub device_type: Option<String>,
    /// Where the client is, as far as its address tells.
    pub location: Option<HashMap<String, Value>>,
    /// The page or screen that was looked at last.
    pub last_page_view: Option<PageViewBody>,
    /// The id in Facebook Messenger.
    pub facebook_id: Option<String>,
    /// The id in Instagram.
    pub instagram_id: Option<String>,
    /// The name in Instagram.
    pub instagram_username: Option<String>,
    /// The chat in Telegram.
    pub telegram_chat_id: Option<String>,
    /// The name in Telegram.
    pub telegram_username: Option<String>,
    /// Labels that members gave.
    pub tags: Vec<String>,
    /// Whether nothing of this session is listened to.
    pub blocked: bool,
    /// Whether the contact is known through email alone.
    pub email_only: bool,
    /// Whether the contact wants no engagement messages.
    pub unsubscribed: bool,
    /// Since when.
    #[schema(format = DateTime)]
    pub unsubscribed_at: Option<String>,
    /// Why.
    pub unsubscribe_reason: Option<String>,
    /// How often the user came: a visit ends after 30 minutes without activity.
    pub sessions: u64,
    /// Reports that the user sent.
    pub count_feedback_reports: u64,
    /// Messages that the user wrote.
    pub count_feedback_comments: u64,
    /// The first contact.
    #[schema(format = DateTime)]
    pub first_activity: String,
    /// The latest activity, moved at most once a minute when nothing else changes.
    #[schema(format = DateTime)]
    pub last_activity: Option<String>,
    /// The latest message or report by the user.
    #[schema(format = DateTime)]
    pub last_heard_from: Option<String>,
    /// The latest report by the user.
    #[schema(format = DateTime)]
    pub last_feedback_report: Option<String>,
    /// When the user was made: by the first contact, or as your system says.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The latest change of any field.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The sum of all events, by name; at most 500 names.
    pub event_data: Option<HashMap<String, EventSummaryBody>>,
    /// Progress of checklists, by the id of the engagement.
    pub checklist_tasks: Option<HashMap<String, Value>>,
    /// Engagements that were sent to the user, newest first.
    pub outbound_history: Option<Vec<Value>>,
    /// Things to remember about the user.
    pub memory: Vec<MemoryEntryBody>,
    /// Your own attributes.
    pub custom_data: Option<HashMap<String, Value>>,
}

/// What may be written of a session. `null` removes a value.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"userId": "user-1", "name": "Ada Lovelace", "plan": "pro", "customData": {"seats": 3}}))]
pub struct SessionInput {
    /// The id under which your own system knows the user.
    pub user_id: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// What the customer is worth to you.
    pub value: Option<f64>,
    /// The service level.
    pub sla: Option<f64>,
    /// The plan.
    pub plan: Option<String>,
    /// Your id of the company.
    pub company_id: Option<String>,
    /// The name of the company.
    pub company_name: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// The client: `web`, `android`, `iOS`.
    pub platform: Option<String>,
    /// The kind of device.
    pub device_type: Option<String>,
    /// Labels, at most 100 of at most 100 characters; they replace those that are there.
    pub tags: Option<Vec<String>>,
    /// Whether nothing of this session is listened to.
    pub blocked: Option<bool>,
    /// Whether the contact is known through email alone.
    pub email_only: Option<bool>,
    /// Whether the contact wants no engagement messages.
    pub unsubscribed: Option<bool>,
    /// Since when; now, when absent.
    #[schema(format = DateTime)]
    pub unsubscribed_at: Option<String>,
    /// Why.
    pub unsubscribe_reason: Option<String>,
    /// When the user was made in your system.
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// The first contact.
    #[schema(format = DateTime)]
    pub first_activity: Option<String>,
    /// The latest activity.
    #[schema(format = DateTime)]
    pub last_activity: Option<String>,
    /// The latest message or report.
    #[schema(format = DateTime)]
    pub last_heard_from: Option<String>,
    /// The latest report.
    #[schema(format = DateTime)]
    pub last_feedback_report: Option<String>,
    /// The page or screen that was looked at last.
    pub last_page_view: Option<PageViewBody>,
    /// How often the user came.
    pub sessions: Option<u64>,
    /// Reports that the user sent.
    pub count_feedback_reports: Option<u64>,
    /// Messages that the user wrote.
    pub count_feedback_comments: Option<u64>,
    /// Where the client is.
    pub location: Option<HashMap<String, Value>>,
    /// The sum of all events, by name.
    pub event_data: Option<HashMap<String, EventSummaryBody>>,
    /// Progress of checklists.
    pub checklist_tasks: Option<HashMap<String, Value>>,
    /// Engagements that were sent.
    pub outbound_history: Option<Vec<Value>>,
    /// The credential of the client SDK, for a session that comes from elsewhere; only when it is made.
    pub gleap_id: Option<String>,
    /// The secret half of it.
    pub gleap_hash: Option<String>,
    /// The id in Facebook Messenger.
    pub facebook_id: Option<String>,
    /// The id in Instagram.
    pub instagram_id: Option<String>,
    /// The name in Instagram.
    pub instagram_username: Option<String>,
    /// The chat in Telegram.
    pub telegram_chat_id: Option<String>,
    /// The name in Telegram.
    pub telegram_username: Option<String>,
    /// Your own attributes, merged key by key.
    pub custom_data: Option<HashMap<String, Value>>,
}

/// A page or screen and when it was looked at.
#[derive(ToSchema, Serialize)]
pub struct PageViewBody {
    /// The address of the page, or the name of the screen.
    pub page: String,
    /// When.
    #[schema(format = DateTime)]
    pub date: String,
}

/// The sum of the events of one name.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSummaryBody {
    /// How many.
    pub count: u64,
    /// The date of the earliest.
    #[schema(format = DateTime)]
    pub first_at: String,
    /// The date of the latest.
    #[schema(format = DateTime)]
    pub last_at: String,
    /// The data of the latest; absent when it had none.
    pub last_data: Option<Value>,
}

/// Something to remember about a user.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEntryBody {
    /// What it is called; unique within the session.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What is remembered.
    pub content: String,
    /// Who wrote it.
    pub actor: String,
    /// The member who wrote it.
    pub actor_user_id: Option<String>,
    /// When it was first written.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last written.
    #[schema(format = DateTime)]
    pub updated_at: String,
}
