//! Telling webhooks, in the unit of work that there is something to tell of. Without webhooks that costs one lookup.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use store::{ObjectId, Row, Tx};

use super::deliver::job;
use super::document::{Delivery, DeliveryStatus, Event, of_project};
use crate::jobs::queue;
use crate::resources::session::document::Session;

/// What an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The ticket, or the session: what is told of it is told in order.
    pub id: ObjectId,
    /// The version that it has now.
    pub version: i64,
    /// The type of the ticket.
    pub ticket_type: Option<&'a str>,
    /// The session whose data is told.
    pub session: Option<ObjectId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    event: Event,
    project_id: ObjectId,
    data: &'a RawValue,
}

/// Tells the webhooks that hear of it. `data` makes the payload, given the organisation; it is called when somebody hears.
///
/// # Errors
/// Those of the store.
pub fn emit(
    tx: &mut Tx<'_>,
    event: Event,
    subject: Subject<'_>,
    data: impl FnOnce(&Tx<'_>, ObjectId) -> store::Result<Box<RawValue>>,
) -> store::Result<()> {
    let Some(webhooks) = of_project(tx)? else {
        return Ok(());
    };
    let mut hears = webhooks.hooks.iter();
    if !hears.any(|hook| hook.hears(event, subject.ticket_type)) {
        return Ok(());
    }
    let data = data(tx, webhooks.organisation)?;
    let body = serde_json::to_string(&Payload {
        event,
        project_id: tx.project(),
        data: &data,
    })?;
    for hook in &webhooks.hooks {
        if hook.hears(event, subject.ticket_type) {
            let delivery = Delivery {
                webhook: hook.id,
                event,
                body: body.clone(),
                status: DeliveryStatus::Waiting,
                attempts: Vec::new(),
                session: subject.session,
            };
            let row = tx.insert(tx.new_id(), delivery)?;
            let lane = format!("webhook:{}:{}", hook.id, subject.id);
            queue::enqueue(tx, job(&row).lane(lane, subject.version))?;
        }
    }
    Ok(())
}

/// Tells of a session. `more` is added to what is shown of it.
///
/// # Errors
/// Those of the store.
pub fn session(
    tx: &mut Tx<'_>,
    event: Event,
    row: &Row<Session>,
    more: &[(&'static str, ObjectId)],
) -> store::Result<()> {
    let subject = Subject {
        id: row.id,
        version: row.version,
        ticket_type: None,
        session: Some(row.id),
    };
    emit(tx, event, subject, |tx, organisation| {
        let mut shown = ids(row.id, tx.project(), organisation)?;
        let stored = serde_json::to_string(&row.doc)?;
        let stored: IndexMap<String, Box<RawValue>> = serde_json::from_str(&stored)?;
        // The secret of the client is for nobody else.
        shown.extend(stored.into_iter().filter(|(key, _)| key != "gleapHash"));
        for (key, id) in more {
            shown.insert((*key).to_owned(), to_raw_value(id)?);
        }
        Ok(to_raw_value(&shown)?)
    })
}

/// Tells that a session was deleted. Of the session only its id is told, so that nothing of it is left.
///
/// # Errors
/// Those of the store.
pub fn session_deleted(tx: &mut Tx<'_>, row: &Row<Session>) -> store::Result<()> {
    let subject = Subject {
        id: row.id,
        version: row.version.saturating_add(1),
        ticket_type: None,
        session: None,
    };
    let id = row.id;
    emit(tx, Event::SessionDeleted, subject, |tx, organisation| {
        Ok(to_raw_value(&ids(id, tx.project(), organisation)?)?)
    })
}

fn ids(
    id: ObjectId,
    project: ObjectId,
    organisation: ObjectId,
) -> store::Result<IndexMap<String, Box<RawValue>>> {
    let mut ids = IndexMap::new();
    for (key, id) in [
        ("_id", id),
        ("id", id),
        ("project", project),
        ("organisation", organisation),
    ] {
        ids.insert(key.to_owned(), to_raw_value(&id)?);
    }
    Ok(ids)
}
