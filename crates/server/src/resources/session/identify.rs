//! Identify: make the session of a user id, or find it, and give it attributes.

use store::{Millis, ObjectId, Row, Tx};

use super::attributes::{AttributeLimits, Attributes};
use super::blocked;
use super::credential::NewCredential;
use super::document::Session;
use super::history::{self, Identifiers, Origin};
use super::not_identifying::NotIdentifying;
use crate::identity;
use crate::resources::webhook::document::Event;
use crate::resources::webhook::emit;

/// What to do when attributes do not fit the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// Refuse the call and name them (admin and REST callers).
    Refuse,
    /// Keep what fits (SDK callers).
    KeepFitting,
}

/// An identify call by a trusted server.
#[derive(Debug, Clone)]
pub struct Identify {
    pub user_id: String,
    pub attributes: Attributes,
    pub limits: AttributeLimits,
    pub overflow: Overflow,
    /// Whether the call counts as activity of the user.
    pub is_activity: bool,
    /// A call without other changes moves `lastActivity` at most this often.
    pub activity_debounce_ms: i64,
    pub origin: Origin,
    /// For a session that has to be made.
    pub credential: NewCredential,
}

/// Why an identify call was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Attributes beyond the limits, each named.
    #[error("some attributes are beyond the limits")]
    Attributes(Vec<String>),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The session after a call.
#[derive(Debug)]
pub struct Identified {
    pub row: Row<Session>,
    /// Whether the call made it.
    pub created: bool,
    /// The addresses that the call gave it in vain.
    pub not_identifying: NotIdentifying,
}

/// Makes or finds the session of the user id and gives it the attributes.
///
/// # Errors
/// [`Refusal::Attributes`] when they do not fit and the caller wants to know.
pub fn identify(tx: &mut Tx<'_>, call: &Identify) -> Result<Identified, Refusal> {
    let Some(mut row) = find(tx, &call.user_id)? else {
        let mut session = of_user(&call.user_id, &call.credential, tx.now());
        give(call, &mut session, tx.now(), true)?;
        let row = insert(tx, session, &call.origin)?;
        return Ok(Identified {
            not_identifying: NotIdentifying::of(tx, &[], &row)?,
            row,
            created: true,
        });
    };
    let (before, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
    if give(call, &mut row.doc, tx.now(), false)? {
        save(tx, &mut row, &before, &old_keys, &call.origin)?;
    }
    Ok(Identified {
        not_identifying: NotIdentifying::of(tx, &old_keys, &row)?,
        row,
        created: false,
    })
}

/// Gives a session the attributes of a call; returns whether it changed.
fn give(
    call: &Identify,
    session: &mut Session,
    now: Millis,
    created: bool,
) -> Result<bool, Refusal> {
    let (changed, refused) = call.attributes.apply(session, call.limits);
    if !refused.is_empty() && call.overflow == Overflow::Refuse {
        return Err(Refusal::Attributes(refused));
    }
    Ok(changed
        | (call.is_activity && touch(session, now, changed || created, call.activity_debounce_ms)))
}

/// The session of a user id; made when there is none. `None` for one that is blocked.
pub fn find_or_create(
    tx: &mut Tx<'_>,
    user_id: &str,
    credential: &NewCredential,
    origin: &Origin,
) -> store::Result<Option<Row<Session>>> {
    if let Some(row) = find(tx, user_id)? {
        return Ok(Some(row));
    }
    if blocked::is_blocked(tx, identity::USER_ID, user_id)? {
        return Ok(None);
    }
    let session = of_user(user_id, credential, tx.now());
    insert(tx, session, origin).map(Some)
}

fn find(tx: &Tx<'_>, user_id: &str) -> store::Result<Option<Row<Session>>> {
    tx.find_for_update(identity::USER_ID, user_id)
}

fn of_user(user_id: &str, credential: &NewCredential, now: Millis) -> Session {
    Session {
        user_id: Some(user_id.to_owned()),
        ..blank(credential, now)
    }
}

/// A session of which nothing is known.
#[must_use]
pub fn blank(credential: &NewCredential, now: Millis) -> Session {
    Session {
        gleap_id: credential.gleap_id.clone(),
        gleap_hash: credential.gleap_hash.clone(),
        first_activity: now,
        created_at: now,
        ..Session::default()
    }
}

/// Inserts a session with its identity keys and the first entry of its history.
pub fn insert(tx: &mut Tx<'_>, session: Session, origin: &Origin) -> store::Result<Row<Session>> {
    let row = insert_as(tx, tx.new_id(), session)?;
    if let Some(changes) = Identifiers::default().changes_to(&Identifiers::of(&row.doc)) {
        history::record(tx, &row, changes, origin)?;
    }
    emit::session(tx, Event::SessionCreated, &row, &[])?;
    if row.doc.user_id.is_some() {
        emit::session(tx, Event::SessionIdentified, &row, &[])?;
    }
    Ok(row)
}

/// Inserts a session with its identity keys. Imported sessions bring no history of their own.
pub fn insert_as(tx: &mut Tx<'_>, id: ObjectId, session: Session) -> store::Result<Row<Session>> {
    let row = tx.insert(id, session)?;
    claim_keys(tx, id, &row.doc, &[], true)?;
    Ok(row)
}

/// Writes a changed session with its identity keys and its history.
pub fn save(
    tx: &mut Tx<'_>,
    row: &mut Row<Session>,
    before: &Identifiers,
    old_keys: &[(store::Kind, String, bool)],
    origin: &Origin,
) -> store::Result<()> {
    tx.put(row)?;
    claim_keys(tx, row.id, &row.doc, old_keys, true)?;
    if row.doc.user_id.is_some() && !before.is_user() {
        emit::session(tx, Event::SessionIdentified, row, &[])?;
    }
    match before.changes_to(&Identifiers::of(&row.doc)) {
        Some(changes) => history::record(tx, row, changes, origin),
        None => Ok(()),
    }
}

/// Claims the keys that are new and releases those that are gone. An address that another session holds stays with it, unless
/// that is a guest's word alone and `takes_over`; one that is blocked finds nobody.
///
/// # Errors
/// [`store::Error::Taken`] by [`blocked::LIST`] for a user id that is blocked.
pub fn claim_keys(
    tx: &mut Tx<'_>,
    id: ObjectId,
    session: &Session,
    old: &[(store::Kind, String, bool)],
    takes_over: bool,
) -> store::Result<()> {
    let keys = session.keys();
    for (kind, key, _) in old.iter().filter(|key| !keys.contains(key)) {
        tx.release(*kind, key, id)?;
    }
    for (kind, key, required) in keys.iter().filter(|key| !old.contains(key)) {
        match tx.claim(*kind, key, id) {
            Err(store::Error::Taken { holder, .. }) if !required => {
                if takes_over {
                    take_over(tx, (*kind, key), holder, (id, session))?;
                }
            }
            Err(error @ store::Error::Taken { holder, .. }) if holder == blocked::LIST => {
                return Err(error);
            }
            Err(store::Error::Taken { .. }) => return Err(tx.raced()),
            claimed => claimed?,
        }
    }
    Ok(())
}

/// Whoever looked for addresses and found nobody makes a session of them. When another was faster, the unit runs again and finds
/// that one, so that many calls at once with one address make one session.
///
/// # Errors
/// That another was faster.
pub fn expect_held(
    tx: &Tx<'_>,
    id: ObjectId,
    were_free: &[(store::Kind, String)],
) -> store::Result<()> {
    for (kind, key) in were_free {
        if tx.owner(*kind, key)?.is_some_and(|holder| holder != id) {
            return Err(tx.raced());
        }
    }
    Ok(())
}

/// Of an address that a guest's client said, anybody may have been the author: whoever is known otherwise takes it over.
fn take_over(
    tx: &mut Tx<'_>,
    (kind, key): (store::Kind, &str),
    holder: ObjectId,
    (id, session): (ObjectId, &Session),
) -> store::Result<()> {
    let holds_by_word = tx
        .get::<Session>(holder)?
        .is_some_and(|row| row.doc.is_hearsay());
    if !holds_by_word || session.is_hearsay() {
        return Ok(());
    }
    tx.release(kind, key, holder)?;
    tx.claim(kind, key, id)
}

/// Moves `lastActivity`; a call that changes nothing else does so only when it is due.
fn touch(session: &mut Session, now: Millis, changed: bool, debounce_ms: i64) -> bool {
    let due = session
        .last_activity
        .is_none_or(|last| now.0 - last.0 >= debounce_ms);
    if due || changed {
        session.last_activity = Some(now);
    }
    due
}
