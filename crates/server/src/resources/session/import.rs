//! Loading sessions in bulk: each row is an upsert by identity keys.

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use store::{Kind, Millis, ObjectId, Row, Tx};

use super::attributes::AttributeLimits;
use super::blocked;
use super::credential::NewCredential;
use super::document::{MemoryEntry, Session};
use super::fields::{Fields, Members};
use super::history::{Identifiers, Origin};
use super::{identify, memory};
use crate::identity;

/// How rows are read.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How much custom data a session may hold.
    pub limits: AttributeLimits,
    /// The instant that undated changes are given.
    pub now: Millis,
}

/// A row of a file, read and ready to be written.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    id: Option<ObjectId>,
    /// The session that is made when none is found.
    session: Session,
    /// What the row says, to be merged into a session that is there.
    fields: Fields,
    memory: Option<Vec<MemoryEntry>>,
    names_gleap_id: bool,
    rules: Rules,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A session was made.
    Created,
    /// A session was changed.
    Updated,
    /// The session says all that already.
    Unchanged,
}

/// A session after its row.
#[derive(Debug)]
pub struct Written {
    /// What became of the row.
    pub outcome: Outcome,
    /// The session.
    pub row: Row<Session>,
    /// Its document before, when it was there.
    pub before: Option<Vec<u8>>,
    /// The keys that it held before and gave up.
    pub released: Vec<(Kind, String)>,
}

/// Reads a row: a session as `GET /v3/sessions/{id}` shows it, with at least one identity key. `null` says nothing.
///
/// # Errors
/// What is wrong with the row, for people.
pub fn read(
    number: u64,
    text: &[u8],
    credential: &NewCredential,
    rules: Rules,
) -> Result<Line, String> {
    crate::http::json::check(text).map_err(|error| error.message().to_owned())?;
    let mut given: IndexMap<String, Box<RawValue>> = parse(text)?;
    let members = without_null(&mut given, text)?;
    let fields = Fields::read(&given, members).map_err(|faults| faults.join("; "))?;
    let memory = given.get("memory").map(|raw| entries(raw)).transpose()?;
    let mut session = identify::blank(credential, Millis::default());
    fields.give_credential(&mut session);
    fields
        .apply(&mut session, rules.now, rules.limits)
        .map_err(|faults| faults.join("; "))?;
    session
        .memory
        .clone_from(memory.as_ref().unwrap_or(&Vec::new()));
    let names_gleap_id = given.contains_key("gleapId");
    // A credential that was only just made finds nobody.
    if session.keys().len() == 1 && !names_gleap_id {
        return Err("needs a userId, a gleapId, an email address or a phone number".into());
    }
    Ok(Line {
        number,
        id: id(&given)?,
        session,
        fields,
        memory,
        names_gleap_id,
        rules,
    })
}

/// Takes out what is `null`, and reads the rest.
fn without_null(
    given: &mut IndexMap<String, Box<RawValue>>,
    text: &[u8],
) -> Result<Members, String> {
    if given.values().all(|value| value.get() != "null") {
        return parse(text);
    }
    given.retain(|_, value| value.get() != "null");
    parse(&serde_json::to_vec(given).map_err(|error| error.to_string())?)
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| {
        let (field, wrong) = crate::http::json::fault::<T>(text)
            .unwrap_or_else(|| (String::new(), error.to_string()));
        if field.is_empty() {
            wrong
        } else {
            format!("{field}: {wrong}")
        }
    })
}

fn id(given: &IndexMap<String, Box<RawValue>>) -> Result<Option<ObjectId>, String> {
    let id = given.get("_id").or(given.get("id"));
    id.map(|id| serde_json::from_str(id.get()))
        .transpose()
        .map_err(|_| "_id: must be 24 hexadecimal characters".into())
}

fn entries(raw: &RawValue) -> Result<Vec<MemoryEntry>, String> {
    let entries: Vec<MemoryEntry> =
        parse(raw.get().as_bytes()).map_err(|wrong| format!("memory: {wrong}"))?;
    if entries.len() > memory::ENTRIES_MAX {
        return Err(format!(
            "memory: has more than {} entries",
            memory::ENTRIES_MAX
        ));
    }
    match entries.iter().position(|entry| !memory::is_whole(entry)) {
        Some(number) => Err(format!("memory[{number}]: is beyond the limits of memory")),
        None => Ok(entries),
    }
}

/// Writes a row: changes the session that one of its keys finds, or makes one. When it refuses, it has written nothing.
///
/// A user id decides. Otherwise a `gleapId`: rows that name one come from an export, so an address that another session has does not
/// make them that session. Otherwise the email address, then the phone number, unless its holder is another user.
///
/// # Errors
/// What is in the way, for people; or the store failed.
pub fn write(
    tx: &mut Tx<'_>,
    line: &Line,
    origin: &Origin,
) -> store::Result<Result<Written, String>> {
    let keys = lookup_keys(line);
    let (mut blocked, mut free) = (0, Vec::new());
    for (kind, key) in &keys {
        let (kind, Some(id)) = (*kind, tx.owner(*kind, key)?) else {
            free.push((*kind, key.clone()));
            continue;
        };
        if id == blocked::LIST {
            if kind == identity::USER_ID {
                return Ok(Err(
                    "userId: is on the list of values that identify nobody".into()
                ));
            }
            blocked += 1;
            continue;
        }
        let row = tx
            .get_for_update::<Session>(id)?
            .ok_or_else(|| tx.raced())?;
        let is_another_user = line.session.user_id.is_some()
            && row.doc.user_id.is_some()
            && line.session.user_id != row.doc.user_id;
        let is_address = matches!(kind, identity::EMAIL | identity::PHONE);
        if is_address && row.doc.is_hearsay() {
            continue;
        }
        match (is_another_user, kind) {
            (false, _) => return update(tx, row, line, origin),
            (true, identity::GLEAP_ID) => {
                return Ok(Err(format!(
                    "gleapId: belongs to the session {id} of another user"
                )));
            }
            (true, _) => {}
        }
    }
    if blocked > 0 && blocked == keys.len() {
        return Ok(Err(
            "its addresses are on the list of values that identify nobody: it needs a userId or a gleapId".into(),
        ));
    }
    let written = create(tx, line)?;
    if let Ok(written) = &written {
        identify::expect_held(tx, written.row.id, &free)?;
    }
    Ok(written)
}

/// The keys by which a session that is there is looked for, best first.
fn lookup_keys(line: &Line) -> Vec<(Kind, String)> {
    let is_looked_for = |kind: Kind| match kind {
        identity::USER_ID => true,
        identity::GLEAP_ID => line.names_gleap_id,
        _ => !line.names_gleap_id,
    };
    let mut keys: Vec<_> = line
        .session
        .keys()
        .into_iter()
        .filter(|(kind, _, _)| is_looked_for(*kind))
        .map(|(kind, key, _)| (kind, key))
        .collect();
    keys.sort_by_key(|(kind, _)| *kind);
    keys
}

fn create(tx: &mut Tx<'_>, line: &Line) -> store::Result<Result<Written, String>> {
    if let Some(id) = line.id
        && tx.raw::<Session>(id)?.is_some()
    {
        return Ok(Err(format!(
            "_id: {id} is that of a session with other identity keys"
        )));
    }
    let mut session = line.session.clone();
    if session.created_at.0 == 0 {
        session.created_at = tx.now();
    }
    if session.first_activity.0 == 0 {
        session.first_activity = session.created_at;
    }
    let id = line.id.unwrap_or_else(|| tx.new_id());
    Ok(Ok(Written {
        outcome: Outcome::Created,
        row: identify::insert_as(tx, id, session)?,
        before: None,
        released: Vec::new(),
    }))
}

/// What the row says is merged into the session; custom data key by key.
fn update(
    tx: &mut Tx<'_>,
    mut row: Row<Session>,
    line: &Line,
    origin: &Origin,
) -> store::Result<Result<Written, String>> {
    let (identifiers, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
    let before = serde_json::to_vec(&row.doc)?;
    if let Err(faults) = line.fields.apply(&mut row.doc, tx.now(), line.rules.limits) {
        return Ok(Err(faults.join("; ")));
    }
    if let Some(memory) = &line.memory {
        row.doc.memory.clone_from(memory);
    }
    let mut released = Vec::new();
    let outcome = if serde_json::to_vec(&row.doc)? == before {
        Outcome::Unchanged
    } else {
        released = given_up(tx, &row, &old_keys)?;
        identify::save(tx, &mut row, &identifiers, &old_keys, origin)?;
        Outcome::Updated
    };
    Ok(Ok(Written {
        outcome,
        row,
        before: Some(before),
        released,
    }))
}

/// Of the keys that a changed session no longer has, those that it holds: an address that it shows may be another's.
fn given_up(
    tx: &Tx<'_>,
    row: &Row<Session>,
    old_keys: &[(Kind, String, bool)],
) -> store::Result<Vec<(Kind, String)>> {
    let new_keys = row.doc.keys();
    let mut held = Vec::new();
    for (kind, key, _) in old_keys.iter().filter(|key| !new_keys.contains(key)) {
        if tx.owner(*kind, key)? == Some(row.id) {
            held.push((*kind, key.clone()));
        }
    }
    Ok(held)
}
