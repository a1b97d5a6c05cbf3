//! Makes accounts: what `hark setup`, `hark project`, `hark member` and `hark token` do.

use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Query, Tx};

use super::api_key::ApiKey;
use super::member::{Member, membership_key};
use super::organisation::Organisation;
use super::project::{ApiToken, IDENTITY_SECRET, LIVE_SECRETS_MAX, Project};
use super::user::{User, UserType};
use super::{SCOPE, api_key};
use crate::app::App;
use crate::auth::roles::{Role, Scopes};
use crate::auth::token::{self, Claims, TokenKind};
use crate::identity;

/// What the first start should make.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetupRequest {
    /// The name of the organisation.
    pub organisation: String,
    /// The name of the first project.
    pub project: String,
    /// The email address of the owner.
    pub email: String,
    /// The owner's password; made when absent.
    pub password: Option<String>,
}

/// What was made. Secrets that are kept only as hashes are there only when they were just made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetupResult {
    /// The organisation.
    pub organisation_id: ObjectId,
    /// The first project.
    pub project_id: ObjectId,
    /// Its public key, for client SDKs.
    pub sdk_key: String,
    /// Its secret token, for `/admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_token: Option<String>,
    /// The secret with which your server proves who its users are.
    pub identity_secret: String,
    /// An API key with all rights in the project, for `/v3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The owner.
    pub user: SetupUser,
    /// Where the server is reached.
    pub url: String,
}

/// The owner that the set-up made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetupUser {
    /// The address to sign in with.
    pub email: String,
    /// The password, when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
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

/// A request that cannot be done, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Something that is not there.
    #[error("{0}")]
    Unknown(String),
    /// Something that is not acceptable.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes organisation, project, owner and keys; on a server that has them, changes nothing and shows what can be shown.
pub async fn setup(app: &App, request: SetupRequest) -> Result<SetupResult, AccountError> {
    if let Some(found) = existing(app).await? {
        return Ok(found);
    }
    if identity::email_key(&request.email).is_none() {
        return Err(AccountError::Refused(format!(
            "--email: {:?} is not an email address",
            request.email
        )));
    }
    let given = request.password.is_some();
    let password = request
        .password
        .unwrap_or_else(|| token::new_password(&app.random));
    let owner = person(app, &request.email, &password)?;
    let (project, api_token, identity_secret) = new_project(app, &request.project);
    let organisation = Organisation {
        name: request.organisation,
        server_key: app.key.id().to_owned(),
    };
    let ids = app
        .store
        .write(SCOPE, move |tx| {
            first_accounts(tx, &organisation, &project, &owner)
        })
        .await?;
    let key = NewApiKey {
        project: ids.project,
        name: "setup".into(),
        role: Role::Owner,
        scopes: None,
        expires_at: None,
    };
    let api_key = create_api_key(app, key).await?.token;
    Ok(SetupResult {
        organisation_id: ids.organisation,
        project_id: ids.project,
        sdk_key: ids.sdk_key,
        api_token: Some(api_token),
        identity_secret,
        api_key: Some(api_key),
        user: SetupUser {
            email: request.email,
            password: (!given).then_some(password),
        },
        url: app.config.base_url(),
    })
}

/// Whether the server has the key that its accounts were made with. Without it no API key opens anything.
pub async fn has_its_key(app: &App) -> Result<bool, AccountError> {
    let first = Query {
        limit: 1,
        ..Query::default()
    };
    let read = app.store.read(SCOPE, move |snapshot| {
        let Some(row) = snapshot
            .page::<Organisation>(&first)?
            .rows
            .into_iter()
            .next()
        else {
            return Ok(None);
        };
        snapshot.get::<Organisation>(row.id)
    });
    Ok(read
        .await?
        .is_none_or(|organisation| organisation.doc.server_key == app.key.id()))
}

struct FirstIds {
    organisation: ObjectId,
    project: ObjectId,
    sdk_key: String,
}

fn first_accounts(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    project: &Project,
    owner: &User,
) -> store::Result<FirstIds> {
    let organisation = tx.insert(tx.new_id(), organisation.clone())?.id;
    let project = insert_project(
        tx,
        Project {
            organisation,
            ..project.clone()
        },
    )?;
    let user = insert_user(tx, owner.clone())?;
    insert_member(
        tx,
        Member {
            user,
            project: project.0,
            role: Role::Owner,
        },
    )?;
    Ok(FirstIds {
        organisation,
        project: project.0,
        sdk_key: project.1,
    })
}

async fn existing(app: &App) -> Result<Option<SetupResult>, AccountError> {
    let oldest = Query {
        sort: vec![store::Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: 1,
        ..Query::default()
    };
    let first = app
        .store
        .read(SCOPE, move |snapshot| {
            let Some(project) = snapshot.page::<Project>(&oldest)?.rows.into_iter().next() else {
                return Ok(None);
            };
            let owner = snapshot.page::<User>(&oldest)?.rows.into_iter().next();
            let project = snapshot.get::<Project>(project.id)?;
            let owner = owner
                .map(|row| snapshot.get::<User>(row.id))
                .transpose()?
                .flatten();
            Ok::<_, store::Error>(project.zip(owner))
        })
        .await?;
    let Some((project, owner)) = first else {
        return Ok(None);
    };
    Ok(Some(SetupResult {
        organisation_id: project.doc.organisation,
        project_id: project.id,
        sdk_key: project.doc.sdk_key.clone(),
        api_token: None,
        identity_secret: identity_secrets(app, &project.doc)
            .into_iter()
            .next()
            .unwrap_or_default(),
        api_key: None,
        user: SetupUser {
            email: owner.doc.email.unwrap_or_default(),
            password: None,
        },
        url: app.config.base_url(),
    }))
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
fn new_project(app: &App, name: &str) -> (Project, String, String) {
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
    };
    (project, token.token, secret)
}

fn person(app: &App, email: &str, password: &str) -> Result<User, AccountError> {
    let hash = app
        .passwords
        .hash(&app.random, password)
        .map_err(|error| AccountError::Refused(error.to_string()))?;
    let name = email.split('@').next().unwrap_or(email).to_owned();
    Ok(User {
        email: Some(email.to_owned()),
        password_hash: Some(hash),
        name,
        user_type: UserType::Default,
        valid_from: app.now(),
    })
}

fn insert_project(tx: &mut Tx<'_>, project: Project) -> store::Result<(ObjectId, String)> {
    let row = tx.insert(tx.new_id(), project)?;
    tx.claim(identity::SDK_KEY, &row.doc.sdk_key, row.id)?;
    for token in &row.doc.api_tokens {
        tx.claim(identity::API_TOKEN, &token.hash, row.id)?;
    }
    Ok((row.id, row.doc.sdk_key))
}

fn insert_user(tx: &mut Tx<'_>, user: User) -> store::Result<ObjectId> {
    let row = tx.insert(tx.new_id(), user)?;
    if let Some(key) = row.doc.email.as_deref().and_then(identity::email_key) {
        tx.claim(identity::ACCOUNT_EMAIL, &key, row.id)?;
    }
    Ok(row.id)
}

fn insert_member(tx: &mut Tx<'_>, member: Member) -> store::Result<ObjectId> {
    let key = membership_key(member.user, member.project);
    let id = tx.insert(tx.new_id(), member)?.id;
    tx.claim(identity::MEMBERSHIP, &key, id)?;
    Ok(id)
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

fn not_set_up() -> AccountError {
    AccountError::Unknown("the server has no organisation yet: run `hark setup` first".into())
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
    project: ObjectId,
    secret: ProjectSecret,
) -> Result<String, AccountError> {
    match secret {
        ProjectSecret::ApiToken => rotate_api_token(app, project).await,
        ProjectSecret::Identity => rotate_identity_secret(app, project).await,
    }
}

async fn rotate_api_token(app: &App, project: ObjectId) -> Result<String, AccountError> {
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
        Ok::<_, AccountError>(tx.put(&mut row)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(token)
}

async fn rotate_identity_secret(app: &App, project: ObjectId) -> Result<String, AccountError> {
    let secret = token::new_identity_secret(&app.random);
    let sealed = app.key.seal(&app.random, IDENTITY_SECRET, &secret);
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx
            .get_for_update::<Project>(project)?
            .ok_or_else(|| unknown_project(project))?;
        row.doc.identity_secrets.insert(0, sealed.clone());
        row.doc.identity_secrets.truncate(LIVE_SECRETS_MAX);
        Ok::<_, AccountError>(tx.put(&mut row)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(secret)
}

fn unknown_project(project: ObjectId) -> AccountError {
    AccountError::Unknown(format!(
        "--project: there is no project {project}; `hark project list` shows those that are"
    ))
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
    let all = Query {
        sort: vec![store::Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: 1000,
        ..Query::default()
    };
    let listed = |row: &store::RawRow, snapshot: &store::Snapshot<'_>| {
        let project = snapshot.get::<Project>(row.id)?;
        Ok::<_, store::Error>(project.map(|row| ListedProject {
            project_id: row.id,
            name: row.doc.name,
            sdk_key: row.doc.sdk_key,
        }))
    };
    let read = app.store.read(SCOPE, move |snapshot| {
        let rows = snapshot.page::<Project>(&all)?.rows;
        rows.iter()
            .filter_map(|row| listed(row, snapshot).transpose())
            .collect::<Result<Vec<_>, store::Error>>()
    });
    Ok(read.await?)
}

/// A member to be made, or to be given another role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewMember {
    pub project: ObjectId,
    pub email: String,
    pub role: Role,
    /// Made when absent; not used for a user who exists.
    pub password: Option<String>,
}

/// A member that was made.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedMember {
    pub user_id: ObjectId,
    pub email: String,
    pub role: Role,
    /// When it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Makes a user a member of a project, and the user too when there is none with that address.
pub async fn create_member(app: &App, new: NewMember) -> Result<CreatedMember, AccountError> {
    let key = identity::email_key(&new.email).ok_or_else(|| {
        AccountError::Refused(format!("--email: {:?} is not an email address", new.email))
    })?;
    let made = new
        .password
        .is_none()
        .then(|| token::new_password(&app.random));
    let password = new
        .password
        .clone()
        .or_else(|| made.clone())
        .unwrap_or_default();
    let user = person(app, &new.email, &password)?;
    let (project, role) = (new.project, new.role);
    let (user_id, created) = app
        .store
        .write(SCOPE, move |tx| {
            known_project(tx, project)?;
            let (user, created) = match tx.owner(identity::ACCOUNT_EMAIL, &key)? {
                Some(user) => (user, false),
                None => (insert_user(tx, user.clone())?, true),
            };
            set_role(
                tx,
                Member {
                    user,
                    project,
                    role,
                },
            )?;
            Ok::<_, AccountError>((user, created))
        })
        .await?;
    Ok(CreatedMember {
        user_id,
        email: new.email,
        role: new.role,
        password: made.filter(|_| created),
    })
}

fn set_role(tx: &mut Tx<'_>, member: Member) -> store::Result<()> {
    match tx.owner(
        identity::MEMBERSHIP,
        &membership_key(member.user, member.project),
    )? {
        None => insert_member(tx, member).map(drop),
        Some(id) => {
            let mut row = tx.get_for_update::<Member>(id)?.ok_or_else(|| tx.raced())?;
            row.doc.role = member.role;
            tx.put(&mut row)
        }
    }
}

fn known_project(tx: &Tx<'_>, project: ObjectId) -> Result<(), AccountError> {
    tx.get::<Project>(project)?
        .map(drop)
        .ok_or_else(|| unknown_project(project))
}

/// An API key that was made. The token is shown once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKey {
    pub id: ObjectId,
    pub token: String,
}

/// Makes an API key with a service account of its own.
pub async fn create_api_key(app: &App, new: NewApiKey) -> Result<CreatedApiKey, AccountError> {
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
                valid_from: now,
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
            Ok::<_, AccountError>((user, tx.insert(tx.new_id(), key)?.id))
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
        let rows = snapshot.page::<ApiKey>(&api_key::of_project(project))?.rows;
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
pub async fn revoke_api_key(app: &App, id: ObjectId) -> Result<(), AccountError> {
    let revoke = move |tx: &mut Tx<'_>| {
        let unknown = || {
            AccountError::Unknown(format!(
                "there is no API key {id}; `hark token list` shows those that are"
            ))
        };
        let mut row = tx.get_for_update::<ApiKey>(id)?.ok_or_else(unknown)?;
        row.doc.revoked_at.get_or_insert(tx.now());
        Ok(tx.put(&mut row)?)
    };
    app.store.write(SCOPE, revoke).await
}
