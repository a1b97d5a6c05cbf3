//! Undoing a merge: both sessions are what they were, and what happened since stays with the survivor.
//!
//! Merges are undone in reverse order, each as long as it is the latest of its survivor: only then what it changed is known.

use std::collections::HashSet;

use store::filter::{FieldPath, Filter, Scalar};
use store::{Kind, Millis, ObjectId, Query, Row, Sort, Tx};

use super::super::activity::Activity;
use super::super::document::Session;
use super::super::history::{Identifiers, IdentityChange, Origin};
use super::super::identify;
use super::document::{Merge, UndoNotes};
use super::{rows, separate};
use crate::files;
use crate::live::outbox;
use crate::resources::{message, ticket};

/// Why a merge is not undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoRefusal {
    /// There is no such merge, or its survivor was erased.
    #[error("this project has no merge with id {0}")]
    Unknown(ObjectId),
    /// It was undone.
    #[error("the merge was undone already, at {0}")]
    Undone(Millis),
    /// The survivor was merged again.
    #[error("the merge {0} came after this one: undo that first")]
    NotLast(ObjectId),
    /// It was too long ago, or done by a release that kept too little.
    #[error("the merge is too old to be undone")]
    TooOld,
    /// A session was made under the id of the one that is gone.
    #[error("the id {0} is that of another session meanwhile")]
    IdTaken(ObjectId),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Undoes a merge that is younger than `oldest`; returns its record.
///
/// # Errors
/// [`UndoRefusal`]; nothing was changed then. [`store::Error::Taken`] when a user id is another session's meanwhile.
pub fn undo(
    tx: &mut Tx<'_>,
    id: ObjectId,
    origin: &Origin,
    oldest: Millis,
) -> Result<Row<Merge>, UndoRefusal> {
    let mut record = tx
        .get_for_update::<Merge>(id)?
        .ok_or(UndoRefusal::Unknown(id))?;
    let (mut gone, notes) = undoable(tx, &record, oldest)?;
    let (survivor, merged) = (record.doc.survivor, record.doc.merged);
    let mut row = tx
        .get_for_update::<Session>(survivor)?
        .ok_or_else(|| tx.raced())?;
    let (identifiers, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
    release(tx, &record.doc, &notes)?;
    let (before, after) = (
        parse(&notes.survivor_before)?,
        parse(&notes.survivor_after)?,
    );
    let back = move_rows_back(tx, survivor, merged, id, &after)?;
    // Tickets and messages that the merge brought and that are gone by now, or another's, are taken out of the sums of the session that is back.
    let lost = record
        .doc
        .moved
        .tickets
        .saturating_sub(back.tickets.tickets);
    let unsaid = record.doc.moved.messages.saturating_sub(back.messages);
    row.doc.count_feedback_reports += lost;
    row.doc.count_feedback_comments += unsaid;
    gone.count_feedback_comments = gone.count_feedback_comments.saturating_sub(unsaid);
    separate::separate(&mut row.doc, &before, &after, back.stayed);
    ticket::counters::part(tx, (survivor, &mut row.doc), (merged, &mut gone), lost)?;
    restore(tx, merged, notes.version + 1, gone)?;
    identify::save(tx, &mut row, &identifiers, &old_keys, origin)?;
    if let Some(outboxes) = notes.outboxes {
        outbox::part(tx, survivor, merged, outboxes, record.doc.at)?;
    }
    message::unread::change_session(tx, Some(survivor), Some(merged), back.tickets.unread)?;
    record.doc.close(tx.now(), origin.clone());
    tx.put(&mut record)?;
    Ok(record)
}

/// What it takes, when the merge may be undone.
fn undoable(
    tx: &Tx<'_>,
    record: &Row<Merge>,
    oldest: Millis,
) -> Result<(Session, UndoNotes), UndoRefusal> {
    let merge = &record.doc;
    if let Some(undone) = &merge.undone {
        return Err(UndoRefusal::Undone(undone.at));
    }
    let (Some(before), Some(notes)) = (&merge.before, &merge.undo) else {
        return Err(UndoRefusal::TooOld);
    };
    if merge.at <= oldest {
        return Err(UndoRefusal::TooOld);
    }
    let latest = latest(tx, merge.survivor)?;
    if let Some(latest) = latest.filter(|latest| *latest != record.id) {
        return Err(UndoRefusal::NotLast(latest));
    }
    if tx.raw::<Session>(merge.merged)?.is_some() {
        return Err(UndoRefusal::IdTaken(merge.merged));
    }
    Ok((parse(before)?, notes.clone()))
}

/// The latest merge of a session that was not undone. Those that came with another are older than that one.
fn latest(tx: &Tx<'_>, survivor: ObjectId) -> store::Result<Option<ObjectId>> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("survivor"), Scalar::Id(survivor)),
            Filter::Not(Box::new(Filter::Exists(FieldPath::known("undone")))),
        ]),
        sort: vec![Sort {
            path: "createdAt".into(),
            descending: true,
        }],
        limit: 1,
        ..Query::default()
    };
    Ok(tx.page::<Merge>(&query)?.rows.first().map(|row| row.id))
}

/// Takes from the survivor what found the session that is gone.
fn release(tx: &mut Tx<'_>, merge: &Merge, notes: &UndoNotes) -> store::Result<()> {
    let held = notes.held.iter();
    let held = held.map(|(kind, key)| (Kind(*kind), key.clone()));
    for (kind, key) in merge.keys().into_iter().chain(held) {
        tx.release(kind, &key, merge.survivor)?;
    }
    Ok(())
}

/// What went back.
struct Back {
    tickets: ticket::owner::Back,
    messages: u64,
    /// The sums of the events that stay.
    stayed: Session,
}

fn move_rows_back(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    merge: ObjectId,
    after: &Session,
) -> store::Result<Back> {
    let names: HashSet<String> = after.event_data.keys().cloned().collect();
    rows::move_back::<IdentityChange>(tx, survivor, gone, merge)?;
    rows::move_back::<Activity>(tx, survivor, gone, merge)?;
    rows::move_merges_back(tx, survivor, gone, merge)?;
    let tickets = ticket::owner::move_back(tx, survivor, gone, merge)?;
    let messages = message::owner::move_back(tx, survivor, gone, merge)?;
    files::document::move_back(tx, survivor, gone, merge)?;
    let stayed = rows::move_events_back(tx, survivor, gone, merge, &names)?;
    Ok(Back {
        tickets,
        messages,
        stayed,
    })
}

/// # Errors
/// [`store::Error::Taken`] when a key that the session must have is another's.
fn restore(tx: &mut Tx<'_>, id: ObjectId, version: i64, session: Session) -> store::Result<()> {
    for (kind, key, required) in session.keys() {
        if let Some(holder) = tx.owner(kind, &key)?.filter(|_| required) {
            return Err(store::Error::Taken { kind, key, holder });
        }
    }
    let row = tx.restore(id, version, session)?;
    identify::claim_keys(tx, id, &row.doc, &[], false)
}

fn parse(json: &serde_json::value::RawValue) -> store::Result<Session> {
    Ok(serde_json::from_str(json.get())?)
}
