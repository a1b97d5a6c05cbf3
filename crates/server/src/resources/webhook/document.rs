//! The webhooks of a project, and what was to be delivered to them.

use serde::{Deserialize, Serialize};
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Snapshot, Value};
use utoipa::ToSchema;

/// All webhooks of a project: one document under the id of the project, so that a change which nobody listens to costs one lookup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhooks {
    /// The organisation that the project belongs to, which payloads name.
    pub organisation: ObjectId,
    /// Oldest first.
    pub hooks: Vec<Webhook>,
}

/// An address that hears of what happens in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: ObjectId,
    pub name: String,
    pub url: String,
    pub enabled: bool,
    /// Empty: all.
    pub events: Vec<Event>,
    /// Headers that every request has; the values are sealed with the server key.
    pub headers: Vec<Header>,
    /// Types of tickets, for events of tickets and messages. Empty: all.
    pub ticket_types: Vec<String>,
    /// The secrets of signatures, sealed; newest first, at most two.
    pub secrets: Vec<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// Since when nothing was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Millis>,
    /// When it was switched off because of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Millis>,
}

/// A header of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Header {
    /// Its name.
    pub key: String,
    /// Its value: visible ASCII.
    pub value: String,
}

/// What webhooks hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Event {
    #[serde(rename = "ticket.created")]
    TicketCreated,
    #[serde(rename = "ticket.updated")]
    TicketUpdated,
    #[serde(rename = "message.created")]
    MessageCreated,
    #[serde(rename = "session.created")]
    SessionCreated,
    #[serde(rename = "session.identified")]
    SessionIdentified,
    #[serde(rename = "session.merged")]
    SessionMerged,
    #[serde(rename = "session.deleted")]
    SessionDeleted,
}

/// The table of webhooks.
pub static WEBHOOKS: Collection = Collection {
    table: "webhook",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Webhooks {
    const COLLECTION: &'static Collection = &WEBHOOKS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

impl Webhooks {
    /// One of them.
    #[must_use]
    pub fn find(&self, id: ObjectId) -> Option<&Webhook> {
        self.hooks.iter().find(|hook| hook.id == id)
    }

    /// One of them, to change it.
    pub fn find_mut(&mut self, id: ObjectId) -> Option<&mut Webhook> {
        self.hooks.iter_mut().find(|hook| hook.id == id)
    }
}

impl Webhook {
    /// Whether it hears of an event. `ticket_type`: that of the ticket which the event is about.
    #[must_use]
    pub fn hears(&self, event: Event, ticket_type: Option<&str>) -> bool {
        let is_of_type = |kind: &str| {
            self.ticket_types.is_empty() || self.ticket_types.iter().any(|has| has == kind)
        };
        self.enabled
            && (self.events.is_empty() || self.events.contains(&event))
            && ticket_type.is_none_or(is_of_type)
    }
}

/// The webhooks of the project; `None` when there never were any.
///
/// # Errors
/// Those of the store.
pub fn of_project(snapshot: &Snapshot<'_>) -> store::Result<Option<Webhooks>> {
    let row = snapshot.get::<Webhooks>(snapshot.project())?;
    Ok(row.map(|row| row.doc))
}

/// What a webhook is to be told, and how that went.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub webhook: ObjectId,
    pub event: Event,
    /// The body, as it is signed and sent.
    pub body: String,
    pub status: DeliveryStatus,
    /// Oldest first, the last [`ATTEMPTS_KEPT`].
    pub attempts: Vec<Attempt>,
    /// The session whose data it holds: it goes with that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
}

/// Attempts of a delivery that are kept.
pub const ATTEMPTS_KEPT: usize = 20;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// The receiver answered 2xx.
    Delivered,
    /// It was given up.
    Failed,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// The status of the answer; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How the answer begins: at most 1,024 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The table of deliveries.
pub static DELIVERIES: Collection = Collection {
    table: "webhook_delivery",
    columns: &[
        Column {
            name: "webhook",
            path: "webhook",
            kind: ColumnKind::Id,
        },
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[
        Index {
            name: "webhook_delivery_by_webhook",
            columns: &["webhook"],
            not_null: None,
        },
        Index {
            name: "webhook_delivery_by_session",
            columns: &["session"],
            not_null: Some("session"),
        },
    ],
    cluster: &[],
    references: &[],
};

impl Document for Delivery {
    const COLLECTION: &'static Collection = &DELIVERIES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.webhook.into(), self.session.into()]
    }
}
