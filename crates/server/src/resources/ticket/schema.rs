//! The ticket as the API documents it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::document::Attachment;

/// What an end user reported. Fields without a value are absent, never `null`.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketBody {
    /// The id of the ticket: 24 hexadecimal characters.
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
    /// The number that people call it by, counted up in the project.
    #[schema(example = 42)]
    pub bug_id: u64,
    /// Opens the conversation for those who have its link.
    pub share_token: String,
    /// `BUG`, `CRASH`, `FEATURE_REQUEST`, `INQUIRY` … or what the project calls it.
    #[serde(rename = "type")]
    #[schema(example = "BUG")]
    pub kind: String,
    /// `OPEN`, `INPROGRESS`, `DONE` or what the project calls it.
    #[schema(example = "OPEN")]
    pub status: String,
    /// `LOW`, `MEDIUM` or `HIGH`.
    #[schema(example = "MEDIUM")]
    pub priority: String,
    /// The priority as a number: 1 low, 2 medium, 3 high.
    pub priority_order: i64,
    /// The place on a board, compared as text.
    pub lexorank: String,
    /// Who reported it.
    pub session: Option<TicketSessionBody>,
    /// Whether the app sent it by itself.
    pub is_silent: bool,
    /// Whether it was put away.
    pub archived: bool,
    /// Labels.
    pub tags: Vec<String>,
    /// What was filled in, by field: the text of a report is `description`.
    pub form_data: HashMap<String, Value>,
    /// Your own data, as the app attached it.
    pub custom_data: Option<HashMap<String, Value>>,
    /// What the client says of the device and the app.
    pub meta_data: Option<HashMap<String, Value>>,
    /// The form or survey that it answers.
    pub outbound: Option<String>,
    /// A picture of the screen.
    pub screenshot_url: Option<String>,
    /// A film of the screen.
    pub screen_recording_url: Option<String>,
    /// Files that belong to it.
    pub attachments: Vec<Attachment>,
    /// Whether `/replay` has a replay of a web page.
    pub has_web_replay: bool,
    /// The id of the file that `/replay` gives; absent when there is none.
    pub replay_file: Option<String>,
    /// The id of the file that `/snapshot` gives; absent when there is none.
    pub snapshot_file: Option<String>,
    /// When it was reported.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The latest change of any field.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What a ticket shows of its session.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketSessionBody {
    /// The id of the session.
    #[serde(rename = "_id")]
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub _id: String,
    /// The same id again.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub id: String,
    /// The public half of the credential of its client.
    pub gleap_id: String,
    /// The id under which your own system knows the user; absent for a guest.
    pub user_id: Option<String>,
    /// The latest activity.
    #[schema(format = DateTime)]
    pub last_activity: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The plan that the customer is on.
    pub plan: Option<String>,
    /// The name of the customer's company.
    pub company_name: Option<String>,
    /// What the customer is worth to you.
    pub value: f64,
}

/// A page of tickets.
#[derive(ToSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketList {
    /// The page.
    pub tickets: Vec<TicketBody>,
    /// How many the page has.
    pub count: u64,
    /// How many tickets match, counted up to 100,000.
    pub total_count: u64,
}
