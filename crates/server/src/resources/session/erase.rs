//! Deleting a session with all that is personal about it, in one transaction.

use store::{ObjectId, Row, Tx};

use super::activity::Activity;
use super::blocked;
use super::document::Session;
use super::event::Event;
use super::history::IdentityChange;
use super::merge::{Merge, rows};
use crate::files;
use crate::http::idempotency::UsedKey;
use crate::identity;
use crate::jobs::queue;
use crate::live::outbox;
use crate::resources::webhook::document::Delivery;
use crate::resources::webhook::emit;
use crate::resources::{import, message, ticket};

/// Erases the session that a user id finds; returns whether there was one.
///
/// # Errors
/// Those of the store.
pub fn erase_user(tx: &mut Tx<'_>, user_id: &str) -> store::Result<bool> {
    let found = tx.owner(identity::USER_ID, user_id)?;
    let Some(id) = found.filter(|id| *id != blocked::LIST) else {
        return Ok(false);
    };
    let row = tx
        .get_for_update::<Session>(id)?
        .ok_or_else(|| tx.raced())?;
    erase(tx, &row)
}

/// Erases a session; returns whether it was there.
///
/// # Errors
/// Those of the store.
pub fn erase(tx: &mut Tx<'_>, row: &Row<Session>) -> store::Result<bool> {
    let id = row.id;
    for (kind, key, _) in row.doc.keys() {
        tx.release(kind, &key, id)?;
    }
    forget_merges(tx, id)?;
    tx.delete_where::<Event>("session", id)?;
    tx.delete_where::<IdentityChange>("session", id)?;
    tx.delete_where::<UsedKey>("session", id)?;
    tx.delete_where::<Activity>("session", id)?;
    import::forget::session(tx, id)?;
    outbox::erase(tx, id)?;
    queue::erase(tx, id)?;
    tx.delete_where::<Delivery>("session", id)?;
    ticket::owner::erase_all(tx, id)?;
    message::owner::erase_all(tx, id)?;
    if let Some(email) = row.doc.email.as_deref().and_then(identity::email_key) {
        ticket::vote::forget(tx, &email)?;
    }
    files::document::give_up_all(tx, id)?;
    emit::session_deleted(tx, row)?;
    tx.delete::<Session>(id)
}

/// The sessions that were merged into it find nobody any more.
fn forget_merges(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    rows::each::<Merge>(tx, "survivor", session, |tx, merge| {
        for (kind, key) in merge.doc.keys() {
            tx.release(kind, &key, session)?;
        }
        queue::erase(tx, merge.doc.merged)?;
        tx.delete_where::<Delivery>("session", merge.doc.merged)?;
        tx.delete::<Merge>(merge.id).map(drop)
    })
}
