//! The first accounts of a server: what `hark setup` makes.

use serde::{Deserialize, Serialize};
use store::{ObjectId, Query, Snapshot, Tx};

use super::api_key::{NewApiKey, create_api_key};
use super::member::{Member, insert_member};
use super::organisation::{FIRST, Organisation};
use super::project::{Project, identity_secrets, insert_project, new_project};
use super::user::{User, insert_user, person};
use super::{AccountError, SCOPE};
use crate::app::App;
use crate::auth::roles::Role;
use crate::auth::token;
use crate::identity;
use crate::resources::project::audit_log::document::Auditor;

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

/// Makes organisation, project, owner and keys; on a server that has them, changes nothing and shows what can be shown.
pub async fn setup(app: &App, request: SetupRequest) -> Result<SetupResult, AccountError> {
    if let Some(found) = existing(app).await? {
        return Ok(found);
    }
    match make(app, request).await? {
        Some(made) => Ok(made),
        None => existing(app).await?.ok_or_else(not_set_up),
    }
}

/// Whether there is an organisation.
pub async fn is_set_up(app: &App) -> Result<bool, AccountError> {
    let read = app.store.read(SCOPE, has_organisation);
    Ok(read.await?)
}

fn has_organisation(snapshot: &Snapshot<'_>) -> store::Result<bool> {
    let first = Query {
        limit: 1,
        ..Query::default()
    };
    Ok(!snapshot.page::<Organisation>(&first)?.rows.is_empty())
}

/// Makes organisation, project, owner and keys; `None` when somebody did so before.
pub async fn make(app: &App, request: SetupRequest) -> Result<Option<SetupResult>, AccountError> {
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
    let owner = person(app, &request.email, password.clone()).await?;
    let (project, api_token, identity_secret) = new_project(app, &request.project);
    let organisation = Organisation {
        name: request.organisation,
        server_key: app.key.id().to_owned(),
    };
    let ids = app
        .store
        .write(SCOPE, move |tx| {
            if has_organisation(tx)? {
                return Ok(None);
            }
            first_accounts(tx, &organisation, &project, &owner).map(Some)
        })
        .await;
    let ids = match ids {
        Ok(Some(ids)) => ids,
        // Where units run at once, another may have been the first meanwhile.
        Ok(None) | Err(store::Error::Taken { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let key = NewApiKey {
        project: ids.project,
        name: "setup".into(),
        role: Role::Owner,
        scopes: None,
        expires_at: None,
    };
    let api_key = create_api_key(app, key, Auditor::operator(ids.project))
        .await?
        .token;
    Ok(Some(SetupResult {
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
    }))
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
    tx.claim(identity::FIRST_ORGANISATION, FIRST, organisation)?;
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

pub(super) async fn existing(app: &App) -> Result<Option<SetupResult>, AccountError> {
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

pub(super) fn not_set_up() -> AccountError {
    AccountError::Unknown("the server has no organisation yet: run `hark setup` first".into())
}
