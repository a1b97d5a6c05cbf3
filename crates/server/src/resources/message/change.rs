//! Changing and deleting a message.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use store::{ObjectId, Row, Tx};

use super::body::Fields;
use super::conversation;
use super::create::{named, shown};
use super::document::Message;
use super::schema::{MessageBody, MessageChangeInput};
use super::show::{parse_id, unknown};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsWrite};
use crate::files;
use crate::http::conditional;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;
use crate::resources::ticket::render::Viewer;

/// Change a message
///
/// What is given replaces. Who said it, where and to whom stays. A notification of it that waits tells what it says then; one that was shown is not taken back.
/// With `If-Match` the message is changed only when it is of the version that is named.
#[utoipa::path(
    put, path = "/v3/messages/{messageId}", operation_id = "UpdateMessage", tag = "Messages",
    params(
        ("messageId" = String, Path, description = "The id of the message: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be changed"),
    ),
    request_body = MessageChangeInput,
    responses(
        (status = 200, description = "The message", body = MessageBody),
        (status = 412, description = "The message is of another version than `If-Match` names", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(message_id): Path<String>,
    headers: HeaderMap,
    body: Checked,
) -> Result<Response, ApiError> {
    let id = parse_id(&message_id)?;
    let edit = body.parse::<Fields>()?.edit()?;
    let (viewer, by) = (Viewer::of(&app, &member).await?, By::User(member.user));
    let attached = named(&app, edit.attachments.as_deref().unwrap_or_default());
    let is_left = edit.attachments.is_some();
    let write = app.store.write(member.project, move |tx| {
        let (mut ticket, mut message) = find(tx, id)?;
        conditional::require_match(&headers, id, message.version)?;
        let voice = viewer.voice(message.doc.user);
        let (ticket, message) = (&mut ticket, &mut message);
        conversation::edit(tx, ticket, message, edit.clone(), by, &voice, &attached)?;
        Ok::<_, ApiError>(shown(tx, message, &viewer)?)
    });
    let shown = write.await?;
    if is_left {
        files::remove_erased(&app, member.project).await;
    }
    Ok(shown.into_response())
}

/// Delete a message
///
/// With the files that came with it. What was deleted cannot be brought back. A notification of it that waits is taken back.
#[utoipa::path(
    delete, path = "/v3/messages/{messageId}", operation_id = "DeleteMessage", tag = "Messages",
    params(
        ("messageId" = String, Path, description = "The id of the message: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be deleted"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 412, description = "The message is of another version than `If-Match` names", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(message_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let id = parse_id(&message_id)?;
    let by = By::User(member.user);
    let write = app.store.write(member.project, move |tx| {
        let (mut ticket, mut message) = find(tx, id)?;
        conditional::require_match(&headers, id, message.version)?;
        conversation::remove(tx, &mut ticket, &mut message, by)?;
        Ok::<_, ApiError>(!message.doc.attachments.is_empty())
    });
    if write.await? {
        files::remove_erased(&app, member.project).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A message and its ticket, which is locked first: that holds the conversation together.
fn find(tx: &Tx<'_>, id: ObjectId) -> Result<(Row<Ticket>, Row<Message>), ApiError> {
    let message = tx.get::<Message>(id)?.ok_or_else(|| unknown(id))?;
    let ticket = tx.get_for_update::<Ticket>(message.doc.ticket)?;
    let ticket = ticket.ok_or_else(|| unknown(id))?;
    let message = tx.get_for_update::<Message>(id)?;
    let message = message.ok_or_else(|| unknown(id))?;
    if message.doc.ticket != ticket.id {
        // Its ticket was merged meanwhile.
        return Err(tx.raced().into());
    }
    Ok((ticket, message))
}
