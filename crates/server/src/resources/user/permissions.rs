//! What the caller may do.

use axum::http::HeaderMap;
use serde::Serialize;
use store::ObjectId;
use utoipa::ToSchema;

use crate::auth::roles::{Role, Scope};
use crate::auth::{Credential, SignedIn};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

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
    let project = named_project(&headers)?;
    Ok(Json(permissions_of(&credential, project)))
}

/// The project of a header that need not be there.
pub(super) fn named_project(headers: &HeaderMap) -> Result<Option<ObjectId>, ApiError> {
    let Some(value) = headers.get("project") else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| {
        ApiError::bad_request(
            "invalid_id",
            "The `project` header must be 24 hexadecimal characters.",
        )
    })
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
