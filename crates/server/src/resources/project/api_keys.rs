//! The API keys of a project, with which programs call `/v3`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId};
use utoipa::ToSchema;

use super::{named, refused};
use crate::accounts::api_key::{
    ListedApiKey, NewApiKey, create_api_key, list_api_keys, revoke_api_key,
};
use crate::app::SharedApp;
use crate::auth::roles::Role;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Characters of the name of a key at the most.
pub const NAME_CHARS_MAX: usize = 100;
/// Days after which a key ends at the latest, when it is to end.
pub const DAYS_MAX: u32 = 3650;
const DAY_MS: i64 = 86_400_000;

/// An API key; the key itself is shown only when it is made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyBody {
    /// The id of the key.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Millis>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Millis>,
}

impl From<ListedApiKey> for ApiKeyBody {
    fn from(ListedApiKey { id, key }: ListedApiKey) -> Self {
        Self {
            _id: id,
            id,
            name: key.name,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewApiKeyBody {
    /// What it is for.
    #[schema(example = "Nightly export")]
    pub name: String,
    /// As what it acts: at most the role of the caller.
    pub role: Role,
    /// Days until it ends; never, when absent.
    #[serde(default)]
    pub expires_days: Option<u32>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKeyBody {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The key. Note it down: it is not shown again.
    pub token: String,
}

/// List the API keys of a project
///
/// The newest first, those that were revoked included.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/api-keys", operation_id = "GetApiKeys", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The keys", body = [ApiKeyBody]), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<Vec<ApiKeyBody>>, ApiError> {
    let id = named(&member, &project_id)?;
    let keys = list_api_keys(&app, id).await.map_err(refused)?;
    Ok(Json(keys.into_iter().map(ApiKeyBody::from).collect()))
}

/// Make an API key
///
/// With a service account of its own, which has the role in this project alone.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/api-keys", operation_id = "CreateApiKey", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = NewApiKeyBody,
    responses((status = 200, description = "The key", body = CreatedApiKeyBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(body): Json<NewApiKeyBody>,
) -> Result<Json<CreatedApiKeyBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let faults = faults_of(&body);
    if !faults.is_empty() {
        return Err(ApiError::unprocessable("invalid_api_key", faults));
    }
    if !at_most(body.role, member.role) {
        return Err(ApiError::forbidden(
            "role_too_high",
            format!(
                "role: a key may act at most as what you are: choose {} or less.",
                member.role
            ),
        ));
    }
    let new = NewApiKey {
        project,
        name: body.name.trim().to_owned(),
        role: body.role,
        // What a key makes allows no more than the key itself.
        scopes: Some(member.scopes.and(body.role.scopes())),
        expires_at: body
            .expires_days
            .map(|days| Millis(app.now().0 + i64::from(days) * DAY_MS)),
    };
    let made = create_api_key(&app, new, member.auditor())
        .await
        .map_err(refused)?;
    Ok(Json(CreatedApiKeyBody {
        id: made.id,
        token: made.token,
    }))
}

/// Revoke an API key
///
/// From the answer on it opens nothing.
#[utoipa::path(
    delete, path = "/v3/projects/{projectId}/api-keys/{keyId}", operation_id = "RevokeApiKey", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("keyId" = String, Path, description = "The id of the key"),
        ("project" = String, Header, description = "The id of the project again"),
    ),
    responses((status = 204, description = "It is revoked"), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn revoke(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path((project_id, key_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let project = named(&member, &project_id)?;
    let keys = list_api_keys(&app, project).await.map_err(refused)?;
    let known = keys.iter().find(|key| key.id.to_string() == key_id);
    let id = known
        .ok_or_else(|| {
            ApiError::not_found(
                "api_key_not_found",
                format!("This project has no API key {key_id:?}."),
            )
        })?
        .id;
    revoke_api_key(&app, id, Some(member.user))
        .await
        .map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn faults_of(body: &NewApiKeyBody) -> Vec<String> {
    let mut faults = Vec::new();
    if !(1..=NAME_CHARS_MAX).contains(&body.name.trim().chars().count()) {
        faults.push(format!(
            "name: say what the key is for in 1 to {NAME_CHARS_MAX} characters"
        ));
    }
    if body
        .expires_days
        .is_some_and(|days| !(1..=DAYS_MAX).contains(&days))
    {
        faults.push(format!("expiresDays: 1 to {DAYS_MAX}, or leave it out"));
    }
    faults
}

/// Whether a role is no more powerful than another.
fn at_most(role: Role, limit: Role) -> bool {
    let place = |wanted| Role::ALL.iter().position(|known| *known == wanted);
    place(role) >= place(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_hands_out_more_than_they_have() {
        assert!(at_most(Role::Admin, Role::Admin));
        assert!(at_most(Role::Viewer, Role::Owner));
        assert!(!at_most(Role::Owner, Role::Admin));
    }
}
