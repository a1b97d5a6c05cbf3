//! What a client is told of its project at every start (wire note §4.7, §4.8). Public: the key in the path is all that
//! clients send for certain, and a stale credential must not keep them from starting.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::flow_config::FlowConfig;
use crate::app::SharedApp;
use crate::auth::{Credentials, SdkProject};
use crate::http::error::{ApiError, ErrorBody};

/// What a client starts with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigBody {
    /// The settings of the project, with what holds for all projects.
    flow_config: FlowConfig,
    /// Forms of the messenger. There are none yet; phones ask for the object.
    project_actions: ProjectActions,
}

/// Nothing yet.
#[derive(Serialize, ToSchema)]
struct ProjectActions {}

/// Nothing yet: the tooltips of a page.
#[derive(Serialize, ToSchema)]
pub struct Tooltip {}

/// The answer for a project with these settings on the server at `host`.
#[must_use]
pub fn render(settings: &FlowConfig, host: &str) -> Bytes {
    let body = ConfigBody {
        flow_config: settings.effective(host),
        project_actions: ProjectActions {},
    };
    serde_json::to_vec(&body).unwrap_or_default().into()
}

/// Get the configuration of a client
///
/// What the client SDKs of a project are told. A slash at the end of the path changes nothing, nor does any header.
/// A change of the settings is seen by the next call.
#[utoipa::path(
    get, path = "/config/{sdkKey}", operation_id = "SdkConfig", tag = "SDK",
    params(
        ("sdkKey" = String, Path, description = "The public SDK key of the project"),
        ("lang" = Option<String>, Query, description = "The language of the client. It selects nothing yet"),
    ),
    responses(
        (status = 200, description = "The configuration", body = ConfigBody),
        (status = 400, description = "The path is malformed", body = ErrorBody),
        (status = 404, description = "No project has this key", body = ErrorBody),
        (status = 414, description = "The path is too long", body = ErrorBody),
        (status = 431, description = "The headers are too large", body = ErrorBody),
        (status = 500, description = "The server failed", body = ErrorBody),
        (status = 503, description = "The server has too much to do", body = ErrorBody),
    ),
    security(()),
)]
pub async fn config(
    State(app): State<SharedApp>,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    let project = project(&app, &key).await?;
    Ok(fresh(project.config.clone()))
}

/// Get the tooltips of a client
///
/// Always an empty list for now.
#[utoipa::path(
    get, path = "/config/{sdkKey}/tooltips", operation_id = "SdkTooltips", tag = "SDK",
    params(("sdkKey" = String, Path, description = "The public SDK key of the project")),
    responses(
        (status = 200, description = "The tooltips", body = Vec<Tooltip>),
        (status = 400, description = "The path is malformed", body = ErrorBody),
        (status = 404, description = "No project has this key", body = ErrorBody),
        (status = 414, description = "The path is too long", body = ErrorBody),
        (status = 431, description = "The headers are too large", body = ErrorBody),
        (status = 500, description = "The server failed", body = ErrorBody),
        (status = 503, description = "The server has too much to do", body = ErrorBody),
    ),
    security(()),
)]
pub async fn tooltips(
    State(app): State<SharedApp>,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    project(&app, &key).await?;
    Ok(fresh(Bytes::from_static(b"[]")))
}

/// The project of a key. Never 403, at which web clients take themselves off the page for good.
async fn project(app: &SharedApp, key: &str) -> Result<Arc<SdkProject>, ApiError> {
    let is_possible = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    let found = match key.bytes().all(is_possible) {
        true => Credentials::find_sdk_key(app, key).await?,
        false => None,
    };
    found.ok_or_else(|| {
        ApiError::not_found(
            "unknown_sdk_key",
            "No project has this SDK key. `hark project list` shows those that are.",
        )
    })
}

fn fresh(json: Bytes) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, json).into_response()
}
