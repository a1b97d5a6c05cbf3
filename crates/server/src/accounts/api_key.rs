//! An API key: the record behind a JWT that a program sends to `/v3`. The JWT itself is not kept.

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Reference, Value,
};

use crate::auth::roles::Scopes;

/// A key of a program. Its id is the `jti` of the JWT.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// What it is for, as its maker named it.
    pub name: String,
    /// The service account that it signs in.
    pub user: ObjectId,
    /// The only project that it opens.
    pub project: ObjectId,
    /// Less than what the role of the service account allows, when given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Millis>,
}

/// The table of API keys.
pub static API_KEYS: Collection = Collection {
    table: "api_key",
    columns: &[
        Column {
            name: "of_project",
            path: "project",
            kind: ColumnKind::Id,
        },
        Column {
            name: "user_id",
            path: "user",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[Index {
        name: "api_key_by_project",
        columns: &["of_project"],
        not_null: None,
    }],
    cluster: &[],
    references: &[
        Reference {
            column: "user_id",
            table: "account",
        },
        Reference {
            column: "of_project",
            table: "project",
        },
    ],
};

impl Document for ApiKey {
    const COLLECTION: &'static Collection = &API_KEYS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.project.into(), self.user.into()]
    }
}

/// The keys of a project, newest first.
#[must_use]
pub fn of_project(project: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("project"), Scalar::Id(project)),
        limit: 1000,
        ..Query::default()
    }
}
