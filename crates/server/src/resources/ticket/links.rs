//! Tickets that belong together: each names the other.

use store::{ObjectId, Row, Tx};

use super::change::{change, save};
use super::document::Ticket;
use super::history::By;
use super::show::unknown;
use crate::http::error::ApiError;

/// Tickets that one is linked to.
pub const LINKED_MAX: usize = 500;

/// Links a ticket to these, and to no others.
///
/// # Errors
/// 404 when one of them is not there, 422 when one has too many or would be linked to itself.
pub fn set(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    wanted: &[ObjectId],
    by: By,
) -> Result<(), ApiError> {
    let gone: Vec<_> = row.doc.linked_tickets.clone();
    for id in gone.into_iter().filter(|id| !wanted.contains(id)) {
        unlink(tx, row, id, by)?;
    }
    for id in wanted {
        link(tx, row, *id, by)?;
    }
    Ok(())
}

/// Links two tickets. Nothing happens when they are linked already.
///
/// # Errors
/// As [`set`].
pub fn link(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    target: ObjectId,
    by: By,
) -> Result<(), ApiError> {
    if target == row.id {
        let fault = format!("targetTicketId: {target} is the ticket itself");
        return Err(ApiError::unprocessable("invalid_field", vec![fault]));
    }
    let other = tx.get_for_update::<Ticket>(target)?;
    let mut other = other.ok_or_else(|| unknown(target))?;
    let id = row.id;
    for (one, named) in [(&mut *row, target), (&mut other, id)] {
        let before = one.doc.clone();
        if !one.doc.linked_tickets.contains(&named) {
            one.doc.linked_tickets.push(named);
        }
        if one.doc.linked_tickets.len() > LINKED_MAX {
            let fault = format!(
                "the ticket {} is linked to {LINKED_MAX} others: unlink some first",
                one.id
            );
            return Err(ApiError::unprocessable("too_many_links", vec![fault]));
        }
        save(tx, one, &before, by)?;
    }
    Ok(())
}

/// Takes a link back. Nothing happens when there is none.
///
/// # Errors
/// Those of the store.
pub fn unlink(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    target: ObjectId,
    by: By,
) -> Result<(), ApiError> {
    let (id, before) = (row.id, row.doc.clone());
    row.doc.linked_tickets.retain(|other| *other != target);
    save(tx, row, &before, by)?;
    Ok(change(tx, target, by, |other| {
        other.linked_tickets.retain(|named| *named != id);
    })?)
}
