//! The settings that `GET /config` tells to client SDKs.

use axum::extract::{Path, State};
use serde_json::{Map, Value, json};
use store::Tx;
use utoipa::ToSchema;

use super::audit_log::document::Action;
use super::{named, not_found, read};
use crate::accounts::SCOPE;
use crate::accounts::flow_config::FlowConfig;
use crate::accounts::project::Project;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Settings to change, under the names of `FlowConfig`; `null` takes a setting back.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({"color": "#0B7A75", "enableNetworkLogs": true, "hideForGuests": null}))]
#[expect(
    dead_code,
    reason = "documents the body: null stands for a setting that is taken back"
)]
pub struct SdkConfigPatch(Map<String, Value>);

/// Get the settings of client SDKs
///
/// What `GET /config/{sdkKey}` tells clients as `flowConfig`: the settings of the project, the defaults, and what always holds.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/sdk-config", operation_id = "GetProjectSdkConfig", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The settings that hold", body = FlowConfig), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<FlowConfig>, ApiError> {
    let project = read(&app, named(&member, &project_id)?).await?;
    Ok(Json(
        project.sdk_config.effective(&app.config.public_host()),
    ))
}

/// Change the settings of client SDKs
///
/// A JSON Merge Patch: what is named is set, `null` takes a setting back, the others stay. All of it or nothing: a setting
/// that is unknown or not of its type is named with 422. Clients are told at their next start.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/sdk-config", operation_id = "UpdateProjectSdkConfig", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = SdkConfigPatch,
    responses((status = 200, description = "The settings that hold now", body = FlowConfig), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(patch): Json<Map<String, Value>>,
) -> Result<Json<FlowConfig>, ApiError> {
    let (id, host) = (named(&member, &project_id)?, app.config.public_host());
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx
            .get_for_update::<Project>(id)?
            .ok_or_else(|| not_found(id))?;
        let before = &row.doc.sdk_config;
        let config = before
            .patched(&patch, &host)
            .map_err(|faults| ApiError::unprocessable("invalid_setting", faults))?;
        let (old, new) = (json!(before), json!(config));
        let changed = patch.keys().filter(|name| old.get(name) != new.get(name));
        let details = json!({ "fields": changed.collect::<Vec<_>>() });
        if config != *before {
            row.doc.sdk_config = config;
            tx.put(&mut row)?;
            auditor.note(tx, Action::SdkConfigChanged, None, details)?;
        }
        Ok::<_, ApiError>(row.doc.sdk_config.effective(&host))
    };
    app.store.write(SCOPE, unit).await.map(Json)
}
