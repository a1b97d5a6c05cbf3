//! What is different between two states of a session, field by field, and how to go back.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::document::FieldChange;
use crate::resources::session::document::Session;

/// Stamped by every write.
const STAMP: &str = "updatedAt";
const CUSTOM: &str = "customData";

type Members = IndexMap<String, Box<RawValue>>;

/// What makes `before` into `after`, both documents of a session.
pub fn between(before: &[u8], after: &[u8]) -> serde_json::Result<Vec<FieldChange>> {
    let (mut before, mut after) = (members(before)?, members(after)?);
    let custom = (custom(&mut before)?, custom(&mut after)?);
    let mut changes = Vec::new();
    push_changes(&mut changes, &before, &after, false);
    push_changes(&mut changes, &custom.0, &custom.1, true);
    Ok(changes)
}

fn members(document: &[u8]) -> serde_json::Result<Members> {
    let mut members: Members = serde_json::from_slice(document)?;
    members.shift_remove(STAMP);
    Ok(members)
}

fn custom(members: &mut Members) -> serde_json::Result<Members> {
    match members.shift_remove(CUSTOM) {
        Some(custom) => serde_json::from_str(custom.get()),
        None => Ok(Members::new()),
    }
}

fn push_changes(changes: &mut Vec<FieldChange>, before: &Members, after: &Members, custom: bool) {
    let gone = before.keys().filter(|field| !after.contains_key(*field));
    for field in after.keys().chain(gone) {
        let (before, after) = (before.get(field), after.get(field));
        if before.map(|value| value.get()) != after.map(|value| value.get()) {
            changes.push(FieldChange {
                field: field.clone(),
                custom,
                before: before.cloned(),
                after: after.cloned(),
            });
        }
    }
}

/// Takes changes back where the session still has what they gave it. Returns the session, and the fields that were left.
pub fn revert(
    session: &Session,
    changes: &[FieldChange],
) -> serde_json::Result<(Session, Vec<String>)> {
    let mut members: Members = serde_json::from_slice(&serde_json::to_vec(session)?)?;
    let mut custom = custom(&mut members)?;
    let mut left = Vec::new();
    for change in changes {
        let place = if change.custom {
            &mut custom
        } else {
            &mut members
        };
        let now = place.get(&change.field).map(|value| value.get());
        if now != change.after.as_ref().map(|value| value.get()) {
            left.push(change.field.clone());
            continue;
        }
        match &change.before {
            Some(before) => drop(place.insert(change.field.clone(), before.clone())),
            None => drop(place.shift_remove(&change.field)),
        }
    }
    members.insert(CUSTOM.into(), serde_json::value::to_raw_value(&custom)?);
    let session = serde_json::from_slice(&serde_json::to_vec(&members)?)?;
    Ok((session, left))
}

/// Tells whether a session is what it was, but for the time of its last write and the order of its attributes.
pub fn fingerprint(session: &Session) -> serde_json::Result<String> {
    let mut members = members(&serde_json::to_vec(session)?)?;
    let custom: BTreeMap<_, _> = custom(&mut members)?.into_iter().collect();
    let members: BTreeMap<_, _> = members.into_iter().collect();
    let hash = Sha256::digest(serde_json::to_vec(&(members, custom))?);
    Ok(hex::encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(json: &str) -> Session {
        serde_json::from_str(json).unwrap()
    }

    fn changes(before: &str, after: &str) -> Vec<FieldChange> {
        let bytes = |json| serde_json::to_vec(&session(json)).unwrap();
        between(&bytes(before), &bytes(after)).unwrap()
    }

    #[test]
    fn changes_are_taken_back() {
        let before = r#"{"name":"a","plan":"p","customData":{"seats":1,"kept":true}}"#;
        let after = r#"{"name":"b","email":"x@example.com","customData":{"seats":2,"kept":true,"name":"n"}}"#;
        let changes = changes(before, after);
        assert_eq!(changes.len(), 5);
        let (back, left) = revert(&session(after), &changes).unwrap();
        assert_eq!(left, Vec::<String>::new());
        assert_eq!(
            serde_json::to_string(&back).unwrap(),
            serde_json::to_string(&session(before)).unwrap()
        );
    }

    #[test]
    fn what_was_changed_since_is_left() {
        let changes = changes(r#"{"name":"a","plan":"p"}"#, r#"{"name":"b","plan":"q"}"#);
        let since = session(r#"{"name":"c","plan":"q"}"#);
        let (back, left) = revert(&since, &changes).unwrap();
        assert_eq!(left, ["name"]);
        assert_eq!(
            (back.name.as_deref(), back.plan.as_deref()),
            (Some("c"), Some("p"))
        );
    }

    #[test]
    fn a_fingerprint_is_of_the_content() {
        let print = |json| fingerprint(&session(json)).unwrap();
        let one =
            print(r#"{"name":"a","customData":{"x":1,"y":2},"updatedAt":"2026-01-01T00:00:00Z"}"#);
        let same =
            print(r#"{"customData":{"y":2,"x":1},"name":"a","updatedAt":"2026-02-01T00:00:00Z"}"#);
        assert_eq!(one, same);
        for other in [
            r#"{"name":"a","customData":{"x":1,"y":3}}"#,
            r#"{"name":"b","customData":{"x":1,"y":2}}"#,
            r#"{"name":"a","customData":{"x":1}}"#,
        ] {
            assert_ne!(one, print(other));
        }
    }
}
