//! Lists of sessions, and what a session's identity was before.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::{Cursor, Page, Query, RawRow};
use utoipa::ToSchema;

use super::addresses;
use super::document::Session;
use super::history::{self, IdentityChange, IdentityChanges, Origin};
use super::lookup::{find_id, parse_id};
use super::render::wire;
use super::schema::SessionBody;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;

/// `withCount=true` counts no further than this.
const COUNT_MAX: u64 = 100_000;

/// A page of sessions and how many there are in all; the answer to `withCount=true`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountedSessions {
    /// The page.
    pub data: Vec<SessionBody>,
    /// How many sessions match, counted up to 100,000.
    pub total_count: u64,
}

/// Either form of the list.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum SessionList {
    /// The page alone.
    Plain(Vec<SessionBody>),
    /// With `withCount=true`.
    Counted(CountedSessions),
}

/// List sessions
///
/// Filters by any property: `email=ada@example.com`, several values `plan=pro,team`, ranges `createdAt>=2026-01-01T00:00:00.000Z`,
/// `!=`, dotted paths `customData.seats>5`, `phone` (exists), `!phone` (does not exist). `sort=-lastActivity`, `limit` (100, at most
/// 1,000) and `skip`; the header `Link: <…>; rel="next"` leads to the next page at the same cost however far in.
/// Newest first unless sorted.
#[utoipa::path(
    get, path = "/v3/sessions", operation_id = "GetSessions", tag = "Session",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("sort" = Option<String>, Query, description = "`createdAt`, `updatedAt`, `lastActivity`, `email`, `userId`, `_id` or an indexed custom attribute (`customData.seats`), with `-` in front for largest first"),
        ("withCount" = Option<bool>, Query, description = "Whether to count all that match"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The sessions", body = SessionList), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let asked = ListQuery::parse(&raw, &[])?;
    let with_count = asked.with_count;
    let query = Query {
        examine_max: app.config.limits.list_documents_max,
        ..to_query(asked)?
    };
    let read = app.store.read(member.project, move |snapshot| {
        let filter = addresses::widen(snapshot, query.filter.clone())?;
        let query = Query { filter, ..query };
        let page = snapshot.page::<Session>(&query)?;
        let count = if with_count {
            Some(snapshot.count::<Session>(&query, COUNT_MAX)?)
        } else {
            None
        };
        Ok::<_, ApiError>((page, count))
    });
    let (page, count) = read.await?;
    let show = |row: &RawRow| wire(row, member.project, member.organisation);
    let mut response = (
        [(header::CONTENT_TYPE, "application/json")],
        joined(&page, show, count),
    )
        .into_response();
    if let Some(next) = page.next {
        response
            .headers_mut()
            .insert(header::LINK, next_link("/v3/sessions", &raw, &next)?);
    }
    Ok(response)
}

/// The query of the store that a query string asks for.
///
/// # Errors
/// 400 when the cursor is not one that was given out.
pub fn to_query(asked: ListQuery) -> Result<Query, ApiError> {
    let after = asked.cursor.as_deref().map(read_cursor).transpose()?;
    Ok(Query {
        filter: asked.filter,
        sort: asked.sort,
        limit: asked.limit,
        skip: asked.skip,
        after,
        ..Query::default()
    })
}

fn joined(page: &Page, show: impl Fn(&RawRow) -> Vec<u8>, count: Option<u64>) -> Vec<u8> {
    let list = array(&page.rows, show);
    match count {
        None => list,
        Some(count) => [
            b"{\"data\":",
            list.as_slice(),
            format!(",\"totalCount\":{count}}}").as_bytes(),
        ]
        .concat(),
    }
}

/// The rows as a JSON array.
pub fn array(rows: &[RawRow], show: impl Fn(&RawRow) -> Vec<u8>) -> Vec<u8> {
    let rows: Vec<_> = rows.iter().map(show).collect();
    [b"[", rows.join(&b","[..]).as_slice(), b"]"].concat()
}

fn read_cursor(text: &str) -> Result<Cursor, ApiError> {
    let json = hex::decode(text).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| {
            ApiError::bad_request(
                "invalid_cursor",
                "The cursor is not one that a `Link` header gave. Start again without it.",
            )
        })
}

pub fn next_link(path: &str, raw: &str, next: &Cursor) -> Result<HeaderValue, ApiError> {
    let kept: String = raw
        .split('&')
        .filter(|part| {
            !part.is_empty() && !part.starts_with("cursor=") && !part.starts_with("skip=")
        })
        .map(|part| format!("{part}&"))
        .collect();
    let cursor = hex::encode(serde_json::to_vec(next).map_err(ApiError::internal)?);
    HeaderValue::try_from(format!("<{path}?{kept}cursor={cursor}>; rel=\"next\""))
        .map_err(ApiError::internal)
}

/// The identity history of a session.
#[derive(Serialize, ToSchema)]
pub struct HistoryBody {
    /// The changes, newest first; at most 200.
    pub history: Vec<HistoryEntry>,
}

/// One change of the identity of a session.
#[derive(Serialize, ToSchema)]
pub struct HistoryEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: store::Millis,
    /// From where.
    pub by: Origin,
    /// What.
    pub changes: IdentityChanges,
}

/// Get the identity history of a session
///
/// Every change of `userId`, `email` or `name` and where it came from: newest first, the last 200.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/identity-history", operation_id = "GetSessionIdentityHistory", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The history", body = HistoryBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn identity_history(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
) -> Result<Json<HistoryBody>, ApiError> {
    let id = parse_id(&session_id)?;
    let read = app.store.read(member.project, move |snapshot| {
        let id = find_id(snapshot, id)?;
        let rows = snapshot
            .page::<IdentityChange>(&history::newest_first(id))?
            .rows;
        rows.iter().map(entry).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(HistoryBody {
        history: read.await?,
    }))
}

fn entry(row: &RawRow) -> Result<HistoryEntry, ApiError> {
    let change: IdentityChange = row.parse()?;
    Ok(HistoryEntry {
        at: change.at,
        by: change.by,
        changes: change.changes,
    })
}
