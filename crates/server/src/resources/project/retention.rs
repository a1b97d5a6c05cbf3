//! How long a project keeps events and guests.

pub mod document;
pub mod preview;
pub mod select;

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::json;
use store::{Millis, Tx};
use utoipa::ToSchema;

use self::document::{Retention, RetentionDone, RetentionRules};
use self::preview::RetentionPreview;
use super::audit_log::document::Action;
use super::named;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// How long a project keeps events and guests, and what became of the others.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionBody {
    /// Events that are older than so many days are removed. Absent: they are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    events_days: Option<i64>,
    /// Guests that were not seen for so many days are erased. Absent: they are kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    guests_unseen_days: Option<i64>,
    /// When the rules are followed next, or soon after that. Absent without rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    next_run: Option<Millis>,
    /// The latest run that was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RetentionDone>,
}

impl From<Retention> for RetentionBody {
    fn from(own: Retention) -> Self {
        Self {
            events_days: own.rules.events_days,
            guests_unseen_days: own.rules.guests_unseen_days,
            next_run: own.next_at,
            last_run: own.last_run,
        }
    }
}

/// Get how long events and guests are kept
///
/// With what the latest run removed, and when the next one is.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/retention", operation_id = "GetProjectRetention", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The rules", body = RetentionBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<RetentionBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let read = app.store.read(project, document::of);
    Ok(Json(read.await?.into()))
}

/// Set how long events and guests are kept
///
/// The body is all that holds from then on: a rule that it leaves out is no more. The rules are followed once a day, first an hour after they were
/// changed. Guests that are blocked, unsubscribed or have an open ticket stay.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/retention", operation_id = "UpdateProjectRetention", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = RetentionRules,
    responses((status = 200, description = "The rules now", body = RetentionBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(rules): Json<RetentionRules>,
) -> Result<Json<RetentionBody>, ApiError> {
    let project = named(&member, &project_id)?;
    check(rules)?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let (own, is_new) = document::set(tx, rules)?;
        if is_new {
            auditor.note(tx, Action::RetentionChanged, None, json!(rules))?;
        }
        Ok::<_, ApiError>(own)
    };
    Ok(Json(app.store.write(project, unit).await?.into()))
}

/// Count what rules would remove
///
/// What would go if the rules of the body were followed now. Nothing is changed, the rules of the project neither.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/retention/preview", operation_id = "PreviewProjectRetention", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = RetentionRules,
    responses((status = 200, description = "How much would go", body = RetentionPreview), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn preview(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(rules): Json<RetentionRules>,
) -> Result<Json<RetentionPreview>, ApiError> {
    let project = named(&member, &project_id)?;
    check(rules)?;
    Ok(Json(
        preview::count(&app, project, rules, preview::COUNTED_MAX).await?,
    ))
}

fn check(rules: RetentionRules) -> Result<(), ApiError> {
    match rules.faults() {
        faults if faults.is_empty() => Ok(()),
        faults => Err(ApiError::unprocessable("invalid_setting", faults)),
    }
}
