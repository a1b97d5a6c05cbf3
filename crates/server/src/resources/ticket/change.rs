//! Changing and deleting a ticket: every path goes through here, whoever comes along it.

use indexmap::IndexMap;
use store::{ObjectId, Row, Tx};

use super::document::{DONE, Ticket};
use super::history::{self, By, ChangeKind, TicketChange};
use super::log::TicketLog;
use super::settings::{self, TicketSettings};
use super::told::tell;
use super::vote::Vote;
use super::wake;
use super::{counters, load};
use crate::files::document as files;
use crate::resources::message::{conversation, unread};
use crate::resources::session::merge::{rows, via::Via};
use crate::resources::team::{assign, queue};
use crate::resources::webhook::document::Event;

/// Writes a ticket that was changed, with all that follows from it; returns whether anything had changed.
/// `before`: what it was. When it waits for a member of its team since this change, it is given to one.
///
/// # Errors
/// Those of the store.
pub fn save(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    before: &Ticket,
    by: By,
) -> store::Result<bool> {
    assign::settle(tx, row.id, &mut row.doc, Some(before))?;
    save_assigned(tx, row, before, by)
}

/// The same of a ticket of which the caller has decided whose it is.
///
/// # Errors
/// Those of the store.
pub fn save_assigned(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    before: &Ticket,
    by: By,
) -> store::Result<bool> {
    settle(tx, &mut row.doc, before, by);
    load::settle(tx, &mut row.doc)?;
    if before.session_notifications_unread && !row.doc.session_notifications_unread {
        unread::seen(tx, row, before.session)?;
    }
    row.doc.session_notifications_unread = row.doc.session_unread > 0;
    if serde_json::to_vec(&row.doc)? == serde_json::to_vec(before)? {
        return Ok(false);
    }
    if row.doc.session != before.session {
        row.doc.via = Via::default();
        files::change_session(tx, row.id, before.session, row.doc.session)?;
    }
    tx.put(row)?;
    if row.doc.session != before.session {
        count(tx, row, before.session)?;
        let unread = row.doc.session_unread;
        unread::change_session(tx, before.session, row.doc.session, unread)?;
    }
    if let Some(until) = row
        .doc
        .snoozed_until
        .filter(|_| row.doc.snoozed_until != before.snoozed_until)
    {
        wake::at(tx, row.id, until)?;
    }
    if before.carried_by.is_some() && before.carried_by != row.doc.carried_by {
        queue::wake(tx)?;
    }
    let fields = history::difference(before, &row.doc)?;
    if !fields.is_empty() {
        history::record(tx, row.id, ChangeKind::Updated, by, fields)?;
        tell(tx, Event::TicketUpdated, row)?;
    }
    if row.doc.tracker_ticket && row.doc.status != before.status {
        let settings = settings::of(tx)?;
        if settings.is_closed(&row.doc.status) && !settings.is_closed(&before.status) {
            close_linked(tx, &row.doc, &settings, by)?;
        }
    }
    Ok(true)
}

/// Brings the fields into line that follow from others.
fn settle(tx: &Tx<'_>, ticket: &mut Ticket, before: &Ticket, by: By) {
    ticket.priority_order = ticket.priority.order();
    if ticket.archived != before.archived {
        ticket.archived_at = ticket.archived.then(|| tx.now());
    }
    if ticket.queued != before.queued {
        ticket.queued_at = ticket.queued.then(|| tx.now());
    }
    let is_assigned = ticket.processing_user.is_some() || ticket.processing_team.is_some();
    if is_assigned && ticket.first_assignment_at.is_none() {
        ticket.first_assignment_at = Some(tx.now());
    }
    ticket.snoozed = ticket.snoozed_until.is_some();
    if matches!(by, By::User(_)) {
        ticket.no_human_interaction = false;
    }
}

fn count(tx: &mut Tx<'_>, row: &Row<Ticket>, before: Option<ObjectId>) -> store::Result<()> {
    if let Some(session) = before {
        counters::leave(tx, session, row.doc.created_at)?;
    }
    if let Some(session) = row.doc.session {
        counters::join(tx, session, row.doc.created_at)?;
    }
    Ok(())
}

/// What a tracker ticket stands for is done with it.
fn close_linked(
    tx: &mut Tx<'_>,
    tracker: &Ticket,
    settings: &TicketSettings,
    by: By,
) -> store::Result<()> {
    for id in &tracker.linked_tickets {
        change(tx, *id, by, |linked| {
            if !linked.tracker_ticket && !settings.is_closed(&linked.status) {
                linked.status = DONE.into();
            }
        })?;
    }
    Ok(())
}

/// Changes the ticket with this id, if there is one.
///
/// # Errors
/// Those of the store.
pub fn change(
    tx: &mut Tx<'_>,
    id: ObjectId,
    by: By,
    act: impl FnOnce(&mut Ticket),
) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Ticket>(id)? else {
        return Ok(());
    };
    let before = row.doc.clone();
    act(&mut row.doc);
    save(tx, &mut row, &before, by).map(drop)
}

/// Deletes a ticket with all that belongs to it. The bytes of its files are removed after the commit, by
/// [`remove_erased`](crate::files::remove_erased).
///
/// # Errors
/// Those of the store.
pub fn delete(tx: &mut Tx<'_>, row: &Row<Ticket>, by: By) -> store::Result<()> {
    erase_with(tx, row, by, None)?;
    let Some(session) = row.doc.session else {
        return Ok(());
    };
    unread::change_session(tx, Some(session), None, row.doc.session_unread)?;
    counters::leave(tx, session, row.doc.created_at)
}

/// The same without a word to its session, which is deleted with it.
///
/// # Errors
/// Those of the store.
pub fn erase(tx: &mut Tx<'_>, row: &Row<Ticket>, by: By) -> store::Result<()> {
    erase_with(tx, row, by, row.doc.session)
}

/// `erased`: the session that goes with it.
fn erase_with(
    tx: &mut Tx<'_>,
    row: &Row<Ticket>,
    by: By,
    erased: Option<ObjectId>,
) -> store::Result<()> {
    let id = row.id;
    for linked in &row.doc.linked_tickets {
        change(tx, *linked, by, |linked| {
            linked.linked_tickets.retain(|other| *other != id);
        })?;
    }
    rows::each::<Ticket>(tx, "mergedInto", id, |tx, mut merged| {
        let before = merged.doc.clone();
        merged.doc.merged_into = None;
        save(tx, &mut merged, &before, by).map(drop)
    })?;
    files::give_up_of_ticket(tx, id)?;
    conversation::erase(tx, row, erased)?;
    tx.delete_where::<Vote>("ticket", id)?;
    tx.delete_where::<TicketLog>("ticket", id)?;
    tx.delete_where::<TicketChange>("ticket", id)?;
    tx.delete::<Ticket>(id)?;
    match row.doc.carried_by {
        Some(_) => queue::wake(tx),
        None => Ok(()),
    }
}

/// Records that a ticket was made.
///
/// # Errors
/// Those of the store.
pub(super) fn record_created(tx: &mut Tx<'_>, ticket: ObjectId, by: By) -> store::Result<()> {
    history::record(tx, ticket, ChangeKind::Created, by, IndexMap::new())
}
