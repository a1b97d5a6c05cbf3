//! What waits for the sockets of a session: one document each. It is taken out when it is pushed, so that nothing is pushed
//! twice; clients acknowledge nothing.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{
    Collection, Column, ColumnKind, Document, Millis, ObjectId, Reference, Row, Snapshot, Tx, Value,
};

/// Actions that wait for one session; of more the newest stay.
pub const PENDING_MAX: usize = 20;
/// Milliseconds after which an action that nobody took is forgotten: 30 days.
pub const PENDING_MS_MAX: i64 = 30 * 24 * 60 * 60 * 1000;

/// The outbox of a session. Its id is that of the session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// Whose it is.
    pub session: ObjectId,
    /// How many messages the user has not read beside those of tickets: what was set by itself.
    pub unread: u64,
    /// How many messages of tickets the user has not read.
    #[serde(default)]
    pub messages: u64,
    /// What waits, oldest first.
    pub pending: Vec<Pending>,
    /// The round of deliveries that last took what waited: when its connection broke, it finds here whether it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<ObjectId>,
}

/// An action that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Its id.
    pub id: ObjectId,
    /// When it was made.
    pub created_at: Millis,
    /// When it is forgotten.
    pub expires_at: Millis,
    /// What the client gets (wire note §5).
    pub action: Box<RawValue>,
}

/// What was taken out of an outbox, to be pushed.
#[derive(Debug, Default)]
pub struct Taken {
    /// Oldest first.
    pub actions: Vec<Box<RawValue>>,
    /// The number on the badge.
    pub unread: u64,
}

/// The table of outboxes.
pub static OUTBOXES: Collection = Collection {
    table: "outbox",
    columns: &[Column {
        name: "session",
        path: "session",
        kind: ColumnKind::Id,
    }],
    indexes: &[],
    cluster: &[],
    references: &[Reference {
        column: "session",
        table: "session",
    }],
};

impl Document for Outbox {
    const COLLECTION: &'static Collection = &OUTBOXES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.session.into()]
    }
}

impl Outbox {
    /// The number on the badge.
    #[must_use]
    pub fn badge(&self) -> u64 {
        self.unread.saturating_add(self.messages)
    }

    /// Whether something waits.
    #[must_use]
    pub fn has_pending(&self, now: Millis) -> bool {
        self.pending.iter().any(|pending| pending.expires_at > now)
    }

    fn add(&mut self, pending: impl IntoIterator<Item = Pending>, now: Millis) {
        let mut known: HashSet<_> = self.pending.iter().map(|pending| pending.id).collect();
        let added = pending.into_iter();
        // What is put back may be there already, when nobody knew what became of the first attempt.
        self.pending
            .extend(added.filter(|pending| known.insert(pending.id)));
        self.pending.retain(|pending| pending.expires_at > now);
        self.pending
            .sort_by_key(|pending| (pending.created_at, pending.id));
        let surplus = self.pending.len().saturating_sub(PENDING_MAX);
        self.pending.drain(..surplus);
    }
}

impl Pending {
    /// An action that is made now.
    #[must_use]
    pub fn new(id: ObjectId, action: Box<RawValue>, now: Millis) -> Self {
        Self {
            id,
            created_at: now,
            expires_at: Millis(now.0 + PENDING_MS_MAX),
            action,
        }
    }
}

/// Takes all that waits for a session, with the number on the badge. Push it after the commit.
///
/// # Errors
/// Those of the store.
pub fn take(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<Taken> {
    let (pending, unread) = take_pending(tx, session, None)?;
    let actions = pending.into_iter().map(|pending| pending.action).collect();
    Ok(Taken { actions, unread })
}

/// The same for a round of deliveries, so that it can be [put back](add), and [asked for](was_taken).
pub(super) fn take_pending(
    tx: &mut Tx<'_>,
    session: ObjectId,
    round: Option<ObjectId>,
) -> store::Result<(Vec<Pending>, u64)> {
    let Some(mut row) = tx.get_for_update::<Outbox>(session)? else {
        return Ok((Vec::new(), 0));
    };
    if row.doc.pending.is_empty() {
        return Ok((Vec::new(), row.doc.badge()));
    }
    let mut pending = std::mem::take(&mut row.doc.pending);
    row.doc.taken = round;
    tx.put(&mut row)?;
    pending.retain(|pending| pending.expires_at > tx.now());
    Ok((pending, row.doc.badge()))
}

/// Whether a round of deliveries was the last to take what waited. Waits for a transaction in which it does.
pub(super) fn was_taken(
    tx: &mut Tx<'_>,
    session: ObjectId,
    round: ObjectId,
) -> store::Result<bool> {
    let row = tx.get_for_update::<Outbox>(session)?;
    Ok(row.is_some_and(|row| row.doc.taken == Some(round)))
}

/// The number on the badge of a session.
///
/// # Errors
/// Those of the store.
pub fn unread(snapshot: &Snapshot<'_>, session: ObjectId) -> store::Result<u64> {
    Ok(snapshot
        .get::<Outbox>(session)?
        .map_or(0, |row| row.doc.badge()))
}

/// How many of them are messages of tickets.
///
/// # Errors
/// Those of the store.
pub fn unread_messages(tx: &Tx<'_>, session: ObjectId) -> store::Result<u64> {
    let row = tx.get_for_update::<Outbox>(session)?;
    Ok(row.map_or(0, |row| row.doc.messages))
}

/// Counts messages of tickets into the number on the badge, or out of it.
///
/// # Errors
/// Those of the store.
pub fn count_messages(tx: &mut Tx<'_>, session: ObjectId, by: i64) -> store::Result<()> {
    change(tx, session, |outbox| {
        outbox.messages = outbox.messages.saturating_add_signed(by);
    })
}

/// Puts actions into the outbox of a session.
///
/// # Errors
/// Those of the store.
pub fn add(
    tx: &mut Tx<'_>,
    session: ObjectId,
    pending: impl IntoIterator<Item = Pending>,
) -> store::Result<()> {
    let now = tx.now();
    change(tx, session, |outbox| outbox.add(pending, now))
}

/// Sets the number on the badge of a session: of the messages of tickets as many count as there are.
///
/// # Errors
/// Those of the store.
pub fn set_unread(tx: &mut Tx<'_>, session: ObjectId, unread: u64) -> store::Result<()> {
    change(tx, session, |outbox| {
        outbox.unread = unread.saturating_sub(outbox.messages);
    })
}

/// Takes actions back that nobody has taken yet; returns whether one waited.
///
/// # Errors
/// Those of the store.
pub fn withdraw(tx: &mut Tx<'_>, session: ObjectId, ids: &[ObjectId]) -> store::Result<bool> {
    let Some(mut row) = tx.get_for_update::<Outbox>(session)? else {
        return Ok(false);
    };
    let waited = row.doc.pending.len();
    row.doc.pending.retain(|pending| !ids.contains(&pending.id));
    let was_there = row.doc.pending.len() < waited;
    if was_there {
        tx.put(&mut row)?;
    }
    Ok(was_there)
}

/// Two outboxes before they were joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Joined {
    /// That of the session that lives on; empty when it had none.
    pub survivor: Outbox,
    /// That of the session that is gone.
    pub gone: Outbox,
}

impl Joined {
    /// The outbox that they became.
    fn together(&self, at: Millis) -> Outbox {
        let mut outbox = self.survivor.clone();
        outbox.unread = outbox.unread.saturating_add(self.gone.unread);
        outbox.messages = outbox.messages.saturating_add(self.gone.messages);
        outbox.add(self.gone.pending.clone(), at);
        outbox
    }
}

/// Moves what waits for a session that is merged into another to that one; returns what there was, when something moved.
/// The deletion is announced in any case: sockets of the session that is gone find the other by it.
///
/// # Errors
/// Those of the store.
pub fn merge(tx: &mut Tx<'_>, gone: ObjectId, survivor: ObjectId) -> store::Result<Option<Joined>> {
    let row = tx.get_for_update::<Outbox>(gone)?;
    tx.delete::<Outbox>(gone)?;
    let Some(row) = row else { return Ok(None) };
    let own = tx.get_for_update::<Outbox>(survivor)?.map(|row| row.doc);
    let joined = Joined {
        survivor: own.unwrap_or(Outbox {
            session: survivor,
            ..Outbox::default()
        }),
        gone: row.doc,
    };
    let together = joined.together(tx.now());
    change(tx, survivor, |outbox| *outbox = together)?;
    Ok(Some(joined))
}

/// Takes apart what [`merge`] joined at `at`. What was pushed since is not pushed again; what had no room any more waits again. Messages of
/// tickets are counted where the tickets are: by the caller.
///
/// # Errors
/// Those of the store.
pub fn part(
    tx: &mut Tx<'_>,
    survivor: ObjectId,
    gone: ObjectId,
    joined: Joined,
    at: Millis,
) -> store::Result<()> {
    let (now, together) = (tx.now(), joined.together(at));
    let has = |list: &[Pending], id: ObjectId| list.iter().any(|pending| pending.id == id);
    let mut back = joined.gone;
    change(tx, survivor, |outbox| {
        back.pending.retain(|pending| {
            has(&outbox.pending, pending.id) || !has(&together.pending, pending.id)
        });
        outbox
            .pending
            .retain(|pending| !has(&back.pending, pending.id));
        let displaced = joined.survivor.pending.into_iter();
        let displaced = displaced.filter(|pending| !has(&together.pending, pending.id));
        outbox.add(displaced, now);
        if outbox.unread == together.unread {
            outbox.unread = joined.survivor.unread;
        }
    })?;
    change(tx, gone, |outbox| {
        outbox.unread = back.unread;
        outbox.add(back.pending, now);
    })
}

/// Deletes the outbox of a session that is deleted. That is announced in any case: its sockets are dropped for it.
///
/// # Errors
/// Those of the store.
pub fn erase(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    tx.delete::<Outbox>(session).map(drop)
}

fn change(tx: &mut Tx<'_>, session: ObjectId, edit: impl FnOnce(&mut Outbox)) -> store::Result<()> {
    let row: Option<Row<Outbox>> = tx.get_for_update(session)?;
    if let Some(mut row) = row {
        edit(&mut row.doc);
        return tx.put(&mut row);
    }
    let mut outbox = Outbox {
        session,
        ..Outbox::default()
    };
    edit(&mut outbox);
    tx.insert(session, outbox).map(drop)
}
