//! Deleting a session.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::erase::erase;
use super::lookup::{find_for_update, parse_id};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::files;
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::Action;

/// Delete a session
///
/// Erases the session with its events, tickets, files, memory, histories and credential, and with all sessions that were merged into it.
/// What was erased cannot be brought back. The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    delete, path = "/v3/sessions/{sessionId}", operation_id = "DeleteSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be deleted"),
    ),
    responses(
        (status = 204, description = "Nothing is left of the session"),
        (status = 412, description = "The session is of another version than `If-Match` names", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let (id, auditor) = (parse_id(&session_id)?, member.auditor());
    let write = app.store.write(member.project, move |tx| {
        let row = find_for_update(tx, id)?;
        conditional::require_match(&headers, row.id, row.version)?;
        erase(tx, &row)?;
        auditor.note(tx, Action::SessionDeleted, Some(row.id), Value::Null)?;
        Ok::<_, ApiError>(row.id)
    });
    let erased = write.await?;
    app.live.erased(member.project, erased);
    files::remove_erased(&app, member.project).await;
    Ok(StatusCode::NO_CONTENT)
}
