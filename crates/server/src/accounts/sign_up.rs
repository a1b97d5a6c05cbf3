//! A sign-up: an account that somebody asked for, until the address is proved by the code that went there.
//!
//! Each sign-up has a code of its own, so that a code proves the name and password that it was asked for with, and not those of
//! somebody else who gave the same address.

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Row, Snapshot, Tx,
    Value,
};

use super::SCOPE;
use crate::app::App;

/// A sign-up that is not finished ends after so many milliseconds.
pub const LASTS_MS: i64 = 60 * 60_000;
/// Sign-ups with one address that wait at once.
pub const PER_ADDRESS_MAX: usize = 3;
/// Wrong codes, after which only another code helps.
pub const ATTEMPTS_MAX: u32 = 5;
/// Mails of one sign-up.
pub const MAILS_MAX: u32 = 5;
/// A mail is sent again no sooner than after so many milliseconds.
pub const MAIL_PAUSE_MS: i64 = 60_000;
/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// Sign-ups that are forgotten in one unit of work.
const FORGOTTEN_PER_UNIT: u32 = 500;

/// An account that is not there yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    /// The address, as it was given.
    pub email: String,
    /// The same as it is compared.
    pub email_key: String,
    /// The name to show.
    pub name: String,
    /// Argon2id.
    pub password_hash: String,
    /// The hash of the code of the latest mail, with the id of the sign-up. Absent until that is sent, and when the address has an
    /// account already: then no code fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_hash: Option<String>,
    /// Wrong codes since the latest mail.
    pub attempts: u32,
    /// Mails that were asked for.
    pub mails: u32,
    /// When the latest was.
    pub mailed_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
}

/// The table of sign-ups.
pub static SIGN_UPS: Collection = Collection {
    table: "sign_up",
    columns: &[
        Column {
            name: "email_key",
            path: "emailKey",
            kind: ColumnKind::Text,
        },
        Column {
            name: "expires_at",
            path: "expiresAt",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[
        Index {
            name: "sign_up_by_email",
            columns: &["email_key"],
            not_null: None,
        },
        Index {
            name: "sign_up_by_end",
            columns: &["expires_at"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[],
};

impl Document for SignUp {
    const COLLECTION: &'static Collection = &SIGN_UPS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.email_key.as_str().into(), self.expires_at.into()]
    }
}

/// What is hashed of a code.
#[must_use]
pub fn proof(sign_up: ObjectId, code: &str) -> String {
    format!("{sign_up}:{code}")
}

/// The sign-ups of an address that have not ended.
///
/// # Errors
/// Those of the store.
pub fn of_address(
    snapshot: &Snapshot<'_>,
    email_key: &str,
    now: Millis,
) -> store::Result<Vec<Row<SignUp>>> {
    let query = Query {
        filter: Filter::Eq(
            FieldPath::known("emailKey"),
            Scalar::Text(email_key.to_owned()),
        ),
        limit: 100,
        ..Query::default()
    };
    let rows = snapshot.page::<SignUp>(&query)?.rows;
    let rows = rows.iter().map(|row| row.typed::<SignUp>());
    let mut rows = rows.collect::<store::Result<Vec<_>>>()?;
    rows.retain(|row| row.doc.expires_at > now);
    Ok(rows)
}

/// Counts an attempt at each sign-up of an address that has one left; returns those, with the hash of their code.
///
/// # Errors
/// Those of the store.
pub fn attempt(tx: &mut Tx<'_>, email_key: &str) -> store::Result<Vec<(ObjectId, String)>> {
    let mut tried = Vec::new();
    for row in of_address(tx, email_key, tx.now())? {
        let row = tx.get_for_update::<SignUp>(row.id)?;
        let Some(mut row) = row.filter(|row| row.doc.attempts < ATTEMPTS_MAX) else {
            continue;
        };
        row.doc.attempts += 1;
        tx.put(&mut row)?;
        tried.extend(row.doc.code_hash.map(|hash| (row.id, hash)));
    }
    Ok(tried)
}

/// Forgets all sign-ups of an address.
///
/// # Errors
/// Those of the store.
pub fn forget(tx: &mut Tx<'_>, email_key: &str) -> store::Result<()> {
    tx.delete_where::<SignUp>("email_key", email_key).map(drop)
}

/// Forgets those that have ended; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> anyhow::Result<u64> {
    let mut forgotten = 0;
    loop {
        let count = app.store.write(SCOPE, forget_ended).await?;
        forgotten += count;
        if count < u64::from(FORGOTTEN_PER_UNIT) {
            return Ok(forgotten);
        }
    }
}

fn forget_ended(tx: &mut Tx<'_>) -> store::Result<u64> {
    let ended = Query {
        filter: Filter::Range {
            field: FieldPath::known("expiresAt"),
            op: RangeOp::Le,
            value: Scalar::Instant(tx.now()),
        },
        limit: FORGOTTEN_PER_UNIT,
        ..Query::default()
    };
    let rows = tx.page::<SignUp>(&ended)?.rows;
    for row in &rows {
        tx.delete::<SignUp>(row.id)?;
    }
    Ok(rows.len() as u64)
}
