//! The secrets of a project. Each is shown when it is made, and never again.

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{named, refused};
use crate::accounts::project::{ProjectSecret, rotate};
use crate::app::SharedApp;
use crate::auth::{Member, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// A secret that was just made.
#[derive(Serialize, ToSchema)]
pub struct SecretBody {
    /// Note it down: it is not shown again.
    pub secret: String,
}

/// Make a new API token
///
/// The secret with which your servers call `/admin`. The one before stays valid, older ones end at once.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/api-token", operation_id = "CreateApiToken", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The token", body = SecretBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn new_api_token(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
) -> Result<Json<SecretBody>, ApiError> {
    make(&app, &member, &project_id, ProjectSecret::ApiToken).await
}

/// Make a new identity secret
///
/// The secret with which your backend proves who its users are. The one before stays valid, older ones end at once.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/identity-secret", operation_id = "CreateIdentitySecret", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The secret", body = SecretBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn new_identity_secret(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
) -> Result<Json<SecretBody>, ApiError> {
    make(&app, &member, &project_id, ProjectSecret::Identity).await
}

async fn make(
    app: &SharedApp,
    member: &Member<ProjectWrite>,
    path: &str,
    which: ProjectSecret,
) -> Result<Json<SecretBody>, ApiError> {
    named(member, path)?;
    let secret = rotate(app, member.auditor(), which)
        .await
        .map_err(refused)?;
    Ok(Json(SecretBody { secret }))
}
