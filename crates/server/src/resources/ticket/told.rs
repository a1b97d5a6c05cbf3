//! What webhooks are told of tickets: as they are shown in lists.

use serde_json::value::RawValue;
use store::{Row, Tx};

use super::document::Ticket;
use super::render::{Renderer, Viewer};
use crate::resources::webhook::document::Event;
use crate::resources::webhook::emit::{Subject, emit};

/// Tells the webhooks of the project of a ticket that was written.
///
/// # Errors
/// Those of the store.
pub(super) fn tell(tx: &mut Tx<'_>, event: Event, row: &Row<Ticket>) -> store::Result<()> {
    let (id, subject) = (row.id, subject(row));
    emit(tx, event, subject, |tx, organisation| {
        let stored = tx.raw::<Ticket>(id)?.ok_or_else(|| tx.raced())?;
        let json = Renderer::new(tx, Viewer::webhook(organisation)).ticket(&stored)?;
        let json = String::from_utf8_lossy(&json).into_owned();
        Ok(RawValue::from_string(json)?)
    })
}

/// What an event of a ticket, or of its conversation, is about.
#[must_use]
pub fn subject(row: &Row<Ticket>) -> Subject<'_> {
    Subject {
        id: row.id,
        version: row.version,
        ticket_type: Some(&row.doc.kind),
        session: row.doc.session,
    }
}
