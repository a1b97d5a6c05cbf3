//! The caller itself: `/v3/users/me`.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::SCOPE;
use crate::accounts::user::{User, UserType};
use crate::app::SharedApp;
use crate::auth::roles::{Role, Scope};
use crate::auth::{Credential, SignedIn};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The operations on the caller.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(permissions))
}

/// A user, without any secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    /// The id of the user.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The address to sign in with; service accounts have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name to show.
    pub first_name: String,
    /// Empty: names are not split.
    pub last_name: String,
    /// A person or a service account.
    pub user_type: UserType,
    /// Whether the account is confirmed.
    pub confirmed: bool,
    /// Where the user wants to hear of what.
    pub notification_preferences: NotificationPreferences,
    /// When the user was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// The latest change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// What a user may be told of. Nothing is sent yet, so all of it is off.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct NotificationPreferences {
    /// Every ticket that is made.
    pub all_created_tickets: Channels,
    /// Every ticket that is not answered in time.
    pub all_sla_breached: Channels,
    /// Every message of every ticket.
    pub all_ticket_messages: Channels,
    /// A ticket that the user is given.
    pub personal_assignment: Channels,
    /// A message that names the user.
    pub personal_mention: Channels,
    /// A message of a ticket of the user.
    pub personal_ticket_messages: Channels,
    /// A ticket that a team of the user is given.
    pub team_ticket_assignment: Channels,
    /// A message of a ticket of a team of the user.
    pub team_ticket_messages: Channels,
}

/// The ways to tell a user.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Channels {
    /// By email.
    pub email: bool,
    /// In the dashboard.
    pub in_app: bool,
    /// On the telephone.
    pub push: bool,
}

impl From<Row<User>> for UserBody {
    fn from(row: Row<User>) -> Self {
        Self {
            _id: row.id,
            id: row.id,
            email: row.doc.email,
            first_name: row.doc.name,
            last_name: String::new(),
            user_type: row.doc.user_type,
            confirmed: true,
            notification_preferences: NotificationPreferences::default(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Get the calling user
///
/// The user whose token it is: a person or the service account of an API key. Never a secret.
#[utoipa::path(
    get, path = "/v3/users/me", operation_id = "GetMe", tag = "User",
    responses((status = 200, description = "The user", body = UserBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn me(
    State(app): State<SharedApp>,
    SignedIn(credential): SignedIn,
) -> Result<Json<UserBody>, ApiError> {
    let id = credential.user;
    let row = app
        .store
        .read(SCOPE, move |snapshot| {
            Ok::<_, ApiError>(snapshot.get::<User>(id)?)
        })
        .await?;
    let row = row.ok_or_else(|| {
        ApiError::unauthorized("token_revoked", "The user of this token is gone.")
    })?;
    Ok(Json(row.into()))
}

/// What the caller may do.
#[derive(Serialize, ToSchema)]
pub struct PermissionsBody {
    /// The rights, such as `sessions:read`.
    pub permissions: Vec<&'static str>,
    /// The roles.
    pub roles: Vec<&'static str>,
}

/// Get the permissions of the caller
///
/// In the project of the `project` header; without it, in all projects of the caller together.
#[utoipa::path(
    get, path = "/v3/users/me/permissions", operation_id = "GetMyPermissions", tag = "User",
    params(("project" = Option<String>, Header, description = "The id of a project")),
    responses((status = 200, description = "The permissions", body = PermissionsBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn permissions(
    SignedIn(credential): SignedIn,
    headers: HeaderMap,
) -> Result<Json<PermissionsBody>, ApiError> {
    let project = headers.get("project").map(|value| {
        value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<ObjectId>().ok())
    });
    let project = match project {
        Some(None) => {
            return Err(ApiError::bad_request(
                "invalid_id",
                "The `project` header must be 24 hexadecimal characters.",
            ));
        }
        given => given.flatten(),
    };
    Ok(Json(permissions_of(&credential, project)))
}

fn permissions_of(credential: &Credential, project: Option<ObjectId>) -> PermissionsBody {
    let accesses: Vec<_> = credential
        .projects
        .iter()
        .filter(|(id, _)| project.is_none_or(|project| project == **id))
        .map(|(_, access)| access)
        .collect();
    let permitted = |scope: &Scope| accesses.iter().any(|access| access.scopes.contains(*scope));
    let held = |role: &Role| accesses.iter().any(|access| access.role == *role);
    PermissionsBody {
        permissions: Scope::ALL
            .into_iter()
            .filter(permitted)
            .map(Scope::name)
            .collect(),
        roles: Role::ALL.into_iter().filter(held).map(Role::name).collect(),
    }
}
