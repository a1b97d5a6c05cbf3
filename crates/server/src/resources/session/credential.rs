//! The credential of a session: who holds it acts for the session (wire note §3.1, §8).

use store::filter::{FieldPath, Filter, Scalar};
use store::{Query, Row, Snapshot, Tx};
use subtle::ConstantTimeEq;

use super::document::Session;
use super::merge::Merge;
use crate::auth::ClientCredential;
use crate::auth::token::{self, Random};
use crate::http::ApiError;
use crate::identity;

/// The session that a credential opens, to change it: its own, or the one that it was merged into.
/// `None` when there is none, or the secret half is wrong.
///
/// # Errors
/// Those of the store.
pub fn resolve(
    tx: &mut Tx<'_>,
    credential: &ClientCredential,
) -> store::Result<Option<Row<Session>>> {
    match tx.find_for_update::<Session>(identity::GLEAP_ID, &credential.gleap_id)? {
        Some(row) if opens(tx, &row, credential)? => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// The same, to look at it.
///
/// # Errors
/// Those of the store.
pub fn look_up(
    snapshot: &Snapshot<'_>,
    credential: &ClientCredential,
) -> store::Result<Option<Row<Session>>> {
    match snapshot.find::<Session>(identity::GLEAP_ID, &credential.gleap_id)? {
        Some(row) if opens(snapshot, &row, credential)? => Ok(Some(row)),
        _ => Ok(None),
    }
}

/// 401: the credential opens no session (any more).
#[must_use]
pub fn no_session() -> ApiError {
    ApiError::unauthorized(
        "invalid_session",
        "Gleap-Id and Gleap-Hash open no session of this project. Start one with POST /sessions.",
    )
}

fn opens(
    snapshot: &Snapshot<'_>,
    row: &Row<Session>,
    credential: &ClientCredential,
) -> store::Result<bool> {
    if row.doc.gleap_id == credential.gleap_id {
        return Ok(is_same(&row.doc.gleap_hash, &credential.gleap_hash));
    }
    let merges = snapshot.page::<Merge>(&Query {
        filter: Filter::And(vec![
            Filter::Eq(
                FieldPath::known("gleapId"),
                Scalar::Text(credential.gleap_id.clone()),
            ),
            Filter::Eq(FieldPath::known("survivor"), Scalar::Id(row.id)),
        ]),
        limit: 1,
        ..Query::default()
    })?;
    let Some(merge) = merges.rows.first() else {
        return Ok(false);
    };
    Ok(is_same(
        &merge.parse::<Merge>()?.gleap_hash,
        &credential.gleap_hash,
    ))
}

/// Compares without telling, by the time it takes, how much is right.
fn is_same(known: &str, given: &str) -> bool {
    known.as_bytes().ct_eq(given.as_bytes()).into()
}

/// A credential for a session that may have to be made.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// The public half: 24 hexadecimal characters.
    pub gleap_id: String,
    /// The secret half.
    pub gleap_hash: String,
}

impl NewCredential {
    /// One that nobody can guess. Clients put both halves unencoded into addresses, so they hold no other signs than
    /// letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(random: &Random) -> Self {
        Self {
            gleap_id: hex::encode(random.bytes::<12>()),
            gleap_hash: token::new_gleap_hash(random),
        }
    }
}
