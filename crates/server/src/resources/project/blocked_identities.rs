//! The values of a project that identify nobody.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use super::audit_log::document::Action;
use super::named;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::blocked::{self, Blocked, BlockedKind, VALUES_MAX};

/// A value that identifies nobody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BlockedIdentity {
    /// What it is.
    kind: BlockedKind,
    /// The value. Addresses are compared as those of sessions are: in lower case, and with the country code.
    #[schema(example = "test@example.com")]
    value: String,
}

/// The values that identify nobody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BlockedIdentitiesBody {
    /// At most 500.
    values: Vec<BlockedIdentity>,
}

impl BlockedIdentitiesBody {
    fn of(blocked: Vec<Blocked>) -> Self {
        let value = |Blocked { kind, value, .. }| BlockedIdentity { kind, value };
        Self {
            values: blocked.into_iter().map(value).collect(),
        }
    }

    /// # Errors
    /// 422 naming each fault.
    fn read(self) -> Result<Vec<Blocked>, ApiError> {
        let (mut read, mut faults) = (Vec::<Blocked>::new(), Vec::new());
        if self.values.len() > VALUES_MAX {
            faults.push(format!(
                "values: are more than {VALUES_MAX}: leave some out"
            ));
        }
        for (number, BlockedIdentity { kind, value }) in self.values.into_iter().enumerate() {
            let Some(key) = kind.key(&value) else {
                faults.push(format!("values[{number}].value: {}", expected(kind)));
                continue;
            };
            if read
                .iter()
                .any(|other| other.kind == kind && other.key == key)
            {
                faults.push(format!(
                    "values[{number}].value: is there twice: leave one out"
                ));
            }
            read.push(Blocked {
                kind,
                value,
                key,
                holder: None,
            });
        }
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(ApiError::unprocessable("invalid_setting", faults))
        }
    }
}

fn expected(kind: BlockedKind) -> &'static str {
    match kind {
        BlockedKind::UserId => {
            "must be a user id of 1 to 256 characters; words such as \"null\" or \"guest\" are never one"
        }
        BlockedKind::Email => "must be an email address",
        BlockedKind::Phone => "must be a phone number with its country code, such as +43 1 5331234",
    }
}

/// Get the values that identify nobody
///
/// Values that many people have, such as the phone of an office or an address that testers type. They find no session, make no two
/// sessions one, and are no session's identity.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/blocked-identities", operation_id = "GetBlockedIdentities", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The values", body = BlockedIdentitiesBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<BlockedIdentitiesBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let read = app.store.read(project, blocked::of);
    Ok(Json(BlockedIdentitiesBody::of(read.await?)))
}

/// Set the values that identify nobody
///
/// All of them: those that are left out are taken off the list. An email address or a phone number stays with the sessions that have it, as an
/// attribute; a session that was found by it is found again once it is taken off the list. A user id that a session has
/// cannot be blocked: 409 names the session.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/blocked-identities", operation_id = "UpdateBlockedIdentities", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = BlockedIdentitiesBody,
    responses(
        (status = 200, description = "The values now", body = BlockedIdentitiesBody),
        (status = 409, description = "A user id is that of a session", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["project:write"])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(body): Json<BlockedIdentitiesBody>,
) -> Result<Json<BlockedIdentitiesBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let wanted = body.read()?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        if blocked::set(tx, &wanted)? {
            // The values are of people who may not want to be known: their number says enough.
            let details = json!({ "values": wanted.len() });
            auditor.note(tx, Action::BlockedIdentitiesChanged, None, details)?;
        }
        Ok::<_, ApiError>(wanted.clone())
    };
    let values = app.store.write(project, unit).await?;
    Ok(Json(BlockedIdentitiesBody::of(values)))
}
