//! Webhooks and deliveries as the API shows them, and what it takes.

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;

use super::deliver::HEADER;
use super::document::{Attempt, Delivery, DeliveryStatus, Event, Header, Webhook, Webhooks};
use crate::app::App;

/// Webhooks of a project.
pub const WEBHOOKS_MAX: usize = 20;
/// Headers of a webhook.
pub const HEADERS_MAX: usize = 20;
/// Characters of a header value.
pub const HEADER_CHARS_MAX: usize = 1_024;
/// Characters of a name, and of a type of tickets.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of an address.
pub const URL_CHARS_MAX: usize = 2_048;
/// Types of tickets of a filter.
pub const TICKET_TYPES_MAX: usize = 50;
/// What only the server says.
const OWN_HEADERS: [&str; 11] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
];

/// A webhook to make, or what is to be changed of one: absent fields stay.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookInput {
    /// What to call it. Required of a new one.
    pub name: Option<String>,
    /// The address, which begins with https://. Required of a new one.
    #[schema(example = "https://example.com/hooks/hark")]
    pub url: Option<String>,
    /// Whether it hears anything. Switching it on forgets that it failed.
    pub enabled: Option<bool>,
    /// What it hears of; empty: everything.
    pub events: Option<Vec<Event>>,
    /// Headers that every request has; they replace those that there are.
    pub headers: Option<Vec<Header>>,
    /// Which of these it hears of.
    pub filters: Option<Filters>,
}

/// Which events a webhook hears of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Filters {
    /// Types of tickets, for events of tickets and messages; empty: all.
    pub ticket_types: Vec<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookBody {
    /// The id of the webhook: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The id of the project.
    #[schema(value_type = String)]
    pub project: ObjectId,
    /// The id of the organisation.
    #[schema(value_type = String)]
    pub organisation: ObjectId,
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it hears anything.
    pub enabled: bool,
    /// What it hears of; empty: everything.
    pub events: Vec<Event>,
    /// Headers that every request has.
    pub headers: Vec<Header>,
    /// Which events it hears of.
    pub filters: Filters,
    /// How many secrets sign: two after a rotation.
    pub secrets: usize,
    /// The secret of signatures: shown when it was made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Since when nothing was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub failing_since: Option<Millis>,
    /// When it was switched off because nothing was delivered for three days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub disabled_at: Option<Millis>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// What a webhook was told, and how that went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryBody {
    /// The id of the delivery, which is its `webhook-id`.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The id of the webhook.
    #[schema(value_type = String)]
    pub webhook: ObjectId,
    /// What it is about.
    pub event: Event,
    /// How far it is.
    pub status: DeliveryStatus,
    /// The body of the request.
    pub body: String,
    /// The attempts, oldest first, the last 20.
    pub attempts: Vec<Attempt>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last tried.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

impl WebhookBody {
    pub(super) fn of(app: &App, webhooks: &Webhooks, hook: &Webhook, project: ObjectId) -> Self {
        let header = |header: &Header| Header {
            key: header.key.clone(),
            value: app.key.open(HEADER, &header.value).unwrap_or_default(),
        };
        Self {
            _id: hook.id,
            id: hook.id,
            project,
            organisation: webhooks.organisation,
            name: hook.name.clone(),
            url: hook.url.clone(),
            enabled: hook.enabled,
            events: hook.events.clone(),
            headers: hook.headers.iter().map(header).collect(),
            filters: Filters {
                ticket_types: hook.ticket_types.clone(),
            },
            secrets: hook.secrets.len(),
            secret: None,
            failing_since: hook.failing_since,
            disabled_at: hook.disabled_at,
            created_at: hook.created_at,
            updated_at: hook.updated_at,
        }
    }
}

impl DeliveryBody {
    pub(super) fn of(row: Row<Delivery>) -> Self {
        Self {
            _id: row.id,
            id: row.id,
            webhook: row.doc.webhook,
            event: row.doc.event,
            status: row.doc.status,
            body: row.doc.body,
            attempts: row.doc.attempts,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl WebhookInput {
    /// What is wrong, by the names of the fields.
    pub(super) fn faults(&self, app: &App) -> Vec<String> {
        let mut faults = Vec::new();
        if let Some(name) = &self.name
            && !is_name(name)
        {
            faults.push(format!("name: must be 1 to {NAME_CHARS_MAX} characters"));
        }
        if let Some(url) = &self.url {
            match app.outgoing.check(url) {
                Err(fault) => faults.push(format!("url: {fault}")),
                Ok(_) if url.len() > URL_CHARS_MAX => {
                    faults.push(format!("url: must be at most {URL_CHARS_MAX} characters"));
                }
                Ok(_) => {}
            }
        }
        let headers = self.headers.as_deref().unwrap_or_default();
        if headers.len() > HEADERS_MAX {
            faults.push(format!("headers: must be at most {HEADERS_MAX}"));
        }
        faults.extend(headers.iter().enumerate().filter_map(header_fault));
        let types = self
            .filters
            .iter()
            .flat_map(|filters| &filters.ticket_types);
        if types.clone().count() > TICKET_TYPES_MAX || !types.clone().all(|kind| is_name(kind)) {
            faults.push(format!(
                "filters.ticketTypes: must be at most {TICKET_TYPES_MAX} texts of 1 to {NAME_CHARS_MAX} characters"
            ));
        }
        faults
    }

    /// Gives a webhook what is said.
    pub(super) fn apply(&self, app: &App, hook: &mut Webhook) {
        if let Some(name) = &self.name {
            hook.name.clone_from(name);
        }
        if let Some(url) = &self.url {
            hook.url.clone_from(url);
        }
        if let Some(enabled) = self.enabled {
            hook.enabled = enabled;
            if enabled {
                hook.failing_since = None;
                hook.disabled_at = None;
            }
        }
        if let Some(events) = &self.events {
            hook.events.clone_from(events);
        }
        if let Some(headers) = &self.headers {
            let sealed = headers.iter().map(|header| seal(app, hook, header));
            hook.headers = sealed.collect();
        }
        if let Some(filters) = &self.filters {
            hook.ticket_types.clone_from(&filters.ticket_types);
        }
    }
}

/// A header as it is kept; one that the webhook has stays as it is.
fn seal(app: &App, hook: &Webhook, given: &Header) -> Header {
    let key = given.key.to_ascii_lowercase();
    let is_same = |known: &&Header| {
        let value = app.key.open(HEADER, &known.value);
        known.key == key && value.is_ok_and(|value| value == given.value)
    };
    let known = hook.headers.iter().find(is_same).cloned();
    known.unwrap_or_else(|| Header {
        key,
        value: app.key.seal(&app.random, HEADER, &given.value),
    })
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARS_MAX
}

fn header_fault((n, header): (usize, &Header)) -> Option<String> {
    let name = header.key.to_ascii_lowercase();
    if OWN_HEADERS.contains(&name.as_str()) || name.starts_with("webhook-") {
        return Some(format!("headers[{n}].key: {name} is set by the server"));
    }
    if header.key.len() > NAME_CHARS_MAX || HeaderName::try_from(&header.key).is_err() {
        return Some(format!("headers[{n}].key: must be the name of a header"));
    }
    let is_plain = header.value.is_ascii() && HeaderValue::from_str(&header.value).is_ok();
    (!is_plain || header.value.len() > HEADER_CHARS_MAX).then(|| {
        format!(
            "headers[{n}].value: must be at most {HEADER_CHARS_MAX} characters of visible ASCII"
        )
    })
}
