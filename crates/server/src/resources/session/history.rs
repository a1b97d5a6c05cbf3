//! The identity history: who changed a session's user id, email or name, and how.

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Millis, ObjectId, Query, Reference, Row, Sort, Tx,
    Value,
};
use utoipa::ToSchema;

use super::document::Session;
use super::merge::via::Via;

/// Changes beyond this many are forgotten, oldest first.
pub const CHANGES_KEPT_MAX: u64 = 200;
/// A look at what is to be forgotten costs about as much as a change, so it is taken at one of so many. The millisecond
/// decides which: whatever is counted keeps in step with some caller, whose sessions are then never looked at.
const CHANGES_PER_SWEEP: i64 = 16;

/// Where a change came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The surface: `admin`, `sdk`, `rest`, `import` or `merge`.
    pub source: String,
    /// The HTTP method, when there was a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path of the request, without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_url: Option<String>,
    /// The member whose credential it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub user_id: Option<ObjectId>,
    /// Whether a secret key, not a person, made the change.
    pub has_api_key: bool,
}

impl Origin {
    /// An import: the address of its resource and who asked for it, when it has them.
    #[must_use]
    pub fn of_import(original_url: Option<String>, user_id: Option<ObjectId>) -> Self {
        Self {
            source: "import".into(),
            method: None,
            original_url,
            user_id,
            has_api_key: false,
        }
    }
}

/// A value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FromTo {
    /// Absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What of the identity changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityChanges {
    /// The customer's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<FromTo>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<FromTo>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<FromTo>,
}

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityChange {
    /// The session that it happened to.
    pub session: ObjectId,
    /// When.
    pub at: Millis,
    /// From where.
    pub by: Origin,
    /// What.
    pub changes: IdentityChanges,
    /// The merges that brought it.
    #[serde(default, skip_serializing_if = "Via::is_own")]
    pub via: Via,
}

/// The table of identity changes: those of a session lie together, oldest first.
pub static IDENTITY_CHANGES: Collection = Collection {
    table: "identity_change",
    columns: &[
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
        Column {
            name: "at",
            path: "at",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[],
    cluster: &["session", "at"],
    references: &[Reference {
        column: "session",
        table: "session",
    }],
};

impl Document for IdentityChange {
    const COLLECTION: &'static Collection = &IDENTITY_CHANGES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.session.into(), self.at.into()]
    }
}

/// The three values that the history is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identifiers {
    user_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
}

impl Identifiers {
    /// Those of a session, before it is changed.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        Self {
            user_id: session.user_id.clone(),
            email: session.email.clone(),
            name: session.name.clone(),
        }
    }

    /// Whether they are those of a known user.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.user_id.is_some()
    }

    /// What is different in `after`; `None` when nothing is.
    #[must_use]
    pub fn changes_to(&self, after: &Self) -> Option<IdentityChanges> {
        let changed = |from: &Option<String>, to: &Option<String>| {
            (from != to).then(|| FromTo {
                from: from.clone(),
                to: to.clone(),
            })
        };
        let changes = IdentityChanges {
            user_id: changed(&self.user_id, &after.user_id),
            email: changed(&self.email, &after.email),
            name: changed(&self.name, &after.name),
        };
        (changes != IdentityChanges::default()).then_some(changes)
    }
}

/// Adds an entry to the history of a session. Every so often the oldest beyond [`CHANGES_KEPT_MAX`] are forgotten.
pub fn record(
    tx: &mut Tx<'_>,
    row: &Row<Session>,
    changes: IdentityChanges,
    by: &Origin,
) -> store::Result<()> {
    let change = IdentityChange {
        session: row.id,
        at: tx.now(),
        by: by.clone(),
        changes,
        via: Via::default(),
    };
    tx.add(&change)?;
    if change.at.0 % CHANGES_PER_SWEEP == 0 {
        forget_oldest(tx, row.id)
    } else {
        Ok(())
    }
}

/// Keeps the newest [`CHANGES_KEPT_MAX`] entries of a session.
pub fn forget_oldest(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    let oldest = Query {
        skip: CHANGES_KEPT_MAX,
        ..newest_first(session)
    };
    for row in tx.page::<IdentityChange>(&oldest)?.rows {
        let change: IdentityChange = row.parse()?;
        tx.delete_at::<IdentityChange>(&[session.into(), change.at.into()], row.id)?;
    }
    Ok(())
}

/// The history of a session, newest first.
#[must_use]
pub fn newest_first(session: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
        sort: vec![Sort {
            path: "at".into(),
            descending: true,
        }],
        limit: 200,
        ..Query::default()
    }
}
