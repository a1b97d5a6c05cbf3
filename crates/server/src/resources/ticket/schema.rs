//! The ticket as the API documents it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::document::{Attachment, Sentiment};
use super::people::Person;
use crate::resources::message::schema::MessageBody;

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
    /// What it is about, in a line.
    pub title: Option<String>,
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
    /// The member who works on it.
    pub processing_user: Option<Person>,
    /// The id of the team that works on it.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub processing_team: Option<String>,
    /// When somebody was given it for the first time.
    #[schema(format = DateTime)]
    pub first_assignment_at: Option<String>,
    /// Whether it waits for a member who has room for it.
    pub queued: bool,
    /// Since when it does.
    #[schema(format = DateTime)]
    pub queued_at: Option<String>,
    /// The latest message that was not said to the team alone.
    pub latest_comment: Option<MessageBody>,
    /// When something was last said in it.
    #[schema(format = DateTime)]
    pub last_notification: String,
    /// Whether the team has not seen what was said last.
    pub notifications_unread: bool,
    /// Whether the session has not.
    pub session_notifications_unread: bool,
    /// Whether a member has answered.
    pub has_agent_reply: bool,
    /// The `Message-ID`s of the mails of its conversation, both ways, oldest first: the newest twenty.
    pub email_refs: Option<Vec<String>>,
    /// Whether no member has said or changed anything.
    pub no_human_interaction: bool,
    /// Whether nothing more can be said in it.
    pub conversation_closed: bool,
    /// What the session thought of the conversation.
    pub conversation_rating: Option<f64>,
    /// The mood of the conversation.
    pub sentiment: Option<Sentiment>,
    /// The plan of the session when it was made.
    pub plan: Option<String>,
    /// When it is to be done.
    #[schema(format = DateTime)]
    pub due_date: Option<String>,
    /// Whether the app sent it by itself.
    pub is_silent: bool,
    /// Whether it is none that anybody meant.
    pub is_spam: bool,
    /// Whether it was put away.
    pub archived: bool,
    /// When it was.
    #[schema(format = DateTime)]
    pub archived_at: Option<String>,
    /// Whether it is out of sight until `snoozedUntil`.
    pub snoozed: bool,
    /// When it comes back.
    #[schema(format = DateTime)]
    pub snoozed_until: Option<String>,
    /// Whether it stands for the tickets that are linked to it: closing it closes those. Absent when it does not.
    pub tracker_ticket: Option<bool>,
    /// The ids of the tickets that belong together with it.
    pub linked_tickets: Vec<String>,
    /// The id of the ticket that goes on in place of this one.
    #[schema(pattern = "^[0-9a-f]{24}$")]
    pub merged_into: Option<String>,
    /// How many voted for it.
    pub upvotes_count: u64,
    /// The latest 100 votes. Only where one ticket is shown.
    pub upvotes: Option<Vec<VoteShown>>,
    /// The ids of the sessions of the tickets that were merged into it together with their contacts. Only where one ticket is shown, and there are some.
    pub sessions: Option<Vec<String>>,
    /// Labels.
    pub tags: Vec<String>,
    /// What was filled in, by field: the text of a report is `description`.
    pub form_data: HashMap<String, Value>,
    /// What members filled in, by field.
    pub attributes: Option<HashMap<String, Value>>,
    /// The form that was filled in.
    pub form: Option<Value>,
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

/// A vote for a ticket.
#[derive(ToSchema, Serialize)]
pub struct VoteShown {
    /// The address of the voter.
    pub email: String,
    /// The name of the voter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How many tickets.
#[derive(ToSchema, Serialize)]
pub struct TicketCount {
    /// How many.
    pub count: u64,
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

/// What may be written of a ticket. Everything may be left out; `null` removes what is not always there. Unknown fields are dropped.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the body, which is read by `Fields`")]
pub struct TicketInput {
    /// What it is about, in a line: 1 to 500 characters.
    title: Option<String>,
    /// `BUG`, `FEATURE_REQUEST`, `INQUIRY` … or what the project calls it: 1 to 100 characters. `INQUIRY` unless said otherwise.
    #[schema(example = "BUG")]
    r#type: Option<String>,
    /// `OPEN`, `INPROGRESS`, `DONE` or what the project calls it: 1 to 100 characters. `OPEN` unless said otherwise.
    #[schema(example = "OPEN")]
    status: Option<String>,
    /// `LOW`, `MEDIUM` or `HIGH`; `MEDIUM` unless said otherwise.
    #[schema(example = "MEDIUM")]
    priority: Option<String>,
    /// The mood of the conversation.
    sentiment: Option<Sentiment>,
    /// The id of the session that it is of. The ticket counts among the reports of that session, and no longer among those of another.
    session: Option<String>,
    /// The id of the member who works on it.
    processing_user: Option<String>,
    /// The id of the team that works on it.
    processing_team: Option<String>,
    /// Whether it waits for a member who has room for it.
    queued: Option<bool>,
    /// Whether the team has not seen what was said last.
    notifications_unread: Option<bool>,
    /// Whether the session has not.
    session_notifications_unread: Option<bool>,
    /// Whether a member has answered.
    has_agent_reply: Option<bool>,
    /// Whether nothing more can be said in it.
    conversation_closed: Option<bool>,
    /// What the session thought of the conversation.
    conversation_rating: Option<f64>,
    /// When it is to be done.
    #[schema(format = DateTime)]
    due_date: Option<String>,
    /// Whether the app sent it by itself.
    is_silent: Option<bool>,
    /// Whether it is none that anybody meant.
    is_spam: Option<bool>,
    /// Whether it is put away.
    archived: Option<bool>,
    /// `false` brings it back at once.
    snoozed: Option<bool>,
    /// Until when it is out of sight.
    #[schema(format = DateTime)]
    snoozed_until: Option<String>,
    /// The ids of all tickets that belong together with it, at most 500.
    linked_tickets: Option<Vec<String>>,
    /// Labels: at most 50 of 100 characters.
    tags: Option<Vec<String>>,
    /// The same as `formData.description`.
    description: Option<String>,
    /// What was filled in, by field; merged key by key, at most 262,144 bytes.
    form_data: Option<HashMap<String, Value>>,
    /// What members filled in, by field; merged key by key, at most 262,144 bytes.
    attributes: Option<HashMap<String, Value>>,
    /// Your own data; merged key by key, at most 262,144 bytes.
    custom_data: Option<HashMap<String, Value>>,
    /// What is to be known of device and app; merged key by key, at most 262,144 bytes.
    meta_data: Option<HashMap<String, Value>>,
    /// The form that was filled in, at most 262,144 bytes.
    form: Option<Value>,
    /// The form or survey that it answers.
    outbound: Option<String>,
    /// A picture of the screen.
    screenshot_url: Option<String>,
    /// A film of the screen.
    screen_recording_url: Option<String>,
    /// Files that belong to it: at most 50.
    attachments: Option<Vec<Attachment>>,
    /// The place on its board, compared as text.
    lexorank: Option<String>,
    /// Ours: the id of the ticket in front of which it goes on its board.
    rank_before: Option<String>,
    /// Ours: the id of the ticket behind which it goes on its board.
    rank_after: Option<String>,
    /// What the app printed, when a ticket is made: the newest 1,000 lines are kept.
    console_log: Option<Vec<Value>>,
    /// The requests of the app, when a ticket is made. Credentials are taken out.
    network_logs: Option<Vec<Value>>,
    /// The events that the app tracked, when a ticket is made.
    custom_event_log: Option<Vec<Value>>,
}
