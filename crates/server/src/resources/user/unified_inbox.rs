//! The tickets of all projects of the caller, as one inbox.

use std::cmp::Reverse;

use axum::extract::{Path, Query as Parameters, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, RawRow, Sort};

use crate::app::SharedApp;
use crate::auth::roles::Scope;
use crate::auth::{Access, Credential, SignedIn};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::list::{COUNT_MAX, joined};
use crate::resources::ticket::render::{Renderer, Shown, Viewer};
use crate::resources::ticket::schema::{TicketBody, TicketList};
use crate::resources::ticket::show::{json, parse_id};

/// Tickets of a page.
pub const LIMIT_MAX: u32 = 100;
/// Tickets of a page that says nothing.
const LIMIT: u32 = 25;
/// Tickets that may come before the end of a page: each project is read so far.
pub const REACH_MAX: u32 = 1_000;

/// Which part of the inbox.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InboxParameters {
    r#type: Option<String>,
    filtered_project_id: Option<String>,
    page: f64,
    limit: f64,
}

impl Default for InboxParameters {
    fn default() -> Self {
        Self {
            r#type: None,
            filtered_project_id: None,
            page: 1.0,
            limit: f64::from(LIMIT),
        }
    }
}

/// List the tickets of all projects
///
/// Of all projects in which the caller may see tickets, those with the latest news first: what is put away, asleep or spam is left out. Each project is
/// counted up to 100,000.
#[utoipa::path(
    get, path = "/v3/users/unified-inbox", operation_id = "GetUnifiedInboxTickets", tag = "User",
    params(
        ("type" = Option<String>, Query, description = "Tickets of this type, or of these: `BUG,CRASH`"),
        ("filteredProjectId" = Option<String>, Query, description = "The id of the only project to look at"),
        ("page" = Option<u32>, Query, description = "Which page, from 1. Pages end at the ticket 1,000"),
        ("limit" = Option<u32>, Query, description = "Tickets of a page: 1 to 100, otherwise 25"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    parameters: Result<Parameters<InboxParameters>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Parameters(parameters) =
        parameters.map_err(|error| ApiError::bad_request("invalid_query", error.body_text()))?;
    let asked = Asked::read(&parameters)?;
    let (mut found, mut total) = (Vec::new(), 0);
    for (project, access) in visible(&caller) {
        if asked.project.is_some_and(|only| only != project) {
            continue;
        }
        let viewer = Viewer::in_project(&app, project, access.organisation).await?;
        let query = asked.query(app.config.limits.list_documents_max);
        let read = app.store.read(project, move |snapshot| {
            let page = snapshot.page::<Ticket>(&query)?;
            let count = snapshot.count::<Ticket>(&query, COUNT_MAX)?;
            let shown = Renderer::new(snapshot, viewer).tickets(&page.rows)?;
            let place = |row: &RawRow| Ok((row.parse::<Ticket>()?.last_notification, row.id));
            let places = page.rows.iter().map(place);
            let places = places.collect::<store::Result<Vec<_>>>()?;
            Ok::<_, store::Error>((places.into_iter().zip(shown), count))
        });
        let (tickets, count) = read.await?;
        found.extend(tickets);
        total += count;
    }
    found.sort_by_key(|(place, _): &((Millis, ObjectId), Vec<u8>)| Reverse(*place));
    let page = found.into_iter().skip(asked.skip as usize);
    let page = page.take(asked.limit as usize).map(|(_, ticket)| ticket);
    Ok(json(joined(&page.collect::<Vec<_>>(), total)))
}

/// Get a ticket of any project
///
/// Of those in which the caller may see tickets.
#[utoipa::path(
    get, path = "/v3/users/unified-inbox/{ticketId}", operation_id = "GetUnifiedInboxTicket", tag = "User",
    params(("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters")),
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(ticket_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&ticket_id)?;
    for (project, access) in visible(&caller) {
        let viewer = Viewer::in_project(&app, project, access.organisation).await?;
        let read = app.store.read(project, move |snapshot| {
            let row = snapshot.raw::<Ticket>(id)?;
            row.map(|row| Shown::of(snapshot, &row, viewer)).transpose()
        });
        if let Some(shown) = read.await? {
            return Ok(shown.into_response());
        }
    }
    Err(ApiError::not_found(
        "ticket_not_found",
        format!("None of your projects has a ticket with id {id}."),
    ))
}

/// The projects in which the caller may see tickets, oldest first.
fn visible(caller: &Credential) -> Vec<(ObjectId, Access)> {
    let projects = caller.projects.iter();
    let mut visible: Vec<_> = projects
        .filter(|(_, access)| access.scopes.contains(Scope::TicketsRead))
        .map(|(project, access)| (*project, *access))
        .collect();
    visible.sort_by_key(|(project, _)| *project);
    visible
}

/// A page that can be given.
struct Asked {
    types: Vec<String>,
    project: Option<ObjectId>,
    skip: u32,
    limit: u32,
}

impl Asked {
    fn read(parameters: &InboxParameters) -> Result<Self, ApiError> {
        let limit = whole("limit", parameters.limit, LIMIT_MAX)?;
        let page = whole("page", parameters.page, REACH_MAX / limit)?;
        let project = parameters.filtered_project_id.as_deref();
        let project = project.map(str::parse).transpose().map_err(|_| {
            ApiError::bad_request(
                "invalid_query",
                "filteredProjectId: must be 24 hexadecimal characters",
            )
        })?;
        let types = parameters.r#type.as_deref().unwrap_or_default().split(',');
        let types = types.map(str::trim).filter(|kind| !kind.is_empty());
        Ok(Self {
            types: types.map(str::to_owned).collect(),
            project,
            skip: (page - 1) * limit,
            limit,
        })
    }

    /// What is read of each project: any of these may be on the page.
    fn query(&self, examine_max: u64) -> Query {
        let no = |path| Filter::Eq(FieldPath::known(path), Scalar::Bool(false));
        let mut conditions = vec![no("archived"), no("snoozed"), no("isSpam")];
        if !self.types.is_empty() {
            let types = self.types.iter().cloned().map(Scalar::Text);
            conditions.push(Filter::In(FieldPath::known("type"), types.collect()));
        }
        Query {
            filter: Filter::And(conditions),
            sort: vec![Sort {
                path: "lastNotification".into(),
                descending: true,
            }],
            limit: self.skip + self.limit,
            examine_max,
            ..Query::default()
        }
    }
}

/// A whole number from 1.
fn whole(name: &str, number: f64, most: u32) -> Result<u32, ApiError> {
    if number.fract() == 0.0 && (1.0..=f64::from(most)).contains(&number) {
        return Ok(number as u32);
    }
    let fault = format!("{name}: must be a whole number from 1 to {most}");
    Err(ApiError::bad_request("invalid_query", fault))
}
