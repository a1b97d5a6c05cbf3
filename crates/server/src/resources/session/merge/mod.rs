//! Merging: all that one session did becomes another's, and its credential and id go on finding that one.

mod absorb;
pub mod document;
pub mod operations;
mod plan;
pub mod rows;
mod separate;
pub mod undo;
pub mod via;

use store::{ObjectId, Row, Tx};

use self::document::UndoNotes;
pub use self::document::{MERGES, Merge, Moved};
use super::activity::Activity;
use super::document::Session;
use super::history::{Identifiers, IdentityChange, Origin};
use super::identify;
use crate::files;
use crate::live::outbox::{self, Joined};
use crate::resources::webhook::document::Event;
use crate::resources::webhook::emit;
use crate::resources::{import, message, ticket};

/// Why two sessions are not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeRefusal {
    /// A session and itself.
    #[error("a session cannot be merged with itself")]
    Itself,
    /// Two known users are two people.
    #[error("both sessions have a user id: two users are never made one")]
    TwoUsers,
    /// One of them is not there.
    #[error("there is no session {0}")]
    Unknown(ObjectId),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A merge that was done.
#[derive(Debug)]
pub struct Merged {
    /// The id of its record.
    pub id: ObjectId,
    /// The session that lives on.
    pub survivor: Row<Session>,
    /// What it was before.
    pub before: Session,
    /// What the session was that is gone.
    pub gone: Session,
    /// What moved.
    pub moved: Moved,
}

/// Merges the session `merged` into `survivor` (decisions, Identify: a guest into a user).
///
/// # Errors
/// [`MergeRefusal`] when they must not be merged; nothing was changed then.
pub fn merge(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    merged: ObjectId,
    origin: &Origin,
    names_max: usize,
) -> Result<Merged, MergeRefusal> {
    if survivor == merged {
        return Err(MergeRefusal::Itself);
    }
    let mut kept = tx
        .get_for_update::<Session>(survivor)?
        .ok_or(MergeRefusal::Unknown(survivor))?;
    let gone = tx
        .get_for_update::<Session>(merged)?
        .ok_or(MergeRefusal::Unknown(merged))?;
    if kept.doc.user_id.is_some() && gone.doc.user_id.is_some() {
        return Err(MergeRefusal::TwoUsers);
    }
    let (id, before, old_keys) = (tx.new_id(), kept.doc.clone(), kept.doc.keys());
    let held = remove(tx, &gone, survivor)?;
    let mut sums = gone.doc.clone();
    let (moved, outboxes) = move_rows(tx, gone.id, survivor, id, &mut sums)?;
    absorb::absorb(&mut kept.doc, sums, names_max);
    let identifiers = Identifiers::of(&before);
    identify::save(tx, &mut kept, &identifiers, &old_keys, origin)?;
    // An address that both had finds the survivor now.
    identify::claim_keys(tx, survivor, &kept.doc, &[], false)?;
    let (survivor_before, survivor_after) =
        separate::difference(&before, &kept.doc).map_err(store::Error::from)?;
    let notes = UndoNotes {
        version: gone.version,
        held,
        survivor_before,
        survivor_after,
        outboxes,
    };
    record(tx, id, survivor, &gone, origin, moved, notes)?;
    emit::session(tx, Event::SessionMerged, &kept, &[("merged", gone.id)])?;
    Ok(Merged {
        id,
        survivor: kept,
        before,
        gone: gone.doc,
        moved,
    })
}

/// Removes a session with its identity keys; returns those that it held.
fn remove(
    tx: &mut Tx<'_>,
    gone: &Row<Session>,
    survivor: ObjectId,
) -> store::Result<Vec<(u8, String)>> {
    let mut held = Vec::new();
    for (kind, key, _) in gone.doc.keys() {
        if tx.owner(kind, &key)? == Some(gone.id) {
            tx.release(kind, &key, gone.id)?;
            held.push((kind.0, key));
        }
    }
    tx.delete_for::<Session>(gone.id, survivor)?;
    Ok(held)
}

/// Moves all that belongs to a session.
fn move_rows(
    tx: &mut Tx<'_>,
    gone: ObjectId,
    survivor: ObjectId,
    merge: ObjectId,
    sums: &mut Session,
) -> store::Result<(Moved, Option<Joined>)> {
    import::forget::session(tx, gone)?;
    let (events, repeated_events) = rows::move_events(tx, gone, survivor, merge, sums)?;
    let moved = Moved {
        events,
        repeated_events,
        history: rows::move_to::<IdentityChange>(tx, gone, survivor, merge)?,
        activities: rows::move_to::<Activity>(tx, gone, survivor, merge)?,
        merges: rows::move_merges(tx, gone, survivor, merge)?,
        tickets: ticket::owner::move_to(tx, gone, survivor, merge)?,
        messages: message::owner::move_to(tx, gone, survivor, merge)?,
        files: files::document::move_to(tx, gone, survivor, merge)?,
    };
    Ok((moved, outbox::merge(tx, gone, survivor)?))
}

fn record(
    tx: &mut Tx<'_>,
    id: ObjectId,
    survivor: ObjectId,
    gone: &Row<Session>,
    origin: &Origin,
    moved: Moved,
    notes: UndoNotes,
) -> store::Result<()> {
    let merge = Merge {
        survivor,
        merged: gone.id,
        gleap_id: gone.doc.gleap_id.clone(),
        gleap_hash: gone.doc.gleap_hash.clone(),
        at: tx.now(),
        by: origin.clone(),
        before: Some(serde_json::value::to_raw_value(&gone.doc)?),
        moved,
        via: via::Via::default(),
        undo: Some(notes),
        undone: None,
    };
    for (kind, key) in merge.keys() {
        tx.claim(kind, &key, survivor)?;
    }
    tx.insert(id, merge).map(drop)
}
