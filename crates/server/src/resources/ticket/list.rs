//! Lists of tickets.

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::Response;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Page, Query};

use super::document::Ticket;
use super::render::{Renderer, Viewer};
use super::schema::{TicketCount, TicketList};
use super::show::json;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::session::list::{next_link, to_query};

/// No list counts further than this.
pub(in crate::resources) const COUNT_MAX: u64 = 100_000;
/// A count counts no further than this.
const COUNT_ALONE_MAX: u64 = 10_000_000;

/// List tickets
///
/// Filters by any property: `status=OPEN`, several values `type=BUG,CRASH`, `session=<id>`, the number `bugId=42`, ranges
/// `createdAt>=2026-01-01T00:00:00.000Z`, dotted paths `formData.description`. `sort=-createdAt`, `limit` (100, at most 1,000) and
/// `skip`; the header `Link: <…>; rel="next"` leads to the next page at the same cost however far in. Newest first unless sorted.
#[utoipa::path(
    get, path = "/v3/tickets", operation_id = "GetTickets", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("sort" = Option<String>, Query, description = "`createdAt`, `updatedAt`, `bugId`, `type`, `status`, `priority`, `lexorank`, `lastNotification`, `session` or `_id`, with `-` in front for largest first"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
        ("ignoreArchived" = Option<bool>, Query, description = "`true` leaves out what was put away"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The tickets", body = TicketList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let query = Query {
        examine_max: app.config.limits.list_documents_max,
        ..to_query(by_urgency(asked(&raw)?))?
    };
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let page = snapshot.page::<Ticket>(&query)?;
        let total = if is_all(&query, &page) {
            page.rows.len() as u64
        } else {
            snapshot.count::<Ticket>(&query, COUNT_MAX)?
        };
        let mut renderer = Renderer::new(snapshot, viewer);
        let tickets = renderer.tickets(&page.rows)?;
        Ok::<_, ApiError>((tickets, page.next, total))
    });
    let (tickets, next, total) = read.await?;
    let mut response = json(joined(&tickets, total));
    if let Some(next) = next {
        let link = next_link("/v3/tickets", &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Count tickets
///
/// How many `GET /v3/tickets` would list with the same conditions, up to 10,000,000.
#[utoipa::path(
    get, path = "/v3/tickets/ticketscount", operation_id = "GetTicketCount", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("ignoreArchived" = Option<bool>, Query, description = "`true` leaves out what was put away"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "How many", body = TicketCount), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn count(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Json<TicketCount>, ApiError> {
    let query = Query {
        examine_max: app.config.limits.list_documents_max,
        ..to_query(asked(&raw.unwrap_or_default())?)?
    };
    let read = app.store.read(member.project, move |snapshot| {
        snapshot.count::<Ticket>(&query, COUNT_ALONE_MAX)
    });
    Ok(Json(TicketCount { count: read.await? }))
}

/// What a list was asked for.
fn asked(raw: &str) -> Result<ListQuery, ApiError> {
    const IGNORE: &str = "ignoreArchived";
    let mut asked = ListQuery::parse(raw, &[IGNORE])?;
    match own_parameters(raw, &[IGNORE])?
        .get(IGNORE)
        .map(String::as_str)
    {
        None | Some("false") => {}
        Some("true" | "") => {
            let shown = Filter::Eq(FieldPath::known("archived"), Scalar::Bool(false));
            asked.filter = match asked.filter {
                Filter::All => shown,
                filter => Filter::And(vec![filter, shown]),
            };
        }
        Some(_) => return Err(BadQuery::new(IGNORE, "must be true or false").into()),
    }
    Ok(asked)
}

/// Priorities are sorted by what they mean, not by their names.
pub(super) fn by_urgency(mut asked: ListQuery) -> ListQuery {
    for key in asked.sort.iter_mut().filter(|key| key.path == "priority") {
        key.path = "priorityOrder".into();
    }
    asked
}

/// Whether the page has all there is.
fn is_all(query: &Query, page: &Page) -> bool {
    query.after.is_none() && query.skip == 0 && page.next.is_none()
}

/// The envelope of lists.
pub(in crate::resources) fn joined(tickets: &[Vec<u8>], total: u64) -> Vec<u8> {
    let end = format!("],\"count\":{},\"totalCount\":{total}}}", tickets.len());
    [
        b"{\"tickets\":[",
        tickets.join(&b","[..]).as_slice(),
        end.as_bytes(),
    ]
    .concat()
}
