//! Finds out whose token it is. What was found is kept in memory until any account changes, so that a revoked token
//! opens nothing from the moment that its revocation was answered.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::UnitWeighter;
use store::{Change, Millis, ObjectId, Snapshot};

use super::freshness::Freshness;
use super::project_token::ProjectAccess;
use super::roles::{Role, Scopes};
use super::token::{Claims, TokenKind, hash_api_token};
use super::visitor::SdkProject;
use crate::accounts::SCOPE;
use crate::accounts::api_key::ApiKey;
use crate::accounts::member::{self, Member};
use crate::accounts::project::{Project, identity_secrets};
use crate::accounts::sign_in::SignIn;
use crate::accounts::user::{User, UserType};
use crate::app::App;
use crate::cache::CommitCache;
use crate::http::ApiError;
use crate::identity;
use crate::sdk::config;

/// Tokens that are kept in memory.
const TOKENS_KEPT_MAX: usize = 10_000;

/// A token that was verified, and what it opens.
#[derive(Debug)]
pub struct Credential {
    /// The user that it signs in.
    pub user: ObjectId,
    /// What kind of user.
    pub user_type: UserType,
    /// The id of the token: limits count by it.
    pub token: ObjectId,
    /// When it ends by itself.
    pub expires_at: Option<Millis>,
    /// The projects that it opens.
    pub projects: HashMap<ObjectId, Access>,
}

/// What a credential may do in one project.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The organisation of the project.
    pub organisation: ObjectId,
    /// The role of the user.
    pub role: Role,
    /// What the role and the token allow together.
    pub scopes: Scopes,
}

/// What is known of tokens.
pub struct Credentials {
    users: CommitCache<Box<str>, Arc<Credential>, UnitWeighter>,
    projects: CommitCache<Box<str>, Arc<ProjectAccess>, UnitWeighter>,
    sdk_keys: CommitCache<Box<str>, Arc<SdkProject>, UnitWeighter>,
    freshness: Freshness,
}

impl Default for Credentials {
    fn default() -> Self {
        let size = TOKENS_KEPT_MAX;
        Self {
            users: CommitCache::new(size, size as u64, UnitWeighter),
            projects: CommitCache::new(size, size as u64, UnitWeighter),
            sdk_keys: CommitCache::new(size, size as u64, UnitWeighter),
            freshness: Freshness::default(),
        }
    }
}

impl Credentials {
    /// Forgets all tokens when an account changed.
    pub fn committed(&self, changes: &[Change]) {
        let concerns_accounts = |change: &Change| match change {
            Change::Document { project, .. } | Change::Identity { project, .. } => {
                *project == SCOPE
            }
        };
        if changes.iter().any(concerns_accounts) {
            self.clear();
        }
    }

    fn clear(&self) {
        self.users.clear();
        self.projects.clear();
        self.sdk_keys.clear();
    }

    /// Forgets what is old by now. Where other nodes write too, that is asked with every request, unless it may be a little old.
    async fn refresh(&self, app: &App) -> Result<(), ApiError> {
        if Self::is_asked(app) {
            let ask = || app.store.writes_of_numbered();
            let forget = || {
                self.clear();
                app.people.clear();
            };
            self.freshness.assure(ask, forget).await?;
        }
        Ok(())
    }

    /// Whether it has to be asked if what this node knows is still true.
    pub fn is_asked(app: &App) -> bool {
        app.store.is_shared() && !app.credentials.freshness.is_within(app.max_stale())
    }

    /// The credential of a bearer token as this node knows it, and the number of writes of accounts as of which that is true: when they
    /// are more, it may have been revoked. `None` when this node does not know it.
    pub fn known(app: &App, token: &str) -> Option<(Arc<Credential>, i64)> {
        let number = app.credentials.freshness.number();
        let known = app.credentials.users.get(token)?;
        (!has_ended(known.expires_at, app.now())).then_some((known, number))
    }

    /// The project of a secret token of `/admin` as this node knows it, and the number of writes of accounts as of which that is true.
    /// `None` when this node does not know it.
    pub fn known_api_token(app: &App, token: &str) -> Option<(Arc<ProjectAccess>, i64)> {
        let number = app.credentials.freshness.number();
        let known = app.credentials.projects.get(token)?;
        Some((known, number))
    }

    /// The credential of a bearer token.
    ///
    /// # Errors
    /// 401 when it is not ours, has ended or was revoked.
    pub async fn of_bearer(app: &App, token: &str) -> Result<Arc<Credential>, ApiError> {
        app.credentials.refresh(app).await?;
        if let Some(known) = app.credentials.users.get(token) {
            return if has_ended(known.expires_at, app.now()) {
                Err(expired())
            } else {
                Ok(known)
            };
        }
        let claims = app
            .signer
            .verify(token, app.now())
            .map_err(|error| ApiError::unauthorized("invalid_token", error.to_string()))?;
        let ticket = app.credentials.users.ticket();
        let read = app.store.lookup(SCOPE, move |snapshot| {
            Ok::<_, ApiError>(read_credential(snapshot, &claims)?)
        });
        let credential = Arc::new(read.await?.ok_or_else(revoked)?);
        if has_ended(credential.expires_at, app.now()) {
            return Err(expired());
        }
        app.credentials
            .users
            .keep(ticket, token.into(), Arc::clone(&credential));
        Ok(credential)
    }

    /// The project of a secret token of `/admin`.
    ///
    /// # Errors
    /// 401 when no project has it.
    pub async fn of_api_token(app: &App, token: &str) -> Result<Arc<ProjectAccess>, ApiError> {
        app.credentials.refresh(app).await?;
        if let Some(known) = app.credentials.projects.get(token) {
            return Ok(known);
        }
        let ticket = app.credentials.projects.ticket();
        let hash = hash_api_token(token);
        let read = app.store.lookup(SCOPE, move |snapshot| {
            Ok::<_, ApiError>(snapshot.find::<Project>(identity::API_TOKEN, &hash)?)
        });
        let Some(row) = read.await? else {
            return Err(ApiError::unauthorized(
                "invalid_api_token",
                "No project has this Api-Token. Send the secret API token of the project, not its SDK key.",
            ));
        };
        let access = Arc::new(ProjectAccess {
            project: row.id,
            organisation: row.doc.organisation,
        });
        app.credentials
            .projects
            .keep(ticket, token.into(), Arc::clone(&access));
        Ok(access)
    }

    /// The project of a public key.
    ///
    /// # Errors
    /// 401 when no project has it.
    pub async fn of_sdk_key(app: &App, key: &str) -> Result<Arc<SdkProject>, ApiError> {
        Self::find_sdk_key(app, key).await?.ok_or_else(|| {
            ApiError::unauthorized(
                "invalid_sdk_key",
                "No project has this SDK key. `hark project list` shows those that are.",
            )
        })
    }

    /// The project of a public key, when there is one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find_sdk_key(app: &App, key: &str) -> Result<Option<Arc<SdkProject>>, ApiError> {
        app.credentials.refresh(app).await?;
        if let Some(known) = app.credentials.sdk_keys.get(key) {
            return Ok(Some(known));
        }
        let ticket = app.credentials.sdk_keys.ticket();
        let wanted = key.to_owned();
        let read = app.store.lookup(SCOPE, move |snapshot| {
            Ok::<_, ApiError>(snapshot.find::<Project>(identity::SDK_KEY, &wanted)?)
        });
        let Some(row) = read.await? else {
            return Ok(None);
        };
        let access = Arc::new(SdkProject {
            project: row.id,
            organisation: row.doc.organisation,
            verification: row.doc.identity_verification,
            identity_secrets: identity_secrets(app, &row.doc),
            config: config::render(&row.doc.sdk_config, &app.config.public_host()),
        });
        app.credentials
            .sdk_keys
            .keep(ticket, key.into(), Arc::clone(&access));
        Ok(Some(access))
    }
}

fn has_ended(expires_at: Option<Millis>, now: Millis) -> bool {
    expires_at.is_some_and(|at| at <= now)
}

fn expired() -> ApiError {
    ApiError::unauthorized(
        "token_expired",
        "The token has expired. Sign in again, or make a new one with `hark token create`.",
    )
}

fn revoked() -> ApiError {
    ApiError::unauthorized(
        "token_revoked",
        "The token was revoked. Sign in again, or make a new one with `hark token create`.",
    )
}

/// `None` when the token was revoked, or its user is gone.
fn read_credential(snapshot: &Snapshot<'_>, claims: &Claims) -> store::Result<Option<Credential>> {
    let Some(user) = snapshot.get::<User>(claims.sub)? else {
        return Ok(None);
    };
    let key = match claims.kind {
        TokenKind::Login => match snapshot.get::<SignIn>(claims.jti)? {
            Some(sign_in) if sign_in.doc.user == user.id => None,
            _ => return Ok(None),
        },
        TokenKind::ApiKey => match snapshot.get::<ApiKey>(claims.jti)? {
            Some(key) if key.doc.revoked_at.is_none() && key.doc.user == user.id => Some(key.doc),
            _ => return Ok(None),
        },
    };
    let ends = [
        claims.exp.map(|seconds| Millis(seconds * 1000)),
        key.as_ref().and_then(|key| key.expires_at),
    ];
    Ok(Some(Credential {
        user: user.id,
        user_type: user.doc.user_type,
        token: claims.jti,
        expires_at: ends.into_iter().flatten().min(),
        projects: read_projects(snapshot, user.id, key.as_ref())?,
    }))
}

fn read_projects(
    snapshot: &Snapshot<'_>,
    user: ObjectId,
    key: Option<&ApiKey>,
) -> store::Result<HashMap<ObjectId, Access>> {
    let mut projects = HashMap::new();
    for row in snapshot.page::<Member>(&member::of_user(user))?.rows {
        let Some(member) = snapshot.get::<Member>(row.id)? else {
            continue;
        };
        let opens = key.is_none_or(|key| key.project == member.doc.project);
        if let (true, Some(project)) = (opens, snapshot.get::<Project>(member.doc.project)?) {
            let allowed = member.doc.role.scopes();
            let scopes = key
                .and_then(|key| key.scopes)
                .map_or(allowed, |scopes| allowed.and(scopes));
            projects.insert(
                project.id,
                Access {
                    organisation: project.doc.organisation,
                    role: member.doc.role,
                    scopes,
                },
            );
        }
    }
    Ok(projects)
}
