//! The number on the badge of a session.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::responses::ErrorResponses;
use crate::http::{ApiError, Json};
use crate::resources::message;
use crate::resources::session::lookup::{self, parse_id};

/// The largest number: apps read it as a 32-bit integer, and nobody reads so far.
pub(super) const UNREAD_MAX: u64 = 1_000_000;

/// The number of unread messages.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Unread {
    /// The number on the badge, at most 1,000,000.
    unread: u64,
}

/// Set the number of unread messages
///
/// Changes the number on the badge in all pages and apps in which the session is open, and wherever it is opened from now on. A number below that of
/// the unread messages in tickets marks those as seen.
/// The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    put, path = "/v3/sessions/{sessionId}/unread", operation_id = "SetUnread", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = Unread,
    responses((status = 200, description = "The number", body = Unread), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn set(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    Json(Unread { unread }): Json<Unread>,
) -> Result<Json<Unread>, ApiError> {
    let session = parse_id(&session_id)?;
    if unread > UNREAD_MAX {
        return Err(ApiError::unprocessable("invalid_unread", vec![fault()]));
    }
    let unit = move |tx: &mut store::Tx<'_>| {
        let row = lookup::find_for_update(tx, session)?;
        Ok::<_, ApiError>(message::unread::set_badge(tx, row.id, unread)?)
    };
    app.store.write(member.project, unit).await?;
    Ok(Json(Unread { unread }))
}

pub(super) fn fault() -> String {
    format!("`unread`: must be at most {UNREAD_MAX}")
}
