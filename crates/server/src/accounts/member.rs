//! A membership: what a user may do in a project.

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Identity, Index, ObjectId, Query, Reference, Value,
};

use super::key;
use crate::auth::roles::Role;
use crate::identity;

/// A user's role in a project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user: ObjectId,
    /// Where.
    pub project: ObjectId,
    /// As what.
    pub role: Role,
}

/// The table of memberships.
pub static MEMBERS: Collection = Collection {
    table: "member",
    columns: &[
        Column {
            name: "user_id",
            path: "user",
            kind: ColumnKind::Id,
        },
        Column {
            name: "of_project",
            path: "project",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[Index {
        name: "member_by_user",
        columns: &["user_id"],
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

impl Document for Member {
    const COLLECTION: &'static Collection = &MEMBERS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.user.into(), self.project.into()]
    }

    fn identities(&self) -> Vec<Identity> {
        vec![key(
            identity::MEMBERSHIP,
            &membership_key(self.user, self.project),
        )]
    }
}

/// A user is a member of a project once.
#[must_use]
pub fn membership_key(user: ObjectId, project: ObjectId) -> String {
    format!("{user}:{project}")
}

/// The memberships of a user.
#[must_use]
pub fn of_user(user: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("user"), Scalar::Id(user)),
        limit: 1000,
        ..Query::default()
    }
}
