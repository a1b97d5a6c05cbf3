//! One ticket.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Snapshot};

use super::document::Ticket;
use super::render::{Shown, Viewer};
use super::schema::TicketBody;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Get a ticket
///
/// The ticket with this id, and what is to be known of the session that reported it. Its logs and its replay have paths of
/// their own.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}", operation_id = "GetTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn by_id(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&ticket_id)?;
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let row = find(snapshot, id)?;
        Shown::of(snapshot, &row, viewer)
    });
    Ok(read.await?.into_response())
}

/// Get a ticket by its share token
///
/// The ticket of which this is the `shareToken`, as notifications name it.
#[utoipa::path(
    get, path = "/v3/tickets/notification/{shareToken}", operation_id = "GetNotificationTicket", tag = "Ticket",
    params(
        ("shareToken" = String, Path, description = "The `shareToken` of the ticket"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn by_share_token(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(share_token): Path<String>,
) -> Result<Response, ApiError> {
    let viewer = Viewer::of(&app, &member).await?;
    let query = Query {
        filter: Filter::Eq(FieldPath::known("shareToken"), Scalar::Text(share_token)),
        limit: 1,
        ..Query::default()
    };
    let read = app.store.read(member.project, move |snapshot| {
        let page = snapshot.page::<Ticket>(&query)?;
        let row = page.rows.first().ok_or_else(|| {
            ApiError::not_found(
                "ticket_not_found",
                "This project has no ticket with that share token.",
            )
        })?;
        Shown::of(snapshot, row, viewer)
    });
    Ok(read.await?.into_response())
}

/// The id in a path.
///
/// # Errors
/// 400 when the text is none.
pub fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The ticket id in the path must be 24 hexadecimal characters.",
        )
    })
}

/// The ticket with this id.
///
/// # Errors
/// 404 when the project has none.
pub fn find(snapshot: &Snapshot<'_>, id: ObjectId) -> Result<RawRow, ApiError> {
    snapshot.raw::<Ticket>(id)?.ok_or_else(|| unknown(id))
}

/// 404: no ticket has this id.
#[must_use]
pub fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "ticket_not_found",
        format!("This project has no ticket with id {id}."),
    )
}

/// Finished JSON, which only its caller may keep.
pub fn json(body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        ),
    ];
    (headers, body.into()).into_response()
}
