//! A new ticket.

use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Row, Tx};

use super::document::{OPEN, Ticket};
use super::history::By;
use super::log::{LogKind, TicketLog};
use super::told::tell;
use super::{change, counters, load, number, wake};
use crate::resources::session::document::Session;
use crate::resources::team::assign;
use crate::resources::webhook::document::Event;

/// The same report of a session within so many milliseconds is a repetition: its first answer got lost.
pub const REPEAT_WINDOW_MS: i64 = 60_000;

/// A log that comes with a ticket.
#[derive(Debug, Clone)]
pub struct NewLog {
    /// Which.
    pub kind: LogKind,
    /// The entries, as an array.
    pub entries: Box<RawValue>,
    /// Entries that were sent, but not kept.
    pub left_out: u64,
}

/// The ticket that this report of a session made already, when that was just now.
///
/// # Errors
/// Those of the store.
pub fn repeated(
    tx: &Tx<'_>,
    session: ObjectId,
    report_hash: &str,
) -> store::Result<Option<Row<Ticket>>> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
            Filter::Range {
                field: FieldPath::known("createdAt"),
                op: RangeOp::Gt,
                value: Scalar::Instant(Millis(tx.now().0 - REPEAT_WINDOW_MS)),
            },
            Filter::Eq(
                FieldPath::known("reportHash"),
                Scalar::Text(report_hash.into()),
            ),
        ]),
        limit: 1,
        ..Query::default()
    };
    match tx.page::<Ticket>(&query)?.rows.first() {
        Some(row) => tx.get::<Ticket>(row.id),
        None => Ok(None),
    }
}

/// Makes a ticket with its number and its logs: every path goes through here. Id, number, place and dates of `ticket` are given here.
/// `session`: that of the ticket, which counts it and is the caller's to write.
///
/// # Errors
/// Those of the store.
pub fn insert(
    tx: &mut Tx<'_>,
    id: ObjectId,
    mut ticket: Ticket,
    logs: &[NewLog],
    session: Option<&mut Session>,
    by: By,
) -> store::Result<Row<Ticket>> {
    assign::settle(tx, id, &mut ticket, None)?;
    load::settle(tx, &mut ticket)?;
    let (bug_id, now) = (number::next(tx)?, tx.now());
    let or_else = |given: String, default: String| if given.is_empty() { default } else { given };
    let is_assigned = ticket.processing_user.is_some() || ticket.processing_team.is_some();
    let plan = session.as_ref().and_then(|session| session.plan.clone());
    let row = tx.insert(
        id,
        Ticket {
            bug_id,
            status: or_else(ticket.status, OPEN.into()),
            priority_order: ticket.priority.order(),
            lexorank: or_else(ticket.lexorank, number::rank(bug_id)),
            archived_at: ticket.archived.then_some(now),
            queued_at: ticket.queued.then_some(now),
            snoozed: ticket.snoozed_until.is_some(),
            first_assignment_at: is_assigned.then_some(now),
            no_human_interaction: !matches!(by, By::User(_)),
            notifications_unread: matches!(by, By::Session(_)) && !ticket.is_silent,
            last_notification: now,
            plan,
            created_at: now,
            ..ticket
        },
    )?;
    for log in logs {
        let log = TicketLog {
            ticket: id,
            kind: log.kind,
            entries: log.entries.clone(),
            left_out: log.left_out,
        };
        tx.add(&log)?;
    }
    if let Some(session) = session {
        counters::count(session, now, by);
    }
    change::record_created(tx, id, by)?;
    if let Some(until) = row.doc.snoozed_until {
        wake::at(tx, id, until)?;
    }
    tell(tx, Event::TicketCreated, &row)?;
    Ok(row)
}
