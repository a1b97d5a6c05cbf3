//! What a session shows of its tickets: how many there are, and when the latest was made. Each is counted with the session that it
//! is of, whoever made it, until it is deleted. A number that was imported is where the counting goes on.

use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, Snapshot, Sort, Tx};

use super::document::Ticket;
use super::history::By;
use crate::resources::session::document::Session;

/// Counts a new ticket of a session. One by the session itself was heard from it.
pub fn count(session: &mut Session, now: Millis, by: By) {
    session.count_feedback_reports += 1;
    session.last_feedback_report = session.last_feedback_report.max(Some(now));
    if matches!(by, By::Session(_)) {
        session.last_heard_from = Some(now);
    }
}

/// A ticket that was there before is that of this session now.
///
/// # Errors
/// Those of the store.
pub fn join(tx: &mut Tx<'_>, session: ObjectId, made: Millis) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Session>(session)? else {
        return Ok(());
    };
    row.doc.count_feedback_reports += 1;
    row.doc.last_feedback_report = row.doc.last_feedback_report.max(Some(made));
    tx.put(&mut row)
}

/// A ticket is no longer that of this session. Call it when the ticket is written.
///
/// # Errors
/// Those of the store.
pub fn leave(tx: &mut Tx<'_>, session: ObjectId, made: Millis) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Session>(session)? else {
        return Ok(());
    };
    row.doc.count_feedback_reports = row.doc.count_feedback_reports.saturating_sub(1);
    if row.doc.last_feedback_report == Some(made) {
        row.doc.last_feedback_report = latest(tx, session)?;
    }
    tx.put(&mut row)
}

/// A merge was undone: of the tickets that it brought, `lost` did not go back. Call it when the others did.
///
/// # Errors
/// Those of the store.
pub fn part(
    tx: &Tx<'_>,
    (survivor, kept): (ObjectId, &mut Session),
    (merged, back): (ObjectId, &mut Session),
    lost: u64,
) -> store::Result<()> {
    let latest_back = latest(tx, merged)?;
    if lost > 0 {
        back.count_feedback_reports = back.count_feedback_reports.saturating_sub(lost);
        back.last_feedback_report = latest_back;
    }
    // What was deleted since may have left a ticket the latest that is the other's again.
    if latest_back.is_some() && kept.last_feedback_report == latest_back {
        kept.last_feedback_report = latest(tx, survivor)?;
    }
    Ok(())
}

/// When the latest ticket of a session was made.
///
/// # Errors
/// Those of the store.
pub fn latest(snapshot: &Snapshot<'_>, session: ObjectId) -> store::Result<Option<Millis>> {
    let newest = Query {
        filter: Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
        sort: vec![Sort {
            path: "createdAt".into(),
            descending: true,
        }],
        limit: 1,
        ..Query::default()
    };
    let page = snapshot.page::<Ticket>(&newest)?;
    Ok(page.rows.first().map(|row| row.created_at))
}
