//! Loading sessions in bulk: each line is an upsert by identity keys.

use indexmap::IndexMap;
use serde_json::value::RawValue;
use store::{ObjectId, Row, Tx};

use super::credential::NewCredential;
use super::document::Session;
use super::history::{Identifiers, Origin};
use super::identify;
use crate::identity;

/// A line of a file, read and ready to be written.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    id: Option<ObjectId>,
    session: Session,
    /// What the line says, to be laid over a session that is there.
    given: IndexMap<String, Box<RawValue>>,
    credential: NewCredential,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A session was made.
    Created,
    /// A session was changed.
    Updated,
}

/// Reads a line: a session as `GET /v3/sessions/{id}` shows it, with at least one identity key.
///
/// # Errors
/// What is wrong with the line, for people.
pub fn read(number: u64, text: &[u8], credential: NewCredential) -> Result<Line, String> {
    crate::http::json::check(text).map_err(|error| error.message().to_owned())?;
    let session: Session = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let given: IndexMap<String, Box<RawValue>> =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let id = given
        .get("_id")
        .or(given.get("id"))
        .map(|id| serde_json::from_str::<ObjectId>(id.get()));
    let id = id
        .transpose()
        .map_err(|_| "_id: must be 24 hexadecimal characters")?;
    if session
        .user_id
        .as_deref()
        .is_some_and(|user_id| !identity::is_user_id(user_id))
    {
        return Err("userId: is no id of a user".into());
    }
    if lookup_keys(&session).is_empty() {
        return Err("needs a userId, a gleapId, an email address or a phone number".into());
    }
    Ok(Line {
        number,
        id,
        session,
        given,
        credential,
    })
}

/// The keys by which a session that is there is found, best first.
fn lookup_keys(session: &Session) -> Vec<(store::Kind, String)> {
    let mut keys: Vec<_> = session
        .keys()
        .into_iter()
        .filter(|(_, key, _)| !key.is_empty())
        .map(|(kind, key, _)| (kind, key))
        .collect();
    keys.sort_by_key(|(kind, _)| *kind);
    keys
}

/// Writes a line: changes the session that one of its keys finds, or makes one.
///
/// # Errors
/// What is in the way, for people; or the store failed.
pub fn write(
    tx: &mut Tx<'_>,
    line: &Line,
    origin: &Origin,
) -> store::Result<Result<Outcome, String>> {
    for (kind, key) in lookup_keys(&line.session) {
        if let Some(id) = tx.owner(kind, &key)? {
            let row = tx
                .get_for_update::<Session>(id)?
                .ok_or_else(|| tx.raced())?;
            return update(tx, row, line, origin);
        }
    }
    create(tx, line)
}

fn create(tx: &mut Tx<'_>, line: &Line) -> store::Result<Result<Outcome, String>> {
    if let Some(id) = line.id
        && tx.raw::<Session>(id)?.is_some()
    {
        return Ok(Err(format!(
            "_id: {id} is that of a session with other identity keys"
        )));
    }
    let mut session = line.session.clone();
    if session.gleap_id.is_empty() {
        session.gleap_id.clone_from(&line.credential.gleap_id);
    }
    if session.gleap_hash.is_empty() {
        session.gleap_hash.clone_from(&line.credential.gleap_hash);
    }
    if session.created_at.0 == 0 {
        session.created_at = tx.now();
    }
    if session.first_activity.0 == 0 {
        session.first_activity = session.created_at;
    }
    let id = line.id.unwrap_or_else(|| tx.new_id());
    identify::insert_as(tx, id, session)?;
    Ok(Ok(Outcome::Created))
}

/// What the line says is laid over the session; custom data key by key.
fn update(
    tx: &mut Tx<'_>,
    mut row: Row<Session>,
    line: &Line,
    origin: &Origin,
) -> store::Result<Result<Outcome, String>> {
    if line.session.user_id.is_some()
        && row.doc.user_id.is_some()
        && line.session.user_id != row.doc.user_id
    {
        return Ok(Err(format!(
            "another key of the line belongs to the session {} of another user",
            row.id
        )));
    }
    let (before, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
    let mut document: IndexMap<String, Box<RawValue>> =
        serde_json::from_slice(&serde_json::to_vec(&row.doc)?)?;
    let fixed = [
        "customData",
        "gleapId",
        "gleapHash",
        "_id",
        "id",
        "project",
        "organisation",
    ];
    for (key, value) in line
        .given
        .iter()
        .filter(|(key, value)| !fixed.contains(&key.as_str()) && value.get() != "null")
    {
        document.insert(key.clone(), value.clone());
    }
    let mut session: Session = serde_json::from_slice(&serde_json::to_vec(&document)?)?;
    session.custom_data.extend(line.session.custom_data.clone());
    row.doc = session;
    identify::save(tx, &mut row, &before, &old_keys, origin)?;
    Ok(Ok(Outcome::Updated))
}
