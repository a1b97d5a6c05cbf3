//! Making, changing and deleting a ticket.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use store::{ObjectId, Row, Tx};

use super::change::{self, save};
use super::create::{NewLog, insert};
use super::document::Ticket;
use super::fields::Fields;
use super::history::By;
use super::links;
use super::log::LogKind;
use super::place;
use super::render::{Shown, Viewer};
use super::schema::{TicketBody, TicketInput};
use super::show::{json, parse_id, unknown};
use crate::accounts::member::is_member;
use crate::app::{App, SharedApp};
use crate::auth::{Member, TicketsWrite, token};
use crate::files;
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::resources::session::document::Session;
use crate::resources::session::lookup;
use crate::resources::team::document::Team;
use crate::sdk::bugs::logs;

/// The type of a ticket of which nobody says one.
const INQUIRY: &str = "INQUIRY";

/// Create a ticket
///
/// Nothing is required. The text of a report belongs into `formData.description`. A ticket of a session counts among its reports.
#[utoipa::path(
    post, path = "/v3/tickets", operation_id = "CreateTicket", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = TicketInput,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    body: Checked,
) -> Result<Response, ApiError> {
    let fields = read(&app, &member, &body).await?;
    let logs = read_logs(&app, &fields);
    let (viewer, by) = (Viewer::of(&app, &member).await?, By::User(member.user));
    let share_token = token::new_share_token(&app.random);
    let write = app.store.write(member.project, move |tx| {
        let ticket = Ticket {
            share_token: share_token.clone(),
            kind: INQUIRY.into(),
            ..Ticket::default()
        };
        let row = make(tx, ticket, &fields, &logs, by)?;
        shown(tx, row.id, &viewer)
    });
    Ok(write.await?.into_response())
}

/// Change a ticket
///
/// Merges the body into the ticket: what is given replaces, `null` removes, `formData`, `attributes`, `customData` and `metaData` key by key.
/// With `If-Match` the ticket is changed only when nobody else has changed it. `rankBefore` and `rankAfter` move it next to another on its board.
#[utoipa::path(
    put, path = "/v3/tickets/{ticketId}", operation_id = "UpdateTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be changed"),
    ),
    request_body = TicketInput,
    responses(
        (status = 200, description = "The ticket", body = TicketBody),
        (status = 412, description = "The ticket is of another version than `If-Match` names", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    headers: HeaderMap,
    body: Checked,
) -> Result<Response, ApiError> {
    let id = parse_id(&ticket_id)?;
    let fields = read(&app, &member, &body).await?;
    let (viewer, by) = (Viewer::of(&app, &member).await?, By::User(member.user));
    let write = app.store.write(member.project, move |tx| {
        let mut row = find_for_update(tx, id)?;
        conditional::require_match(&headers, row.id, row.version)?;
        apply(tx, &mut row, &fields, by)?;
        shown(tx, id, &viewer)
    });
    Ok(write.await?.into_response())
}

/// Delete a ticket
///
/// With its conversation, logs, replay and files. What was deleted cannot be brought back; its number is not given out again.
#[utoipa::path(
    delete, path = "/v3/tickets/{ticketId}", operation_id = "DeleteTicket", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be deleted"),
    ),
    responses(
        (status = 200, description = "The ticket as it was", body = TicketBody),
        (status = 412, description = "The ticket is of another version than `If-Match` names", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = parse_id(&ticket_id)?;
    let (viewer, by) = (Viewer::of(&app, &member).await?, By::User(member.user));
    let write = app.store.write(member.project, move |tx| {
        let row = find_for_update(tx, id)?;
        conditional::require_match(&headers, row.id, row.version)?;
        let was = shown(tx, id, &viewer)?;
        change::delete(tx, &row, by)?;
        Ok::<_, ApiError>(was)
    });
    let was = write.await?;
    files::remove_erased(&app, member.project).await;
    Ok(json(was.json))
}

/// Reads a body, and refuses what does not fit before anything is written.
pub(super) async fn read(
    app: &App,
    member: &Member<TicketsWrite>,
    body: &Checked,
) -> Result<Fields, ApiError> {
    let fields: Fields = body.parse()?;
    let mut faults = fields.faults();
    if let Some(Some(user)) = fields.processing_user
        && !is_member(app, user, member.project).await?
    {
        faults.push(format!(
            "processingUser: {user} is no member of the project"
        ));
    }
    if faults.is_empty() {
        return Ok(fields);
    }
    Err(invalid(faults))
}

fn invalid(faults: Vec<String>) -> ApiError {
    ApiError::unprocessable("invalid_field", faults)
}

fn read_logs(app: &App, fields: &Fields) -> Vec<NewLog> {
    [
        (&fields.console_log, LogKind::Console),
        (&fields.network_logs, LogKind::Network),
        (&fields.custom_event_log, LogKind::Events),
    ]
    .into_iter()
    .filter_map(|(raw, kind)| {
        let raw = raw.as_ref()?.as_deref();
        logs::read(raw, kind, app.config.sdk.report_log_bytes_max, &[])
    })
    .collect()
}

/// Makes a ticket of what a body says.
///
/// # Errors
/// 422 when a field does not fit, 404 when the session or a linked ticket is not there.
pub(super) fn make(
    tx: &mut Tx<'_>,
    mut ticket: Ticket,
    fields: &Fields,
    logs: &[NewLog],
    by: By,
) -> Result<Row<Ticket>, ApiError> {
    fields.apply(&mut ticket, tx.now()).map_err(invalid)?;
    find_team(tx, fields)?;
    let mut session = find_session(tx, fields)?;
    ticket.session = session.as_ref().map(|session| session.id);
    let counted = session.as_mut().map(|session| &mut session.doc);
    let id = tx.new_id();
    let mut row = insert(tx, id, ticket, logs, counted, by)?;
    if let Some(session) = &mut session {
        tx.put(session)?;
    }
    settle(tx, &mut row, fields, by)?;
    Ok(row)
}

fn apply(tx: &mut Tx<'_>, row: &mut Row<Ticket>, fields: &Fields, by: By) -> Result<(), ApiError> {
    let before = row.doc.clone();
    fields.apply(&mut row.doc, tx.now()).map_err(invalid)?;
    let team = find_team(tx, fields)?;
    // Who is not of the team that a ticket is given to gives it up with that, unless the body names the member.
    if row.doc.processing_team != before.processing_team
        && fields.processing_user.is_none()
        && let (Some(team), Some(user)) = (team, row.doc.processing_user)
        && !team.doc.members.contains(&user)
    {
        row.doc.processing_user = None;
    }
    if fields.session.is_some() {
        row.doc.session = find_session(tx, fields)?.map(|session| session.id);
    }
    save(tx, row, &before, by)?;
    settle(tx, row, fields, by)
}

/// What a body says of other tickets.
fn settle(tx: &mut Tx<'_>, row: &mut Row<Ticket>, fields: &Fields, by: By) -> Result<(), ApiError> {
    if let Some(linked) = &fields.linked_tickets {
        links::set(tx, row, linked.as_deref().unwrap_or_default(), by)?;
    }
    if let Some(neighbour) = place::Neighbour::of(fields.rank_before, fields.rank_after) {
        let before = row.doc.clone();
        row.doc.lexorank = place::beside(tx, row, neighbour)?;
        save(tx, row, &before, by)?;
    }
    Ok(())
}

fn find_session(tx: &Tx<'_>, fields: &Fields) -> Result<Option<Row<Session>>, ApiError> {
    match fields.session {
        Some(Some(session)) => lookup::find_for_update(tx, session.id()).map(Some),
        _ => Ok(None),
    }
}

/// The team that a body names. Nobody deletes it before this unit is committed.
fn find_team(tx: &Tx<'_>, fields: &Fields) -> Result<Option<Row<Team>>, ApiError> {
    let Some(Some(id)) = fields.processing_team else {
        return Ok(None);
    };
    let team = tx.get_for_update::<Team>(id)?.ok_or_else(|| {
        let fault = format!(
            "processingTeam: {id} is no team of the project; GET /v3/teams lists those that are"
        );
        invalid(vec![fault])
    });
    team.map(Some)
}

/// The ticket with this id, to change it or what belongs to it.
///
/// # Errors
/// 404 when there is none.
pub(super) fn find_for_update(tx: &Tx<'_>, id: ObjectId) -> Result<Row<Ticket>, ApiError> {
    tx.get_for_update::<Ticket>(id)?.ok_or_else(|| unknown(id))
}

/// The ticket as it is now.
///
/// # Errors
/// 404 when it is not there.
pub(super) fn shown(tx: &Tx<'_>, id: ObjectId, viewer: &Viewer) -> Result<Shown, ApiError> {
    let row = tx.raw::<Ticket>(id)?.ok_or_else(|| unknown(id))?;
    Shown::of(tx, &row, viewer.clone())
}
