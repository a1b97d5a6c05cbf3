//! An API key: the record behind a JWT that a program sends to `/v3`. The JWT itself is not kept.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Reference, Tx, Value,
};

use super::member::{Member, insert_member};
use super::profile::Profile;
use super::project::known_project;
use super::user::{User, UserType, insert_user};
use super::{AccountError, SCOPE};
use crate::app::App;
use crate::auth::roles::{Role, Scopes};
use crate::auth::token::{Claims, TokenKind};
use crate::resources::project::audit_log::document::{Action, Auditor};

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

/// An API key to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewApiKey {
    /// The project that it opens.
    pub project: ObjectId,
    /// What it is for.
    pub name: String,
    /// As what it acts.
    pub role: Role,
    /// Less than the role allows, when given.
    pub scopes: Option<Scopes>,
    /// When it ends by itself.
    pub expires_at: Option<Millis>,
}

/// An API key that was made. The token is shown once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKey {
    pub id: ObjectId,
    pub token: String,
}

/// Makes an API key with a service account of its own.
pub async fn create_api_key(
    app: &App,
    new: NewApiKey,
    auditor: Auditor,
) -> Result<CreatedApiKey, AccountError> {
    let now = app.now();
    let (project, scopes, expires_at) = (new.project, new.scopes, new.expires_at);
    let (user, id) = app
        .store
        .write(SCOPE, move |tx| {
            known_project(tx, new.project)?;
            let account = User {
                email: None,
                password_hash: None,
                name: new.name.clone(),
                user_type: UserType::ServiceAccount,
                profile: Profile::default(),
            };
            let user = insert_user(tx, account)?;
            insert_member(
                tx,
                Member {
                    user,
                    project: new.project,
                    role: new.role,
                },
            )?;
            let key = ApiKey {
                name: new.name.clone(),
                user,
                project: new.project,
                scopes: new.scopes,
                created_at: now,
                expires_at: new.expires_at,
                revoked_at: None,
            };
            let key = tx.insert(tx.new_id(), key)?.id;
            let details = json!({ "name": new.name, "role": new.role });
            auditor.note(tx, Action::ApiKeyCreated, Some(key), details)?;
            Ok::<_, AccountError>((user, key))
        })
        .await?;
    let claims = Claims {
        sub: user,
        jti: id,
        iat: now.0 / 1000,
        exp: expires_at.map(|at| at.0 / 1000),
        project: Some(project),
        scope: scopes,
        kind: TokenKind::ApiKey,
    };
    Ok(CreatedApiKey {
        id,
        token: app.signer.sign(&claims),
    })
}

/// An API key as a list shows it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedApiKey {
    pub id: ObjectId,
    #[serde(flatten)]
    pub key: ApiKey,
}

/// The API keys of a project, newest first.
pub async fn list_api_keys(
    app: &App,
    project: ObjectId,
) -> Result<Vec<ListedApiKey>, AccountError> {
    let read = app.store.read(SCOPE, move |snapshot| {
        let rows = snapshot.page::<ApiKey>(&of_project(project))?.rows;
        let keys = rows
            .into_iter()
            .filter_map(|row| snapshot.get::<ApiKey>(row.id).transpose());
        keys.map(|row| {
            row.map(|row| ListedApiKey {
                id: row.id,
                key: row.doc,
            })
        })
        .collect::<Result<Vec<_>, store::Error>>()
    });
    Ok(read.await?)
}

/// Revokes an API key; from the moment that this returns, it opens nothing.
/// `by`: the member who does it; `None`: the operator.
pub async fn revoke_api_key(
    app: &App,
    id: ObjectId,
    by: Option<ObjectId>,
) -> Result<(), AccountError> {
    let revoke = move |tx: &mut Tx<'_>| {
        let unknown = || {
            AccountError::Unknown(format!(
                "there is no API key {id}; `hark token list` shows those that are"
            ))
        };
        let mut row = tx.get_for_update::<ApiKey>(id)?.ok_or_else(unknown)?;
        if row.doc.revoked_at.is_none() {
            row.doc.revoked_at = Some(tx.now());
            tx.put(&mut row)?;
            let project = row.doc.project;
            let details = json!({ "name": row.doc.name });
            Auditor { project, by }.note(tx, Action::ApiKeyRevoked, Some(id), details)?;
        }
        Ok(())
    };
    app.store.write(SCOPE, revoke).await
}
