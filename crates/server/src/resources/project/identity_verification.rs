//! Whether clients must prove who their user is, and help with the proof.

use axum::extract::{Path, State};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;
use store::Tx;
use utoipa::ToSchema;

use super::{named, not_found, read};
use crate::accounts::project::{Verification, identity_secrets};
use crate::accounts::{SCOPE, verification};
use crate::app::SharedApp;
use crate::auth::token::{Claimed, check_user_hash};
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Whether clients must prove who their user is.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct IdentityVerificationBody {
    /// `off`: the `userHash` of a client is not looked at. `required`: without the right one nobody becomes a user.
    pub mode: Verification,
}

/// A user and the proof to check.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofBody {
    /// The id of the user as your backend hashed it.
    #[serde(deserialize_with = "text_or_number")]
    pub user_id: String,
    /// What your backend made of it.
    pub user_hash: String,
}

/// What became of the check.
#[derive(Serialize, ToSchema)]
pub struct ProofCheckBody {
    /// Whether a client with this proof would become the user.
    pub valid: bool,
    /// Why not, and what to change, as far as it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// Get the mode of identity verification
///
/// Never a secret.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/identity-verification", operation_id = "GetIdentityVerification", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The mode", body = IdentityVerificationBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<IdentityVerificationBody>, ApiError> {
    let mode = read(&app, named(&member, &project_id)?)
        .await?
        .identity_verification;
    Ok(Json(IdentityVerificationBody { mode }))
}

/// Set the mode of identity verification
///
/// It holds from the next call of a client. Sessions that were identified before stay so.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/identity-verification", operation_id = "UpdateIdentityVerification", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = IdentityVerificationBody,
    responses((status = 200, description = "The mode that holds now", body = IdentityVerificationBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(IdentityVerificationBody { mode }): Json<IdentityVerificationBody>,
) -> Result<Json<IdentityVerificationBody>, ApiError> {
    let id = named(&member, &project_id)?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| match verification::set(tx, auditor, mode)? {
        true => Ok(()),
        false => Err(not_found(id)),
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(IdentityVerificationBody { mode }))
}

/// Check a proof of identity
///
/// For the developer of a backend: whether its `userHash` is right, and if not, the likely mistake. It changes nothing,
/// and never tells the right hash.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/identity-verification/check", operation_id = "CheckIdentityProof", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = ProofBody,
    responses((status = 200, description = "Whether the proof is right", body = ProofCheckBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn check(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
    Json(proof): Json<ProofBody>,
) -> Result<Json<ProofCheckBody>, ApiError> {
    let project = read(&app, named(&member, &project_id)?).await?;
    let claimed = Claimed {
        secrets: &identity_secrets(&app, &project),
        sdk_key: &project.sdk_key,
        user_id: &proof.user_id,
        user_hash: &proof.user_hash,
    };
    let reason = check_user_hash(&claimed).err();
    Ok(Json(ProofCheckBody {
        valid: reason.is_none(),
        reason,
    }))
}

/// Clients send ids as numbers too; what is hashed is their text.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a string or a number")]
    enum Id {
        Text(String),
        Number(Number),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}
