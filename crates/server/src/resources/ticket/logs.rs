//! What a client wrote down before it reported.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::log::{self, LogKind};
use super::show::{find, json, parse_id};
use crate::app::{App, SharedApp};
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// An entry of a log: what the client sent of it.
#[derive(ToSchema, Serialize)]
#[serde(transparent)]
pub struct LogEntry(pub HashMap<String, Value>);

/// Get the console log of a ticket
///
/// What the app printed before the report, oldest first: `log`, `date` and `priority` of each line. Empty when nothing was sent.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/console-logs", operation_id = "GetConsoleLogsForTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The lines", body = Vec<LogEntry>), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn console(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    answer(&app, &member, &ticket_id, LogKind::Console).await
}

/// Get the network log of a ticket
///
/// The requests of the app before the report, oldest first, without credentials in their headers. Empty when nothing was sent.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/network-logs", operation_id = "GetNetworkLogsForTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The requests", body = Vec<LogEntry>), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn network(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    answer(&app, &member, &ticket_id, LogKind::Network).await
}

/// Get the activity log of a ticket
///
/// The events that the app tracked before the report, oldest first: `name`, `date` and `data` of each. Empty when nothing was sent.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/activity-logs", operation_id = "GetActivityLogsForTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The events", body = Vec<LogEntry>), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn activity(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    answer(&app, &member, &ticket_id, LogKind::Events).await
}

async fn answer(
    app: &App,
    member: &Member<TicketsRead>,
    ticket_id: &str,
    kind: LogKind,
) -> Result<Response, ApiError> {
    let id = parse_id(ticket_id)?;
    let read = app.store.read(member.project, move |snapshot| {
        find(snapshot, id)?;
        let log = log::find(snapshot, id, kind)?;
        Ok::<_, ApiError>(log.map_or_else(|| "[]".to_owned(), |log| log.entries.get().to_owned()))
    });
    Ok(json(read.await?))
}
