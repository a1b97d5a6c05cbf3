//! Lists of messages.

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{ObjectId, Page, Query, Snapshot};

use super::conversation::{in_order, of};
use super::document::Message;
use super::render;
use super::schema::MessageList;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::session::list::{next_link, to_query};
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::render::{Renderer, Viewer};
use crate::resources::ticket::show::json;

/// Messages of a list.
pub const LIMIT_MAX: u32 = 1_000;
/// Messages of a part of a conversation, unless `limit` says otherwise.
pub const PAGE_DEFAULT: u32 = 50;

/// Parameters that are no conditions. `showHistory` and `language` choose what is shown by the original API; here all of it is shown, as it was written.
const OWN: [&str; 6] = [
    "ticket",
    "paginated",
    "before",
    "limit",
    "showHistory",
    "language",
];

/// List messages
///
/// Those of one ticket (`ticket=<id>`) in the order of the conversation, whatever `sort` says; those of a ticket that was merged are with the one that goes
/// on. Without `ticket` the newest of the project come first. Filters by any property: `type=TEXT,NOTE`, `bot=false`, `createdAt>=2026-01-01T00:00:00.000Z`. With
/// `paginated=true` the answer is the end of the conversation, and `nextBefore` leads to what was said before. Otherwise the header `Link: <…>; rel="next"` leads on.
#[utoipa::path(
    get, path = "/v3/messages", operation_id = "GetMessages", tag = "Messages",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("ticket" = Option<String>, Query, description = "The id of the ticket"),
        ("paginated" = Option<bool>, Query, description = "Whether to answer a part of the conversation, from its end"),
        ("before" = Option<String>, Query, description = "Only what was said before: `nextBefore` of the part that came after"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 1000, or 50 with `paginated`"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
        ("showHistory" = Option<bool>, Query, description = "Makes no difference"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The messages", body = MessageList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let own = Own::read(&raw)?;
    let query = Query {
        limit: own.limit,
        sort: Vec::new(),
        examine_max: app.config.limits.list_documents_max,
        ..to_query(ListQuery::parse(&raw, &OWN)?)?
    };
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let query = own.narrow(snapshot, query)?;
        let page = snapshot.page::<Message>(&query)?;
        let mut renderer = Renderer::new(snapshot, viewer);
        let show = page
            .rows
            .iter()
            .map(|row| render::shown(&mut renderer, row));
        let messages = show.collect::<store::Result<Vec<_>>>()?;
        Ok::<_, ApiError>((own, page, messages))
    });
    let (own, page, messages) = read.await?;
    if own.paginated {
        return part(&page, messages);
    }
    let mut response = json(serde_json::to_vec(&messages).map_err(ApiError::internal)?);
    if let Some(next) = page.next {
        let link = next_link("/v3/messages", &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The end of a conversation, or of what was said before a place in it.
fn part(page: &Page, mut items: Vec<Box<RawValue>>) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Part {
        items: Vec<Box<RawValue>>,
        has_more: bool,
        next_before: String,
    }
    items.reverse();
    let earliest = match page.rows.last() {
        Some(row) => row.parse::<Message>()?.index,
        None => 0,
    };
    let part = Part {
        items,
        has_more: page.next.is_some(),
        next_before: earliest.to_string(),
    };
    Ok(json(serde_json::to_vec(&part).map_err(ApiError::internal)?))
}

/// What this list reads by itself.
#[derive(Clone, Copy)]
struct Own {
    ticket: Option<ObjectId>,
    paginated: bool,
    before: Option<i64>,
    limit: u32,
}

impl Own {
    fn read(raw: &str) -> Result<Self, BadQuery> {
        let given = own_parameters(raw, &OWN)?;
        let given = |name: &str| given.get(name).map(String::as_str);
        let paginated = match given("paginated") {
            None | Some("false") => false,
            Some("true" | "") => true,
            Some(_) => return Err(BadQuery::new("paginated", "must be true or false")),
        };
        let ticket = match given("ticket") {
            None => None,
            Some(id) => Some(id.parse().map_err(|_| {
                BadQuery::new(
                    "ticket",
                    "must be the id of one ticket: 24 hexadecimal characters",
                )
            })?),
        };
        let before = match given("before") {
            None | Some("") => None,
            Some(place) => Some(place.parse().map_err(|_| {
                BadQuery::new("before", "must be what `nextBefore` of an answer was")
            })?),
        };
        let limit = match given("limit") {
            None => None,
            Some(limit) => {
                let limit = limit.parse().ok();
                Some(
                    limit
                        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                        .ok_or_else(|| {
                            BadQuery::new(
                                "limit",
                                format!("must be a whole number from 1 to {LIMIT_MAX}"),
                            )
                        })?,
                )
            }
        };
        if ticket.is_none() && (paginated || before.is_some()) {
            let name = if paginated { "paginated" } else { "before" };
            return Err(BadQuery::new(
                name,
                "needs `ticket`: only a conversation has parts",
            ));
        }
        Ok(Self {
            ticket,
            paginated,
            before,
            limit: limit.unwrap_or(if paginated { PAGE_DEFAULT } else { LIMIT_MAX }),
        })
    }

    fn narrow(self, snapshot: &Snapshot<'_>, query: Query) -> store::Result<Query> {
        let Some(asked) = self.ticket else {
            return Ok(query);
        };
        let mut ticket = asked;
        while let Some(row) = snapshot.get::<Ticket>(ticket)?
            && let Some(into) = row.doc.merged_into
        {
            ticket = into;
        }
        let mut conditions = vec![of(ticket), query.filter];
        if let Some(before) = self.before {
            conditions.push(Filter::Range {
                field: FieldPath::known("index"),
                op: RangeOp::Lt,
                value: Scalar::Int(before),
            });
        }
        Ok(Query {
            filter: Filter::And(conditions),
            sort: in_order(self.paginated),
            ..query
        })
    }
}
