//! Merging: all that one session did becomes another's, and its credential and id go on finding that one.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, Millis, ObjectId, Query, RawRow,
    Reference, Row, Tx, Value,
};

use super::document::Session;
use super::event::{self, Event};
use super::history::{self, Identifiers, IdentityChange, Origin};
use super::identify;
use crate::files;
use crate::identity;
use crate::live::outbox;
use crate::resources::ticket;

/// Rows that are moved before the next are read.
const ROWS_PER_STEP: u32 = 500;

/// The record of a merge. It carries what keeps working of the session that is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merge {
    /// The session that lives on.
    pub survivor: ObjectId,
    /// The id of the one that is gone.
    pub merged: ObjectId,
    /// Its credential, which goes on working.
    pub gleap_id: String,
    /// The secret half of it.
    pub gleap_hash: String,
    /// When.
    pub at: Millis,
    /// Who asked for it.
    pub by: Origin,
    /// What the session was.
    pub before: Box<RawValue>,
}

/// The table of merges.
pub static MERGES: Collection = Collection {
    table: "merge",
    columns: &[
        Column {
            name: "survivor",
            path: "survivor",
            kind: ColumnKind::Id,
        },
        Column {
            name: "gleap_id",
            path: "gleapId",
            kind: ColumnKind::Text,
        },
    ],
    indexes: &[
        Index {
            name: "merge_by_survivor",
            columns: &["survivor"],
            not_null: None,
        },
        Index {
            name: "merge_by_gleap_id",
            columns: &["gleap_id"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "survivor",
        table: "session",
    }],
};

impl Document for Merge {
    const COLLECTION: &'static Collection = &MERGES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.survivor.into(), self.gleap_id.as_str().into()]
    }

    fn identities(&self) -> Vec<Identity> {
        let alias = |(kind, key)| Identity {
            kind,
            key,
            owner: Some(self.survivor),
            required: true,
        };
        self.keys().into_iter().map(alias).collect()
    }
}

impl Merge {
    /// What finds the survivor because of this merge.
    #[must_use]
    pub fn keys(&self) -> [(store::Kind, String); 2] {
        [
            (identity::GLEAP_ID, self.gleap_id.clone()),
            (identity::MERGED_ID, self.merged.to_string()),
        ]
    }
}

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
) -> Result<Row<Session>, MergeRefusal> {
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
    let (before, old_keys) = (Identifiers::of(&kept.doc), kept.doc.keys());
    remove(tx, &gone)?;
    let mut gone_doc = gone.doc.clone();
    move_events(tx, &gone, survivor, &mut gone_doc)?;
    move_history(tx, gone.id, survivor)?;
    move_earlier_merges(tx, gone.id, survivor)?;
    outbox::merge(tx, gone.id, survivor)?;
    ticket::owner::move_to(tx, gone.id, survivor)?;
    files::document::move_to(tx, gone.id, survivor)?;
    absorb(&mut kept.doc, gone_doc, names_max);
    identify::save(tx, &mut kept, &before, &old_keys, origin)?;
    record(tx, survivor, &gone, origin)?;
    Ok(kept)
}

fn remove(tx: &mut Tx<'_>, gone: &Row<Session>) -> store::Result<()> {
    for (kind, key, _) in gone.doc.keys() {
        tx.release(kind, &key, gone.id)?;
    }
    tx.delete::<Session>(gone.id).map(drop)
}

/// Events that both sessions have are counted once: they are taken out of what the merged session adds.
fn move_events(
    tx: &mut Tx<'_>,
    gone: &Row<Session>,
    survivor: ObjectId,
    sums: &mut Session,
) -> store::Result<()> {
    while let Some(rows) = next_rows::<Event>(tx, "session", gone.id)? {
        for row in &rows {
            let mut moved: Event = row.parse()?;
            moved.session = survivor;
            if !tx.append(row.id, &moved)?
                && let Some(summary) = sums.event_data.get_mut(&moved.name)
            {
                summary.count = summary.count.saturating_sub(1);
            }
            tx.delete_at::<Event>(&[gone.id.into(), moved.date.into()], row.id)?;
        }
    }
    sums.event_data.retain(|_, summary| summary.count > 0);
    Ok(())
}

fn move_history(tx: &mut Tx<'_>, gone: ObjectId, survivor: ObjectId) -> store::Result<()> {
    while let Some(rows) = next_rows::<IdentityChange>(tx, "session", gone)? {
        for row in rows {
            let change: IdentityChange = row.parse()?;
            let place = [gone.into(), change.at.into()];
            tx.append(
                row.id,
                &IdentityChange {
                    session: survivor,
                    ..change
                },
            )?;
            tx.delete_at::<IdentityChange>(&place, row.id)?;
        }
    }
    history::forget_oldest(tx, survivor)
}

/// Sessions that were merged into the one that is gone now find the survivor.
fn move_earlier_merges(tx: &mut Tx<'_>, gone: ObjectId, survivor: ObjectId) -> store::Result<()> {
    while let Some(rows) = next_rows::<Merge>(tx, "survivor", gone)? {
        for row in rows {
            let mut earlier = tx
                .get_for_update::<Merge>(row.id)?
                .ok_or_else(|| tx.raced())?;
            for (kind, key) in earlier.doc.keys() {
                tx.release(kind, &key, gone)?;
                tx.claim(kind, &key, survivor)?;
            }
            earlier.doc.survivor = survivor;
            tx.put(&mut earlier)?;
        }
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: &Row<Session>,
    origin: &Origin,
) -> store::Result<()> {
    let merge = Merge {
        survivor,
        merged: gone.id,
        gleap_id: gone.doc.gleap_id.clone(),
        gleap_hash: gone.doc.gleap_hash.clone(),
        at: tx.now(),
        by: origin.clone(),
        before: serde_json::value::to_raw_value(&gone.doc)?,
    };
    for (kind, key) in merge.keys() {
        tx.claim(kind, &key, survivor)?;
    }
    tx.insert(tx.new_id(), merge).map(drop)
}

/// What the survivor takes over: what it lacks, and the sums.
fn absorb(kept: &mut Session, gone: Session, names_max: usize) {
    fn fill<T>(place: &mut Option<T>, value: Option<T>) {
        if place.is_none() {
            *place = value;
        }
    }
    fill(&mut kept.user_id, gone.user_id);
    fill(&mut kept.name, gone.name);
    fill(&mut kept.email, gone.email);
    fill(&mut kept.phone, gone.phone);
    fill(&mut kept.avatar, gone.avatar);
    fill(&mut kept.sla, gone.sla);
    fill(&mut kept.plan, gone.plan);
    fill(&mut kept.company_id, gone.company_id);
    fill(&mut kept.company_name, gone.company_name);
    fill(&mut kept.platform, gone.platform);
    fill(&mut kept.device_type, gone.device_type);
    fill(&mut kept.location, gone.location);
    fill(&mut kept.facebook_id, gone.facebook_id);
    fill(&mut kept.instagram_id, gone.instagram_id);
    fill(&mut kept.instagram_username, gone.instagram_username);
    fill(&mut kept.telegram_chat_id, gone.telegram_chat_id);
    fill(&mut kept.telegram_username, gone.telegram_username);
    fill(&mut kept.checklist_tasks, gone.checklist_tasks);
    fill(&mut kept.outbound_history, gone.outbound_history);
    let known: Vec<_> = kept.memory.iter().map(|entry| entry.name.clone()).collect();
    kept.memory.extend(
        gone.memory
            .into_iter()
            .filter(|entry| !known.contains(&entry.name)),
    );
    // What protects the team or the user from messages must not be lost by a merge.
    kept.blocked |= gone.blocked;
    if gone.unsubscribed && !kept.unsubscribed {
        kept.unsubscribed = true;
        kept.unsubscribed_at = gone.unsubscribed_at;
        kept.unsubscribe_reason = gone.unsubscribe_reason;
    }
    for (key, value) in gone.custom_data {
        kept.custom_data.entry(key).or_insert(value);
    }
    let new_tags: Vec<_> = gone
        .tags
        .into_iter()
        .filter(|tag| !kept.tags.contains(tag))
        .collect();
    kept.tags.extend(new_tags);
    kept.sessions += gone.sessions;
    kept.count_feedback_reports += gone.count_feedback_reports;
    kept.count_feedback_comments += gone.count_feedback_comments;
    kept.first_activity = kept.first_activity.min(gone.first_activity);
    kept.last_activity = kept.last_activity.max(gone.last_activity);
    kept.last_heard_from = kept.last_heard_from.max(gone.last_heard_from);
    kept.last_feedback_report = kept.last_feedback_report.max(gone.last_feedback_report);
    if gone.last_page_view.as_ref().map(|view| view.date)
        > kept.last_page_view.as_ref().map(|view| view.date)
    {
        kept.last_page_view = gone.last_page_view;
    }
    kept.event_data = event::join(
        std::mem::take(&mut kept.event_data),
        gone.event_data,
        names_max,
    );
}

/// The next rows that point at a session; `None` when there are no more.
fn next_rows<D: Document>(
    tx: &Tx<'_>,
    path: &'static str,
    session: ObjectId,
) -> store::Result<Option<Vec<RawRow>>> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known(path), Scalar::Id(session)),
        limit: ROWS_PER_STEP,
        ..Query::default()
    };
    let rows = tx.page::<D>(&query)?.rows;
    Ok((!rows.is_empty()).then_some(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::session::document::MemoryEntry;

    fn entry(name: &str, content: &str) -> MemoryEntry {
        MemoryEntry {
            name: name.into(),
            description: String::new(),
            content: content.into(),
            actor: "admin".into(),
            actor_user_id: None,
            created_at: Millis(0),
            updated_at: Millis(0),
        }
    }

    #[test]
    fn the_survivor_keeps_its_own_and_takes_what_it_lacks() {
        let mut kept = Session {
            name: Some("Ada".into()),
            tags: vec!["vip".into()],
            memory: vec![entry("a", "own")],
            sessions: 2,
            ..Session::default()
        };
        let gone = Session {
            name: Some("Guest".into()),
            facebook_id: Some("f".into()),
            tags: vec!["vip".into(), "trial".into()],
            memory: vec![entry("a", "other"), entry("b", "new")],
            sessions: 3,
            ..Session::default()
        };
        absorb(&mut kept, gone, 10);
        assert_eq!(kept.name.as_deref(), Some("Ada"));
        assert_eq!(kept.facebook_id.as_deref(), Some("f"));
        assert_eq!(kept.tags, ["vip", "trial"]);
        assert_eq!(kept.memory, [entry("a", "own"), entry("b", "new")]);
        assert_eq!(kept.sessions, 5);
    }

    #[test]
    fn a_merge_never_lifts_a_block_or_an_unsubscription() {
        let mut kept = Session::default();
        let gone = Session {
            blocked: true,
            unsubscribed: true,
            unsubscribed_at: Some(Millis(7)),
            ..Session::default()
        };
        absorb(&mut kept, gone, 10);
        assert!(kept.blocked && kept.unsubscribed);
        assert_eq!(kept.unsubscribed_at, Some(Millis(7)));
    }
}
