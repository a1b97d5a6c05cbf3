//! The unread messages of a session: each is marked, its ticket has their number, and the badge of the session the sum over its tickets.
//! Beside that sum the badge has what was set by itself (`PUT /v3/sessions/{id}/unread`).

use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, Row, Tx};

use super::conversation::of;
use super::document::Message;
use crate::live::outbox;
use crate::resources::session::merge::rows;
use crate::resources::ticket::change::save;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;

/// Counts messages into the badge of a session, or out of it.
///
/// # Errors
/// Those of the store.
pub fn count(tx: &mut Tx<'_>, session: ObjectId, by: i64) -> store::Result<()> {
    if by == 0 {
        return Ok(());
    }
    outbox::count_messages(tx, session, by)
}

/// The session has seen all messages of a ticket: notifications of them that wait are taken back. The caller saves the ticket. `counted`: whose badge has them; that of the ticket's session
/// unless it says otherwise.
///
/// # Errors
/// Those of the store.
pub fn seen(
    tx: &mut Tx<'_>,
    ticket: &mut Row<Ticket>,
    counted: Option<ObjectId>,
) -> store::Result<()> {
    if ticket.doc.session_unread == 0 {
        return Ok(());
    }
    let is_unread = FieldPath::known("sessionNotificationsUnread");
    let query = Query {
        filter: Filter::And(vec![
            of(ticket.id),
            Filter::Eq(is_unread, Scalar::Bool(true)),
        ]),
        limit: u32::MAX,
        ..Query::default()
    };
    let mut ids = Vec::new();
    for row in tx.page::<Message>(&query)?.rows {
        let mut message = row.typed::<Message>()?;
        message.doc.session_notifications_unread = false;
        tx.put(&mut message)?;
        ids.push(message.id);
    }
    let unread = std::mem::take(&mut ticket.doc.session_unread);
    let Some(session) = counted.or(ticket.doc.session) else {
        return Ok(());
    };
    outbox::withdraw(tx, session, &ids)?;
    count(tx, session, -signed(unread))
}

/// Marks one message. The caller saves message and ticket.
///
/// # Errors
/// Those of the store.
pub fn set(
    tx: &mut Tx<'_>,
    ticket: &mut Row<Ticket>,
    message: &mut Row<Message>,
    is_unread: bool,
) -> store::Result<()> {
    let is_unread = is_unread && message.doc.kind.is_for_session();
    if message.doc.session_notifications_unread == is_unread {
        return Ok(());
    }
    message.doc.session_notifications_unread = is_unread;
    let by = if is_unread { 1 } else { -1 };
    ticket.doc.session_unread = ticket.doc.session_unread.saturating_add_signed(by);
    match ticket.doc.session {
        Some(session) => count(tx, session, by),
        None => Ok(()),
    }
}

/// What the session of one ticket has not seen, that of another has not: the messages go there.
///
/// # Errors
/// Those of the store.
pub fn give(tx: &mut Tx<'_>, from: &Row<Ticket>, to: &Row<Ticket>) -> store::Result<()> {
    change_session(
        tx,
        from.doc.session,
        to.doc.session,
        from.doc.session_unread,
    )
}

/// Unread messages that were of one session are another's.
///
/// # Errors
/// Those of the store.
pub fn change_session(
    tx: &mut Tx<'_>,
    from: Option<ObjectId>,
    to: Option<ObjectId>,
    unread: u64,
) -> store::Result<()> {
    if from == to {
        return Ok(());
    }
    if let Some(from) = from {
        count(tx, from, -signed(unread))?;
    }
    match to {
        Some(to) => count(tx, to, signed(unread)),
        None => Ok(()),
    }
}

/// Sets the number on the badge of a session. Of fewer than there are unread messages, none of those is unread any more.
///
/// # Errors
/// Those of the store.
pub fn set_badge(tx: &mut Tx<'_>, session: ObjectId, unread: u64) -> store::Result<()> {
    if unread < outbox::unread_messages(tx, session)? {
        rows::each::<Ticket>(tx, "session", session, |tx, mut ticket| {
            let before = ticket.doc.clone();
            seen(tx, &mut ticket, None)?;
            save(tx, &mut ticket, &before, By::System).map(drop)
        })?;
    }
    outbox::set_unread(tx, session, unread)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
