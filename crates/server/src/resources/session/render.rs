//! The answer that shows a session: the stored JSON behind the ids of its row, made once and kept until the next commit.

use std::sync::Arc;
use std::time::Instant;

use axum::http::HeaderValue;
use bytes::Bytes;
use quick_cache::{Equivalent, UnitWeighter, Weighter};
use store::{Change, Kind, ObjectId, RawRow, Row};

use super::document::{SESSIONS, Session};
use crate::cache::CommitCache;
use crate::http::conditional;

/// A finished answer.
#[derive(Debug)]
pub struct Rendered {
    /// The id of the session.
    pub id: ObjectId,
    /// Its version.
    pub version: i64,
    /// The JSON.
    pub body: Bytes,
    /// Made of id and version: another session under the same user id has another.
    pub etag: HeaderValue,
    /// The instant of the last write.
    pub last_modified: HeaderValue,
}

/// The wire form of a stored session (decisions, Wire format): `_id`, `id`, `project` and `organisation`, then its document.
#[must_use]
pub fn render(row: &RawRow, project: ObjectId, organisation: ObjectId) -> Rendered {
    Rendered {
        id: row.id,
        version: row.version,
        body: wire(row, project, organisation).into(),
        etag: conditional::etag(row.id, row.version),
        last_modified: conditional::http_date(row.updated_at),
    }
}

/// The wire form of a session that was just written.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn of_row(
    row: &Row<Session>,
    project: ObjectId,
    organisation: ObjectId,
) -> serde_json::Result<Rendered> {
    let raw = RawRow {
        id: row.id,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        json: serde_json::to_vec(&row.doc)?,
    };
    Ok(render(&raw, project, organisation))
}

/// The JSON alone.
#[must_use]
pub fn wire(row: &RawRow, project: ObjectId, organisation: ObjectId) -> Vec<u8> {
    let mut body = Vec::with_capacity(row.json.len() + 160);
    let id = row.id.to_hex();
    for (key, value) in [
        ("{\"_id\":\"", id),
        ("\",\"id\":\"", id),
        ("\",\"project\":\"", project.to_hex()),
        ("\",\"organisation\":\"", organisation.to_hex()),
    ] {
        body.extend_from_slice(key.as_bytes());
        body.extend_from_slice(&value);
    }
    body.extend_from_slice(b"\",");
    body.extend_from_slice(&row.json[1..]); // the stored document is never empty: some of its keys are always there
    body
}

/// Finished answers by id, and ids by identity key.
pub struct SessionCache {
    /// Whom an identity key finds.
    pub ids: CommitCache<IdentityKey, Known<ObjectId>, UnitWeighter>,
    /// The answer that shows a session.
    pub answers: CommitCache<SessionKey, Known<Arc<Rendered>>, ByBytes>,
}

/// What the database said once.
#[derive(Clone)]
pub struct Known<V> {
    /// What it said.
    pub value: V,
    /// When it was asked.
    pub asked: Instant,
}

/// Project, kind and normalised key.
pub type IdentityKey = (ObjectId, Kind, Box<str>);
/// Project and id.
pub type SessionKey = (ObjectId, ObjectId);

/// An [`IdentityKey`] that borrows, to look one up without an allocation.
#[derive(Hash)]
pub struct IdentityKeyRef<'k>(pub ObjectId, pub Kind, pub &'k str);

impl Equivalent<IdentityKey> for IdentityKeyRef<'_> {
    fn equivalent(&self, key: &IdentityKey) -> bool {
        self.0 == key.0 && self.1 == key.1 && *self.2 == *key.2
    }
}

impl IdentityKeyRef<'_> {
    /// The key that owns its text.
    #[must_use]
    pub fn to_owned(&self) -> IdentityKey {
        (self.0, self.1, Box::from(self.2))
    }
}

/// Weighs an answer by the memory that it takes.
#[derive(Clone)]
pub struct ByBytes;

/// What an answer takes beside its body: headers, key, entry.
const ANSWER_OVERHEAD_BYTES: u64 = 256;

impl Weighter<SessionKey, Known<Arc<Rendered>>> for ByBytes {
    fn weight(&self, _: &SessionKey, answer: &Known<Arc<Rendered>>) -> u64 {
        answer.value.body.len() as u64 + ANSWER_OVERHEAD_BYTES
    }
}

impl SessionCache {
    /// A cache of at most this many bytes of answers.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let answers = usize::try_from(bytes_max / 2048)
            .unwrap_or(usize::MAX)
            .max(16);
        Self {
            ids: CommitCache::new(answers, answers as u64, UnitWeighter),
            answers: CommitCache::new(answers, bytes_max, ByBytes),
        }
    }

    /// The answer for an identity key, when both its parts are known, and when the older of them was asked for.
    #[must_use]
    pub fn by_key(&self, key: &IdentityKeyRef<'_>) -> Option<Known<Arc<Rendered>>> {
        let id = self.ids.get(key)?;
        let answer = self.answers.get(&(key.0, id.value))?;
        Some(Known {
            asked: answer.asked.min(id.asked),
            ..answer
        })
    }

    /// Forgets what a commit made old.
    pub fn committed(&self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Document {
                    table, project, id, ..
                } if *table == SESSIONS.table => self.answers.drop_key(&(*project, *id)),
                Change::Document { .. } => {}
                Change::Identity { project, kind, key } => {
                    self.ids.drop_key(&IdentityKeyRef(*project, *kind, key))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn a_borrowed_key_is_found_as_an_owned_one() {
        let hasher = std::hash::RandomState::new();
        let borrowed = IdentityKeyRef(ObjectId::ZERO, Kind(3), "ada@example.com");
        let owned = borrowed.to_owned();
        assert_eq!(hasher.hash_one(&borrowed), hasher.hash_one(&owned));
        assert!(borrowed.equivalent(&owned));
        assert!(!IdentityKeyRef(ObjectId::ZERO, Kind(4), "ada@example.com").equivalent(&owned));
    }

    #[test]
    fn the_ids_of_the_row_come_first() {
        let row = RawRow {
            id: ObjectId::from_parts(1, [0; 8]),
            version: 1,
            created_at: store::Millis(0),
            updated_at: store::Millis(0),
            json: br#"{"lang":"en"}"#.to_vec(),
        };
        let id = "000000010000000000000000";
        let expected = format!(
            r#"{{"_id":"{id}","id":"{id}","project":"{zero}","organisation":"{zero}","lang":"en"}}"#,
            zero = "000000000000000000000000"
        );
        assert_eq!(
            String::from_utf8(wire(&row, ObjectId::ZERO, ObjectId::ZERO)).unwrap(),
            expected
        );
    }
}
