//! A new ticket.

use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Row, Tx};

use super::document::{OPEN, Ticket};
use super::log::{LogKind, TicketLog};
use super::number;
use crate::resources::session::document::Session;

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

/// Inserts a ticket with its number and its logs. Id, number, place and dates of `ticket` are given here.
///
/// # Errors
/// Those of the store.
pub fn insert(
    tx: &mut Tx<'_>,
    id: ObjectId,
    ticket: Ticket,
    logs: &[NewLog],
) -> store::Result<Row<Ticket>> {
    let bug_id = number::next(tx)?;
    let row = tx.insert(
        id,
        Ticket {
            bug_id,
            status: OPEN.into(),
            priority_order: ticket.priority.order(),
            lexorank: number::rank(bug_id),
            created_at: tx.now(),
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
        tx.append(tx.new_id(), &log)?;
    }
    Ok(row)
}

/// Counts a report of a session, which was heard from by it.
pub fn count(session: &mut Session, now: Millis) {
    session.count_feedback_reports += 1;
    session.last_feedback_report = Some(now);
    session.last_heard_from = Some(now);
}
