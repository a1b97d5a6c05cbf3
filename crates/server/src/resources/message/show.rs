//! One message.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use store::ObjectId;

use super::document::Message;
use super::render::Shown;
use super::schema::MessageBody;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::render::Viewer;

/// Get a message
///
/// The message with this id. The header `ETag` names its version, which a change can be held to. It also changes when the session sees the message, or a mail with
/// it goes out.
#[utoipa::path(
    get, path = "/v3/messages/{messageId}", operation_id = "GetMessage", tag = "Messages",
    params(
        ("messageId" = String, Path, description = "The id of the message: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The message", body = MessageBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn by_id(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(message_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&message_id)?;
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let row = snapshot.raw::<Message>(id)?.ok_or_else(|| unknown(id))?;
        Ok::<_, ApiError>(Shown::of(snapshot, &row, &viewer)?)
    });
    Ok(read.await?.into_response())
}

/// The id in a path.
///
/// # Errors
/// 400 when the text is none.
pub(super) fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The message id in the path must be 24 hexadecimal characters.",
        )
    })
}

/// 404: no message has this id.
pub(super) fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "message_not_found",
        format!("This project has no message with id {id}."),
    )
}
