//! Tickets that stand for others: one about the cause of what several people report. Closing it closes those.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::to_raw_value;
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Search, Snapshot};
use utoipa::ToSchema;

use super::contact::Contact;
use super::create::insert;
use super::document::Ticket;
use super::fields::{DESCRIPTION, TITLE_CHARS_MAX};
use super::history::By;
use super::links;
use super::list::{COUNT_MAX, joined};
use super::render::{Renderer, Viewer};
use super::schema::{TicketBody, TicketList};
use super::show::json;
use super::write::shown;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead, TicketsWrite, token};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, Plain};
use crate::http::responses::ErrorResponses;
use crate::resources::session::credential::NewCredential;
use crate::resources::session::write::origin;
use crate::sdk::bugs::fields::NAME_CHARS_MAX;

/// Tickets of a page.
pub const PAGE_SIZE: u32 = 20;
/// The last page.
const PAGE_MAX: u32 = 100_000;
/// Hits of a search.
const HITS_MAX: u32 = 100;
/// The type of a tracker ticket of which nobody says one.
const BUG: &str = "BUG";

/// What a tracker ticket is about.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct TrackerBody {
    /// In a line, at most 500 characters.
    #[schema(value_type = String, required = false)]
    title: Option<String>,
    /// `BUG` unless said otherwise.
    #[schema(value_type = String, required = false)]
    r#type: Option<String>,
    /// At length.
    #[schema(value_type = String, required = false)]
    description: Option<String>,
    /// The tickets that it stands for, at most 500.
    #[schema(value_type = Vec<String>, required = false)]
    linked_ticket_ids: Vec<ObjectId>,
    /// The name of the customer, for one that is not known yet.
    #[schema(value_type = String, required = false)]
    customer_name: Option<String>,
    /// The address of the customer whose ticket it is: a contact is made of it when there is none.
    #[schema(value_type = String, required = false)]
    customer_email: Option<String>,
}

/// Create a tracker ticket
///
/// Stands for the tickets that are linked to it: when it is set to `DONE`, they are too.
#[utoipa::path(
    post, path = "/v3/tickets/tracker-tickets", operation_id = "CreateTrackerTicket", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = TrackerBody,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Json(body): Json<TrackerBody>,
) -> Result<Response, ApiError> {
    check(&body)?;
    let contact = body
        .customer_email
        .as_deref()
        .map(|email| Contact::read("customerEmail", email, body.customer_name.as_deref()))
        .transpose()?;
    let viewer = Viewer::of(&app, &member).await?;
    let by = By::User(member.user);
    let (share_token, new) = (
        token::new_share_token(&app.random),
        NewCredential::new(&app.random),
    );
    let origin = origin(&member, "POST", "/v3/tickets/tracker-tickets");
    let write = app.store.write(member.project, move |tx| {
        let mut session = match &contact {
            Some(contact) => Some(contact.find_or_make(tx, &new, &origin)?),
            None => None,
        };
        let mut ticket = body.ticket(&share_token)?;
        ticket.session = session.as_ref().map(|session| session.id);
        let counted = session.as_mut().map(|session| &mut session.doc);
        let id = tx.new_id();
        let mut row = insert(tx, id, ticket, &[], counted, by)?;
        if let Some(session) = &mut session {
            tx.put(session)?;
        }
        links::set(tx, &mut row, &body.linked_ticket_ids, by)?;
        shown(tx, id, &viewer)
    });
    Ok(write.await?.into_response())
}

fn check(body: &TrackerBody) -> Result<(), ApiError> {
    let faults: Vec<_> = [
        ("title", &body.title, TITLE_CHARS_MAX),
        ("type", &body.r#type, NAME_CHARS_MAX),
    ]
    .into_iter()
    .filter(|(_, text, most)| {
        text.as_ref()
            .is_some_and(|text| !(1..=*most).contains(&text.trim().chars().count()))
    })
    .map(|(name, _, most)| format!("{name}: must be 1 to {most} characters"))
    .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(ApiError::unprocessable("invalid_field", faults))
}

impl TrackerBody {
    fn ticket(&self, share_token: &str) -> Result<Ticket, ApiError> {
        let mut ticket = Ticket {
            share_token: share_token.to_owned(),
            title: self.title.clone(),
            kind: self.r#type.clone().unwrap_or_else(|| BUG.into()),
            tracker_ticket: true,
            ..Ticket::default()
        };
        if let Some(text) = &self.description {
            let text = to_raw_value(text).map_err(ApiError::internal)?;
            ticket.form_data.insert(DESCRIPTION.into(), text);
        }
        Ok(ticket)
    }
}

/// Find tracker tickets
///
/// The newest first, 20 on a page; with a search term those whose words begin with its words, of the 100 newest such.
#[utoipa::path(
    get, path = "/v3/tickets/tracker-tickets", operation_id = "FindTrackerTickets", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("searchTerm" = Option<String>, Query, description = "What to search for"),
        ("page" = Option<u32>, Query, description = "Which page, from 1"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn find(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let (mut term, mut number) = (String::new(), 1);
    for parameter in Plain::parse(&raw.unwrap_or_default())? {
        match parameter.name.as_str() {
            "searchTerm" => term = parameter.value.trim().to_owned(),
            "page" => number = parameter.whole(1, PAGE_MAX)?,
            name => {
                return Err(BadQuery::new(
                    name,
                    "is none of this list, which has `searchTerm` and `page`",
                )
                .into());
            }
        }
    }
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let (rows, total) = if term.is_empty() {
            newest(snapshot, number)?
        } else {
            matching(snapshot, &term, number)?
        };
        let mut renderer = Renderer::new(snapshot, viewer);
        let tickets: store::Result<Vec<_>> = rows.iter().map(|row| renderer.ticket(row)).collect();
        Ok::<_, ApiError>(joined(&tickets?, total))
    });
    Ok(json(read.await?))
}

fn newest(snapshot: &Snapshot<'_>, number: u32) -> store::Result<(Vec<RawRow>, u64)> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("trackerTicket"), Scalar::Bool(true)),
        limit: PAGE_SIZE,
        skip: u64::from((number - 1) * PAGE_SIZE),
        ..Query::default()
    };
    let total = snapshot.count::<Ticket>(&query, COUNT_MAX)?;
    Ok((snapshot.page::<Ticket>(&query)?.rows, total))
}

fn matching(
    snapshot: &Snapshot<'_>,
    term: &str,
    number: u32,
) -> Result<(Vec<RawRow>, u64), ApiError> {
    let search = Search {
        text: term.to_owned(),
        limit: HITS_MAX,
        deadline: super::find::DEADLINE,
    };
    let mut rows = snapshot.search::<Ticket>(&search)?;
    let mut fault = None;
    rows.retain(|row| match row.parse::<Ticket>() {
        Ok(ticket) => ticket.tracker_ticket,
        Err(error) => {
            fault = Some(error);
            false
        }
    });
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    let total = rows.len() as u64;
    let skip = ((number - 1) * PAGE_SIZE) as usize;
    Ok((
        rows.into_iter()
            .skip(skip)
            .take(PAGE_SIZE as usize)
            .collect(),
        total,
    ))
}
