//! A project: the workspace that sessions belong to, and its keys. `hark project` works on it.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::{
    Collection, Column, ColumnKind, Document, Identity, Millis, ObjectId, Query, RawRow, Tx, Value,
};
use utoipa::ToSchema;

use super::flow_config::FlowConfig;
use super::member::{Member, insert_member};
use super::setup::{existing, not_set_up};
use super::{AccountError, SCOPE, key};
use crate::app::App;
use crate::auth::roles::Role;
use crate::auth::token;
use crate::identity;
use crate::resources::project::audit_log::document::{Action, Auditor};

/// The secrets of identity verification are sealed for this purpose.
pub const IDENTITY_SECRET: &str = "identity-secret";
/// So many values of a secret are live at once, so that one can be replaced without a gap.
pub const LIVE_SECRETS_MAX: usize = 2;

/// Projects that are read at once.
const PROJECTS_PER_PAGE: u32 = 500;

/// A workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// The organisation that owns it.
    pub organisation: ObjectId,
    /// The name to show.
    pub name: String,
    /// The public key that clients send as `Api-Token`.
    pub sdk_key: String,
    /// The secret tokens of `/admin`; newest first, at most two.
    pub api_tokens: Vec<ApiToken>,
    /// The secrets of identity verification, sealed with the server key; newest first, at most two.
    pub identity_secrets: Vec<String>,
    /// Whether clients must prove who their user is.
    #[serde(default)]
    pub identity_verification: Verification,
    /// What client SDKs are told.
    #[serde(default)]
    pub sdk_config: FlowConfig,
}

/// Whether the `userHash` of an identify call of a client is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// It is not looked at.
    #[default]
    Off,
    /// Without a right one nobody becomes a user.
    Required,
}

/// A secret token of `/admin`: only its hash is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// SHA-256 of the token, in hex.
    pub hash: String,
    /// When it was made.
    pub created_at: Millis,
}

/// The table of projects.
pub static PROJECTS: Collection = Collection {
    table: "project",
    columns: &[Column {
        name: "organisation",
        path: "organisation",
        kind: ColumnKind::Id,
    }],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Project {
    const COLLECTION: &'static Collection = &PROJECTS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.organisation.into()]
    }

    fn identities(&self) -> Vec<Identity> {
        let tokens = self
            .api_tokens
            .iter()
            .map(|token| key(identity::API_TOKEN, &token.hash));
        tokens
            .chain([key(identity::SDK_KEY, &self.sdk_key)])
            .collect()
    }
}

/// The live identity secrets of a project, newest first.
#[must_use]
pub fn identity_secrets(app: &App, project: &Project) -> Vec<String> {
    project
        .identity_secrets
        .iter()
        .filter_map(|sealed| app.key.open(IDENTITY_SECRET, sealed).ok())
        .collect()
}

/// A project with keys of its own, its secret token and its identity secret.
pub(super) fn new_project(app: &App, name: &str) -> (Project, String, String) {
    let (token, secret) = (
        token::new_api_token(&app.random),
        token::new_identity_secret(&app.random),
    );
    let project = Project {
        organisation: ObjectId::ZERO,
        name: name.to_owned(),
        sdk_key: token::new_sdk_key(&app.random),
        api_tokens: vec![ApiToken {
            hash: token.hash,
            created_at: app.now(),
        }],
        identity_secrets: vec![app.key.seal(&app.random, IDENTITY_SECRET, &secret)],
        identity_verification: Verification::Off,
        sdk_config: FlowConfig::default(),
    };
    (project, token.token, secret)
}

/// For the operator: nobody else makes projects.
pub(super) fn insert_project(
    tx: &mut Tx<'_>,
    project: Project,
) -> store::Result<(ObjectId, String)> {
    let row = tx.insert(tx.new_id(), project)?;
    let details = json!({ "name": row.doc.name });
    Auditor::operator(row.id).note(tx, Action::ProjectCreated, Some(row.id), details)?;
    tx.claim(identity::SDK_KEY, &row.doc.sdk_key, row.id)?;
    for token in &row.doc.api_tokens {
        tx.claim(identity::API_TOKEN, &token.hash, row.id)?;
    }
    Ok((row.id, row.doc.sdk_key))
}

pub(super) fn known_project(tx: &Tx<'_>, project: ObjectId) -> Result<(), AccountError> {
    tx.get::<Project>(project)?
        .map(drop)
        .ok_or_else(|| unknown_project(project))
}

pub(super) fn unknown_project(project: ObjectId) -> AccountError {
    AccountError::Unknown(format!(
        "--project: there is no project {project}; `hark project list` shows those that are"
    ))
}

/// A project that was made, with the secrets that are shown once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedProject {
    pub project_id: ObjectId,
    pub name: String,
    pub sdk_key: String,
    pub api_token: String,
    pub identity_secret: String,
}

/// Makes a project in the organisation of the server; its owners become those of the first project.
pub async fn create_project(app: &App, name: String) -> Result<CreatedProject, AccountError> {
    let first = existing(app).await?.ok_or_else(not_set_up)?;
    let (project, api_token, identity_secret) = new_project(app, &name);
    let (project_id, sdk_key) = app
        .store
        .write(SCOPE, move |tx| {
            let (id, sdk_key) = insert_project(
                tx,
                Project {
                    organisation: first.organisation_id,
                    ..project.clone()
                },
            )?;
            let key = identity::email_key(&first.user.email).unwrap_or_default();
            if let Some(owner) = tx.owner(identity::ACCOUNT_EMAIL, &key)? {
                insert_member(
                    tx,
                    Member {
                        user: owner,
                        project: id,
                        role: Role::Owner,
                    },
                )?;
            }
            Ok::<_, store::Error>((id, sdk_key))
        })
        .await?;
    Ok(CreatedProject {
        project_id,
        name,
        sdk_key,
        api_token,
        identity_secret,
    })
}

/// A secret of a project that can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectSecret {
    /// The token of `/admin`.
    ApiToken,
    /// The secret of identity verification.
    Identity,
}

/// Makes a new value of a secret and returns it. The one before stays valid; older ones end.
pub async fn rotate(
    app: &App,
    auditor: Auditor,
    secret: ProjectSecret,
) -> Result<String, AccountError> {
    match secret {
        ProjectSecret::ApiToken => rotate_api_token(app, auditor).await,
        ProjectSecret::Identity => rotate_identity_secret(app, auditor).await,
    }
}

async fn rotate_api_token(app: &App, auditor: Auditor) -> Result<String, AccountError> {
    let project = auditor.project;
    let token::NewApiToken { token, hash } = token::new_api_token(&app.random);
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx
            .get_for_update::<Project>(project)?
            .ok_or_else(|| unknown_project(project))?;
        row.doc.api_tokens.insert(
            0,
            ApiToken {
                hash: hash.clone(),
                created_at: tx.now(),
            },
        );
        tx.claim(identity::API_TOKEN, &hash, project)?;
        for ended in row
            .doc
            .api_tokens
            .drain(LIVE_SECRETS_MAX.min(row.doc.api_tokens.len())..)
        {
            tx.release(identity::API_TOKEN, &ended.hash, project)?;
        }
        tx.put(&mut row)?;
        Ok::<_, AccountError>(auditor.note(tx, Action::ApiTokenRotated, None, Json::Null)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(token)
}

async fn rotate_identity_secret(app: &App, auditor: Auditor) -> Result<String, AccountError> {
    let project = auditor.project;
    let secret = token::new_identity_secret(&app.random);
    let sealed = app.key.seal(&app.random, IDENTITY_SECRET, &secret);
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx
            .get_for_update::<Project>(project)?
            .ok_or_else(|| unknown_project(project))?;
        row.doc.identity_secrets.insert(0, sealed.clone());
        row.doc.identity_secrets.truncate(LIVE_SECRETS_MAX);
        tx.put(&mut row)?;
        Ok::<_, AccountError>(auditor.note(tx, Action::IdentitySecretRotated, None, Json::Null)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(secret)
}

/// A project as a list shows it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedProject {
    pub project_id: ObjectId,
    pub name: String,
    pub sdk_key: String,
}

/// All projects, oldest first.
pub async fn list_projects(app: &App) -> Result<Vec<ListedProject>, AccountError> {
    let listed = |row: &RawRow| {
        let project: Project = row.parse()?;
        Ok(ListedProject {
            project_id: row.id,
            name: project.name,
            sdk_key: project.sdk_key,
        })
    };
    Ok(all(app, listed).await?)
}

/// The ids of all projects, oldest first.
///
/// # Errors
/// Those of the store.
pub async fn ids(app: &App) -> store::Result<Vec<ObjectId>> {
    all(app, |row| Ok(row.id)).await
}

/// What `pick` takes of each project, page by page.
async fn all<T>(app: &App, pick: impl Fn(&RawRow) -> store::Result<T>) -> store::Result<Vec<T>> {
    let mut picked = Vec::new();
    let mut query = Query {
        sort: vec![store::Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: PROJECTS_PER_PAGE,
        ..Query::default()
    };
    loop {
        let asked = query.clone();
        let read = app
            .store
            .read(SCOPE, move |snapshot| snapshot.page::<Project>(&asked));
        let page = read.await?;
        for row in &page.rows {
            picked.push(pick(row)?);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(picked),
        }
    }
}
