//! What becomes of messages with the session that said them.

use store::{ObjectId, Tx};

use super::conversation;
use super::document::Message;
use crate::resources::session::merge::rows;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;

/// What a session that was merged said, the survivor said; returns how many messages.
///
/// # Errors
/// Those of the store.
pub fn move_to(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
) -> store::Result<u64> {
    let mut moved = 0;
    rows::each::<Message>(tx, "session", gone, |tx, mut message| {
        message.doc.session = Some(survivor);
        message.doc.via.push(merge);
        moved += 1;
        tx.put(&mut message)
    })?;
    Ok(moved)
}

/// What a merge brought, the merged session said again; returns how many messages.
///
/// # Errors
/// Those of the store.
pub fn move_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
) -> store::Result<u64> {
    let mut moved = 0;
    rows::each::<Message>(tx, "session", survivor, |tx, mut message| {
        if message.doc.via.pop(merge) {
            message.doc.session = Some(gone);
            moved += 1;
            tx.put(&mut message)?;
        }
        Ok(())
    })?;
    Ok(moved)
}

/// Deletes what a session said in tickets of others. Its own tickets are deleted before.
///
/// # Errors
/// Those of the store.
pub fn erase_all(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    rows::each::<Message>(tx, "session", session, |tx, mut message| {
        let ticket = tx.get_for_update::<Ticket>(message.doc.ticket)?;
        let mut ticket = ticket.ok_or_else(|| tx.raced())?;
        conversation::remove(tx, &mut ticket, &mut message, By::System)
    })
}
