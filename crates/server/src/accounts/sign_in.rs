//! A sign-in: the record behind the token that a password gave. Without its record a token opens nothing.

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Reference, Snapshot,
    Tx, Value,
};

use super::SCOPE;
use crate::app::App;

/// Sign-ins of one user at once. One more ends the oldest.
pub const PER_USER_MAX: usize = 100;
/// Characters that are kept of what a client says it is.
const USER_AGENT_CHARS_MAX: usize = 256;
/// Sign-ins that are forgotten in one unit of work.
const FORGOTTEN_PER_UNIT: u32 = 500;

/// Somebody who signed in. Its id is the `jti` of the token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// Who.
    pub user: ObjectId,
    /// When it ends by itself.
    pub expires_at: Millis,
    /// The address of the client.
    pub address: String,
    /// What the client says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// The table of sign-ins.
pub static SIGN_INS: Collection = Collection {
    table: "sign_in",
    columns: &[
        Column {
            name: "user_id",
            path: "user",
            kind: ColumnKind::Id,
        },
        Column {
            name: "expires_at",
            path: "expiresAt",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[
        Index {
            name: "sign_in_by_user",
            columns: &["user_id"],
            not_null: None,
        },
        Index {
            name: "sign_in_by_end",
            columns: &["expires_at"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "user_id",
        table: "account",
    }],
};

impl Document for SignIn {
    const COLLECTION: &'static Collection = &SIGN_INS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.user.into(), self.expires_at.into()]
    }
}

/// What a client says it is, as far as it is kept.
#[must_use]
pub fn shortened(user_agent: &str) -> String {
    user_agent.chars().take(USER_AGENT_CHARS_MAX).collect()
}

/// The sign-ins of a user, newest first.
///
/// # Errors
/// Those of the store.
pub fn of_user(snapshot: &Snapshot<'_>, user: ObjectId) -> store::Result<Vec<store::RawRow>> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("user"), Scalar::Id(user)),
        limit: 1000,
        ..Query::default()
    };
    Ok(snapshot.page::<SignIn>(&query)?.rows)
}

/// Records a sign-in. It is not announced as a change: no token of it was seen before.
///
/// # Errors
/// Those of the store.
pub fn insert(tx: &mut Tx<'_>, id: ObjectId, sign_in: &SignIn) -> store::Result<()> {
    for old in of_user(tx, sign_in.user)?.iter().skip(PER_USER_MAX - 1) {
        tx.delete::<SignIn>(old.id)?;
    }
    tx.append(id, sign_in).map(drop)
}

/// Ends the sign-ins of a user but for one; returns how many.
///
/// # Errors
/// Those of the store.
pub fn end_others(tx: &mut Tx<'_>, user: ObjectId, kept: Option<ObjectId>) -> store::Result<u64> {
    let mut ended = 0;
    for row in of_user(tx, user)? {
        if Some(row.id) != kept && tx.delete::<SignIn>(row.id)? {
            ended += 1;
        }
    }
    Ok(ended)
}

/// Forgets the sign-ins that ended by themselves; returns how many.
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
    let rows = tx.page::<SignIn>(&ended)?.rows;
    for row in &rows {
        tx.delete::<SignIn>(row.id)?;
    }
    Ok(rows.len() as u64)
}
