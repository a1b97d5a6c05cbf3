//! What is done to one ticket with a word: put to sleep, put away, linked; and to a whole column of a board.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, Row, Tx};
use utoipa::ToSchema;

use super::change::{change, save};
use super::document::Ticket;
use super::history::By;
use super::links;
use super::render::Viewer;
use super::schema::TicketBody;
use super::show::parse_id;
use super::write::{find_for_update, shown};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The longest sleep of a ticket, in hours: a year.
pub const SNOOZE_HOURS_MAX: f64 = 8_760.0;
/// Tickets that are put away in one unit of work: others wait for the writer meanwhile.
pub const TICKETS_PER_UNIT: u32 = 200;

const HOUR_MS: f64 = 3_600_000.0;

/// How long.
#[derive(Deserialize, ToSchema)]
pub struct SnoozeBody {
    /// In hours, at most 8,760; fractions count. 0 wakes the ticket.
    #[schema(example = 48)]
    duration: f64,
}

/// Which other ticket.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkBody {
    /// Its id.
    #[schema(value_type = String)]
    target_ticket_id: ObjectId,
}

/// Which tickets.
#[derive(Deserialize, ToSchema)]
pub struct ArchiveAllBody {
    /// Their type.
    r#type: String,
    /// Their status.
    status: String,
}

/// How many tickets were put away.
#[derive(Serialize, ToSchema)]
pub struct ArchivedBody {
    /// Always true: what could not be done is answered with an error.
    success: bool,
    /// How many.
    count: u64,
}

/// Snooze a ticket
///
/// Puts it out of sight for some hours. It comes back by itself, or when its session writes.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}/snooze", operation_id = "SnoozeTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = SnoozeBody,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn snooze(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    Json(body): Json<SnoozeBody>,
) -> Result<Response, ApiError> {
    if !(0.0..=SNOOZE_HOURS_MAX).contains(&body.duration) {
        let fault = format!("duration: must be a number of hours from 0 to {SNOOZE_HOURS_MAX}");
        return Err(ApiError::unprocessable("invalid_field", vec![fault]));
    }
    let sleep = (body.duration * HOUR_MS) as i64;
    act(&app, &member, &ticket_id, move |tx, row, by| {
        let until = (sleep > 0).then(|| Millis(tx.now().0 + sleep));
        set(tx, row, by, |ticket| ticket.snoozed_until = until)
    })
    .await
}

/// Archive a ticket
///
/// Puts it away. Fine when it was put away already.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}/archive", operation_id = "ArchiveTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn archive(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    act(&app, &member, &ticket_id, |tx, row, by| {
        set(tx, row, by, |ticket| ticket.archived = true)
    })
    .await
}

/// Bring a ticket back
///
/// Takes it out of the archive. Fine when it was not in it.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}/unarchive", operation_id = "UnarchiveTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn unarchive(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    act(&app, &member, &ticket_id, |tx, row, by| {
        set(tx, row, by, |ticket| ticket.archived = false)
    })
    .await
}

/// Link two tickets
///
/// Each names the other afterwards. Fine when they were linked already.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}/link", operation_id = "LinkTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = LinkBody,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn link(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    Json(body): Json<LinkBody>,
) -> Result<Response, ApiError> {
    act(&app, &member, &ticket_id, move |tx, row, by| {
        links::link(tx, row, body.target_ticket_id, by)
    })
    .await
}

/// Unlink two tickets
///
/// Neither names the other afterwards. Fine when they were not linked.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}/unlink", operation_id = "UnlinkTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = LinkBody,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn unlink(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    Json(body): Json<LinkBody>,
) -> Result<Response, ApiError> {
    act(&app, &member, &ticket_id, move |tx, row, by| {
        links::unlink(tx, row, body.target_ticket_id, by)
    })
    .await
}

/// Archive a column of a board
///
/// Puts away all tickets of a type and a status. Those that come into the column meanwhile may be put away or not.
#[utoipa::path(
    put, path = "/v3/tickets/archive/all", operation_id = "ArchiveAllTickets", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = ArchiveAllBody,
    responses((status = 200, description = "They are put away", body = ArchivedBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn archive_all(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Json(body): Json<ArchiveAllBody>,
) -> Result<Json<ArchivedBody>, ApiError> {
    let column = column(&body);
    let (mut count, by) = (0, By::User(member.user));
    loop {
        let column = column.clone();
        let unit = move |tx: &mut Tx<'_>| {
            let ids: Vec<_> = tx
                .page::<Ticket>(&column)?
                .rows
                .iter()
                .map(|row| row.id)
                .collect();
            for id in &ids {
                change(tx, *id, by, |ticket| ticket.archived = true)?;
            }
            Ok::<_, store::Error>(ids.len())
        };
        let archived = app.store.write(member.project, unit).await?;
        count += archived as u64;
        if archived < TICKETS_PER_UNIT as usize {
            return Ok(Json(ArchivedBody {
                success: true,
                count,
            }));
        }
    }
}

fn column(body: &ArchiveAllBody) -> Query {
    let text = |path, value: &str| Filter::Eq(FieldPath::known(path), Scalar::Text(value.into()));
    Query {
        filter: Filter::And(vec![
            text("type", &body.r#type),
            text("status", &body.status),
            Filter::Eq(FieldPath::known("archived"), Scalar::Bool(false)),
        ]),
        limit: TICKETS_PER_UNIT,
        ..Query::default()
    }
}

/// Does something to the ticket of a path, and shows it.
async fn act(
    app: &SharedApp,
    member: &Member<TicketsWrite>,
    ticket_id: &str,
    act: impl Fn(&mut Tx<'_>, &mut Row<Ticket>, By) -> Result<(), ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let id = parse_id(ticket_id)?;
    let viewer = Viewer::of(app, member).await?;
    let by = By::User(member.user);
    let write = app.store.write(member.project, move |tx| {
        let mut row = find_for_update(tx, id)?;
        act(tx, &mut row, by)?;
        shown(tx, id, &viewer)
    });
    Ok(write.await?.into_response())
}

fn set(
    tx: &mut Tx<'_>,
    row: &mut Row<Ticket>,
    by: By,
    act: impl FnOnce(&mut Ticket),
) -> Result<(), ApiError> {
    let before = row.doc.clone();
    act(&mut row.doc);
    save(tx, row, &before, by)?;
    Ok(())
}
