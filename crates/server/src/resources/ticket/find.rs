//! Finding tickets by what is in them, and by whose they are.

use std::collections::HashSet;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use store::filter::{self, FieldPath, Filter, Scalar};
use store::search::{SEARCH_WORDS_MAX, words};
use store::{ObjectId, Query, RawRow, Search, Snapshot};

use super::document::Ticket;
use super::list::{COUNT_MAX, by_urgency, joined};
use super::render::{Renderer, Viewer};
use super::schema::TicketList;
use super::show::json;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, TicketsRead};
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::resources::session::document::Session;
use crate::resources::session::list::to_query;
use crate::resources::session::search::{self as sessions, TERM_CHARS_MAX};

/// Tickets of a search.
pub const HITS_MAX: u32 = 30;
/// Tickets of an extended search.
pub const EXTENDED_HITS_MAX: u32 = 100;
/// Sessions whose tickets are looked at.
pub const SESSIONS_MAX: u32 = 100;
/// A search takes no longer than this.
pub const DEADLINE: Duration = Duration::from_secs(2);
/// Of hits of which some do not match the conditions, more are looked at.
pub const LOOKED_AT_MAX: u32 = 500;

/// Search tickets
///
/// By number (`42`, `#42`), id, title, tags, what was filled in, and your own data that is text. Each word of the term must begin a word of the ticket; case
/// and diacritics make no difference. A ticket whose number or id is the term comes first, then the newest; at most 30. The conditions of
/// `GET /v3/tickets` hold here too.
#[utoipa::path(
    get, path = "/v3/tickets/search", operation_id = "SearchForTickets", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("searchTerm" = Option<String>, Query, description = "What to search for: at most 512 characters and 16 words"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn search(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    answer(&app, &member, &raw.unwrap_or_default(), HITS_MAX, false).await
}

/// Search tickets and who reported them
///
/// As the search of tickets, and the tickets of the sessions that the term finds (name, address, phone number, user id, company) after those; at most 100.
/// Without the right `sessions:read`, sessions are not searched.
#[utoipa::path(
    get, path = "/v3/tickets/extendedsearch", operation_id = "SearchForTicketsExtended", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("searchTerm" = Option<String>, Query, description = "What to search for: at most 512 characters and 16 words"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn extended(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let with_sessions = member.may::<SessionsRead>();
    answer(
        &app,
        &member,
        &raw.unwrap_or_default(),
        EXTENDED_HITS_MAX,
        with_sessions,
    )
    .await
}

async fn answer(
    app: &SharedApp,
    member: &Member<TicketsRead>,
    raw: &str,
    most: u32,
    with_sessions: bool,
) -> Result<Response, ApiError> {
    let term = term(raw)?;
    let asked = ListQuery::parse(raw, &["searchTerm", "q"])?;
    let viewer = Viewer::of(app, member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let mut rows = exactly(snapshot, &term)?;
        rows.extend(snapshot.search::<Ticket>(&Search {
            text: term.clone(),
            limit: LOOKED_AT_MAX,
            deadline: DEADLINE,
        })?);
        if with_sessions {
            let found = sessions::found(snapshot, &term, SESSIONS_MAX)?;
            rows.extend(newest_of(
                snapshot,
                found.iter().map(|row| row.id).collect(),
                &Query::default(),
            )?);
        }
        Ok(chosen(snapshot, rows, &asked.filter, most, viewer)?)
    });
    read.await.map(json)
}

/// The first tickets, each once, that fulfil the conditions.
fn chosen(
    snapshot: &Snapshot<'_>,
    rows: Vec<RawRow>,
    filter: &Filter,
    most: u32,
    viewer: Viewer,
) -> store::Result<Vec<u8>> {
    let mut renderer = Renderer::new(snapshot, viewer);
    let (mut seen, mut tickets) = (HashSet::new(), Vec::new());
    for row in rows {
        if tickets.len() == most as usize {
            break;
        }
        let fits = *filter == Filter::All || filter::matches(filter, &renderer.filtered(&row)?);
        if fits && seen.insert(row.id) {
            tickets.push(renderer.ticket(&row)?);
        }
    }
    let total = tickets.len() as u64;
    Ok(joined(&tickets, total))
}

/// What a query string asks to search for.
///
/// # Errors
/// 422 when it is nothing, or too long.
pub fn term(raw: &str) -> Result<String, ApiError> {
    let own = own_parameters(raw, &["searchTerm", "q"])?;
    let term = own
        .get("searchTerm")
        .or(own.get("q"))
        .map_or("", |term| term.trim());
    let characters = term.chars().count();
    let fault = if term.is_empty() {
        "searchTerm: is empty: say what to search for".to_owned()
    } else if characters > TERM_CHARS_MAX {
        format!("searchTerm: has {characters} characters: give at most {TERM_CHARS_MAX}")
    } else if words(term).len() > SEARCH_WORDS_MAX {
        format!("searchTerm: has more than {SEARCH_WORDS_MAX} words: leave some out")
    } else {
        return Ok(term.to_owned());
    };
    Err(ApiError::unprocessable("invalid_search_term", vec![fault]))
}

/// The ticket of which the term is the number or the id.
fn exactly(snapshot: &Snapshot<'_>, term: &str) -> store::Result<Vec<RawRow>> {
    let mut rows = Vec::new();
    if let Ok(number) = term.trim_start_matches('#').parse::<i64>() {
        let query = Query {
            filter: Filter::Eq(FieldPath::known("bugId"), Scalar::Int(number)),
            limit: 1,
            ..Query::default()
        };
        rows.extend(snapshot.page::<Ticket>(&query)?.rows);
    }
    if let Ok(id) = term.parse::<ObjectId>() {
        rows.extend(snapshot.raw::<Ticket>(id)?);
    }
    Ok(rows)
}

/// Parameters that say whose tickets.
const WHOSE: [&str; 3] = ["userId", "email", "phone"];
/// What custom attributes of sessions begin with.
const CUSTOM: &str = "customData.";

/// List the tickets of sessions
///
/// `userId`, `email` and `phone` say whose, and `customData.<name>` what their custom attributes are; a session must fulfil all that is given, and the tickets
/// of the first 100 such are listed, the newest first. `limit`, `skip` and `sort` are those of `GET /v3/tickets`.
#[utoipa::path(
    get, path = "/v3/tickets/by-session-query", operation_id = "FindTicketsBySessionQuery", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("email" = Option<String>, Query, description = "The email address"),
        ("userId" = Option<String>, Query, description = "The id under which your own system knows the user"),
        ("phone" = Option<String>, Query, description = "The phone number"),
        ("customData.TIN" = Option<String>, Query, description = "A custom attribute, by its name"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first"),
        ("sort" = Option<String>, Query, description = "As in the list of tickets"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn by_session(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let keys = Keys::read(&raw)?;
    let asked = ListQuery::parse(&raw, &WHOSE)?;
    let query = to_query(by_urgency(ListQuery {
        filter: Filter::All,
        ..asked.clone()
    }))?;
    let conditions = asked.filter;
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let sessions = keys.sessions(snapshot, &conditions)?;
        let query = Query {
            filter: of_sessions(sessions),
            ..query.clone()
        };
        let rows = snapshot.page::<Ticket>(&query)?.rows;
        let total = snapshot.count::<Ticket>(&query, COUNT_MAX)?;
        let mut renderer = Renderer::new(snapshot, viewer);
        let tickets: store::Result<Vec<_>> = rows.iter().map(|row| renderer.ticket(row)).collect();
        Ok::<_, ApiError>(joined(&tickets?, total))
    });
    read.await.map(json)
}

/// What finds a session at once.
#[derive(Default)]
struct Keys(Vec<(store::Kind, String)>);

impl Keys {
    fn read(raw: &str) -> Result<Self, ApiError> {
        let own = own_parameters(raw, &WHOSE)?;
        let mut keys = Vec::new();
        for (name, value) in own {
            let key = match name.as_str() {
                "userId" => Some((identity::USER_ID, value)),
                "email" => identity::email_key(&value).map(|key| (identity::EMAIL, key)),
                _ => identity::phone_key(&value).map(|key| (identity::PHONE, key)),
            };
            keys.push(key.ok_or_else(|| BadQuery::new(name.clone(), format!("is no {name}")))?);
        }
        Ok(Self(keys))
    }

    /// The sessions that all keys find and that fulfil the conditions, which are about custom attributes.
    fn sessions(
        &self,
        snapshot: &Snapshot<'_>,
        conditions: &Filter,
    ) -> Result<Vec<ObjectId>, ApiError> {
        if !is_custom(conditions) {
            return Err(BadQuery::new(
                "?",
                "says whose tickets by userId, email, phone and customData.<name> alone",
            )
            .into());
        }
        let Some((kind, key)) = self.0.first() else {
            if *conditions == Filter::All {
                return Err(BadQuery::new(
                    "?",
                    "says nobody's tickets: give userId, email, phone or customData.<name>",
                )
                .into());
            }
            let query = Query {
                filter: conditions.clone(),
                limit: SESSIONS_MAX,
                deadline: DEADLINE,
                ..Query::default()
            };
            return Ok(snapshot
                .page::<Session>(&query)?
                .rows
                .iter()
                .map(|row| row.id)
                .collect());
        };
        let Some(row) = snapshot.find_raw::<Session>(*kind, key)? else {
            return Ok(Vec::new());
        };
        for (kind, key) in &self.0[1..] {
            if snapshot.owner(*kind, key)? != Some(row.id) {
                return Ok(Vec::new());
            }
        }
        let session = serde_json::from_slice(&row.json).map_err(ApiError::internal)?;
        let fits = *conditions == Filter::All || filter::matches(conditions, &session);
        Ok(fits.then_some(row.id).into_iter().collect())
    }
}

fn is_custom(filter: &Filter) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(all) | Filter::Or(all) => all.iter().all(is_custom),
        Filter::Not(inner) => is_custom(inner),
        Filter::Eq(path, _)
        | Filter::In(path, _)
        | Filter::Range { field: path, .. }
        | Filter::Exists(path)
        | Filter::Prefix(path, _)
        | Filter::Contains(path, _) => path.as_str().starts_with(CUSTOM),
    }
}

fn of_sessions(sessions: Vec<ObjectId>) -> Filter {
    let sessions = sessions.into_iter().map(Scalar::Id);
    Filter::In(FieldPath::known("session"), sessions.collect())
}

fn newest_of(
    snapshot: &Snapshot<'_>,
    sessions: Vec<ObjectId>,
    query: &Query,
) -> store::Result<Vec<RawRow>> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let query = Query {
        filter: of_sessions(sessions),
        limit: EXTENDED_HITS_MAX,
        ..query.clone()
    };
    Ok(snapshot.page::<Ticket>(&query)?.rows)
}
