//! Is this token any good?

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::ProjectToken;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The project that a token opens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthBody {
    /// Always true: a wrong token is answered with 401.
    pub success: bool,
    /// The id of the project.
    #[schema(value_type = String)]
    pub project_id: store::ObjectId,
}

/// Check a secret API token
///
/// Tells which project the `Api-Token` opens, and changes nothing.
#[utoipa::path(
    get, path = "/admin/auth", operation_id = "AdminAuth", tag = "Admin",
    responses((status = 200, description = "The token is valid", body = AuthBody), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn check(ProjectToken(access): ProjectToken) -> Result<Json<AuthBody>, ApiError> {
    Ok(Json(AuthBody {
        success: true,
        project_id: access.project,
    }))
}
