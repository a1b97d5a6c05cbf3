//! What becomes of tickets with their session.

use store::{ObjectId, Tx};

use super::change;
use super::document::Ticket;
use super::history::By;
use crate::resources::session::merge::rows;

/// The tickets of a session that was merged are those of the survivor; returns how many.
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
    rows::each::<Ticket>(tx, "session", gone, |tx, mut ticket| {
        ticket.doc.session = Some(survivor);
        ticket.doc.via.push(merge);
        moved += 1;
        tx.put(&mut ticket)
    })?;
    Ok(moved)
}

/// Tickets that went back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Back {
    /// How many.
    pub tickets: u64,
    /// How many messages of theirs the session has not seen.
    pub unread: u64,
}

/// The tickets that a merge brought are those of the merged session again.
///
/// # Errors
/// Those of the store.
pub fn move_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
) -> store::Result<Back> {
    let mut moved = Back::default();
    rows::each::<Ticket>(tx, "session", survivor, |tx, mut ticket| {
        if ticket.doc.via.pop(merge) {
            ticket.doc.session = Some(gone);
            moved.tickets += 1;
            moved.unread += ticket.doc.session_unread;
            tx.put(&mut ticket)?;
        }
        Ok(())
    })?;
    Ok(moved)
}

/// Deletes the tickets of a session with all that belongs to them.
///
/// # Errors
/// Those of the store.
pub fn erase_all(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    rows::each::<Ticket>(tx, "session", session, |tx, ticket| {
        change::erase(tx, &ticket, By::System)
    })
}
