//! Values that identify nobody: the phone of a whole office, an address that testers type.
//!
//! The list of a project holds their identity keys itself. So they find no session and none can claim them, and where nothing is blocked
//! nothing is looked at.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Identity, Kind, ObjectId, Snapshot, Tx, Value};
use utoipa::ToSchema;

use super::document::Session;
use crate::identity;

/// Values that a project may block.
pub const VALUES_MAX: usize = 500;
/// The id of the list in its project, and so the owner of its keys.
pub const LIST: ObjectId = ObjectId::from_bytes(*b"blocked-list");

/// What a blocked value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum BlockedKind {
    /// The id under which the customer's own system knows a user.
    UserId,
    /// An email address.
    Email,
    /// A phone number with its country code.
    Phone,
}

/// A value that identifies nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// What it is.
    pub kind: BlockedKind,
    /// As it was given.
    pub value: String,
    /// Its identity key.
    pub key: String,
    /// The session that it identified before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<ObjectId>,
}

/// The values that a project blocked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BlockedIdentities {
    /// In the order in which they were given.
    pub values: Vec<Blocked>,
}

/// The table of the lists: at most one row for each project.
pub static BLOCKED_IDENTITIES: Collection = Collection {
    table: "blocked_identities",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for BlockedIdentities {
    const COLLECTION: &'static Collection = &BLOCKED_IDENTITIES;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }

    fn identities(&self) -> Vec<Identity> {
        let key = |value: &Blocked| Identity {
            kind: value.kind.of_keys(),
            key: value.key.clone(),
            owner: None,
            required: true,
        };
        self.values.iter().map(key).collect()
    }
}

impl BlockedKind {
    /// The kind of its identity keys.
    #[must_use]
    pub fn of_keys(self) -> Kind {
        match self {
            Self::UserId => identity::USER_ID,
            Self::Email => identity::EMAIL,
            Self::Phone => identity::PHONE,
        }
    }

    /// The identity key of a value; `None` for one that is none.
    #[must_use]
    pub fn key(self, value: &str) -> Option<String> {
        match self {
            Self::UserId => Some(value.to_owned()).filter(|value| identity::is_user_id(value)),
            Self::Email => identity::email_key(value),
            Self::Phone => identity::phone_key(value),
        }
    }
}

impl Blocked {
    fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key == other.key
    }
}

/// The values that are blocked.
///
/// # Errors
/// Those of the store.
pub fn of(snapshot: &Snapshot<'_>) -> store::Result<Vec<Blocked>> {
    let row = snapshot.get::<BlockedIdentities>(LIST)?;
    Ok(row.map(|row| row.doc.values).unwrap_or_default())
}

/// Whether an identity key is on the list.
///
/// # Errors
/// Those of the store.
pub fn is_blocked(snapshot: &Snapshot<'_>, kind: Kind, key: &str) -> store::Result<bool> {
    Ok(snapshot.owner(kind, key)? == Some(LIST))
}

/// The blocked addresses that both sessions show: the names of their fields.
///
/// # Errors
/// Those of the store.
pub fn shared(
    snapshot: &Snapshot<'_>,
    one: &Session,
    other: &Session,
) -> store::Result<Vec<&'static str>> {
    let (keys, others) = (one.keys(), other.keys());
    let mut names = Vec::new();
    for (kind, key, _) in keys.iter().filter(|key| others.contains(key)) {
        if is_blocked(snapshot, *kind, key)? {
            names.push(identity::field(*kind));
        }
    }
    Ok(names)
}

/// Makes these the values that are blocked; returns whether they are others than before. Sessions that were found by one are not any more, and
/// are again by one that is taken off the list, when they still show it.
///
/// # Errors
/// [`store::Error::Taken`] for a user id that a session has.
pub fn set(tx: &mut Tx<'_>, wanted: &[Blocked]) -> store::Result<bool> {
    let row = tx.get_for_update::<BlockedIdentities>(LIST)?;
    let known = row.as_ref().map(|row| row.doc.values.clone());
    let known = known.unwrap_or_default();
    for gone in known
        .iter()
        .filter(|old| !wanted.iter().any(|it| it.is_same(old)))
    {
        tx.release(gone.kind.of_keys(), &gone.key, LIST)?;
        give_back(tx, gone)?;
    }
    let mut values = Vec::with_capacity(wanted.len());
    for value in wanted {
        let holder = match known.iter().find(|old| old.is_same(value)) {
            Some(old) => old.holder,
            None => take(tx, value)?,
        };
        values.push(Blocked {
            holder,
            ..value.clone()
        });
    }
    if values == known {
        return Ok(false);
    }
    let list = BlockedIdentities { values };
    match row {
        Some(mut row) => {
            row.doc = list;
            tx.put(&mut row)?;
        }
        // Where units run at once, two may be the first: the second is run again.
        None if tx.append(LIST, &list)? => {}
        None => return Err(tx.raced()),
    }
    Ok(true)
}

/// Takes the key of a value from the session that it finds; returns which that was.
fn take(tx: &mut Tx<'_>, value: &Blocked) -> store::Result<Option<ObjectId>> {
    let (kind, key) = (value.kind.of_keys(), value.key.clone());
    let holder = tx.owner(kind, &key)?;
    if let Some(holder) = holder {
        if kind == identity::USER_ID {
            return Err(store::Error::Taken { kind, key, holder });
        }
        tx.release(kind, &key, holder)?;
    }
    match tx.claim(kind, &key, LIST) {
        Err(store::Error::Taken { .. }) => Err(tx.raced()),
        claimed => claimed.map(|()| holder),
    }
}

/// Gives a key back to the session that had it, or to the one that this was merged into.
fn give_back(tx: &mut Tx<'_>, value: &Blocked) -> store::Result<()> {
    let (kind, key) = (value.kind.of_keys(), &value.key);
    let Some(holder) = value.holder else {
        return Ok(());
    };
    let heir = tx.owner(identity::MERGED_ID, &holder.to_string())?;
    let Some(row) = tx.get_for_update::<Session>(heir.unwrap_or(holder))? else {
        return Ok(());
    };
    let keys = row.doc.keys();
    if !keys.iter().any(|own| own.0 == kind && own.1 == *key) {
        return Ok(());
    }
    match tx.claim(kind, key, row.id) {
        Err(store::Error::Taken { .. }) => Err(tx.raced()),
        claimed => claimed,
    }
}
