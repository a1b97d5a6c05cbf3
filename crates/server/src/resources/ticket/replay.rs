//! The large parts of a report, which have no address of their own: streamed to members only.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use store::{ObjectId, Snapshot};
use utoipa::ToSchema;

use super::document::Ticket;
use super::show::{find, json, parse_id};
use crate::app::{App, SharedApp};
use crate::auth::{Member, TicketsRead};
use crate::files::File;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// A replay: of a web page `type`, `startDate`, `baseUrl`, `width`, `height`, `isMobile`, perhaps `packed`, and `events`, which rrweb
/// plays; of a phone `interval` in milliseconds and `frames`.
#[derive(ToSchema, Serialize)]
#[serde(transparent)]
pub struct ReplayBody(pub HashMap<String, Value>);

/// A clone of a page: `html`, `baseUrl`, `width`, `height`, `isMobile`, `x`, `y`.
#[derive(ToSchema, Serialize)]
#[serde(transparent)]
pub struct SnapshotBody(pub HashMap<String, Value>);

/// Get the replay of a ticket
///
/// What happened on the screen before the report, as the client recorded it. 404 when it recorded nothing.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/replay", operation_id = "GetReplayForTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The replay", body = ReplayBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn replay(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    answer(&app, &member, &ticket_id, "replay", |ticket| {
        ticket.replay_file
    })
    .await
}

/// Get the page of a ticket
///
/// The page as the user saw it, cloned by the web client in place of a picture. It is data from a browser: show it in a sandboxed
/// frame only. 404 when there is none.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/snapshot", operation_id = "GetSnapshotForTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The page", body = SnapshotBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn snapshot(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    answer(&app, &member, &ticket_id, "snapshot", |ticket| {
        ticket.snapshot_file
    })
    .await
}

async fn answer(
    app: &App,
    member: &Member<TicketsRead>,
    ticket_id: &str,
    what: &'static str,
    which: fn(&Ticket) -> Option<ObjectId>,
) -> Result<Response, ApiError> {
    let id = parse_id(ticket_id)?;
    let missing =
        move || ApiError::not_found("not_recorded", format!("The ticket {id} has no {what}."));
    let read = app.store.read(member.project, move |snapshot| {
        let ticket: Ticket = find(snapshot, id)?.parse()?;
        file_of(snapshot, which(&ticket))?.ok_or_else(missing)
    });
    let (file, size) = read.await?;
    let bytes = app.files.read(member.project, file, 0..size).await;
    let bytes = bytes.map_err(|error| match error {
        object_store::Error::NotFound { .. } => missing(),
        error => ApiError::internal(error),
    })?;
    Ok(json(Body::from_stream(bytes)))
}

/// The id and the size of a file that is there.
fn file_of(
    snapshot: &Snapshot<'_>,
    id: Option<ObjectId>,
) -> store::Result<Option<(ObjectId, u64)>> {
    let Some(id) = id else {
        return Ok(None);
    };
    let file = snapshot.get::<File>(id)?;
    Ok(file
        .filter(|row| row.doc.stored)
        .map(|row| (row.id, row.doc.size)))
}
