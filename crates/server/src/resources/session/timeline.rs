//! What a session did, one by one.

use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, RawRow, Sort};
use utoipa::ToSchema;

use super::event::Event;
use super::list::{next_link, to_query};
use super::lookup::{find_id, parse_id};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;

/// Something that a session did.
#[derive(Serialize, ToSchema)]
pub struct SessionEventBody {
    /// The id of the event, unique within its session.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// What happened.
    #[schema(example = "invoice_paid")]
    pub name: String,
    /// When, by the client's clock within bounds.
    #[schema(value_type = String, format = DateTime)]
    pub date: Millis,
    /// More about it: any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    pub data: Option<Box<RawValue>>,
    /// The id of the session.
    #[schema(value_type = String)]
    pub session: ObjectId,
}

/// List the events of a session
///
/// Newest first unless sorted otherwise. Filters by `name`, `date` and what is in `data`; `limit` (100, at most 1,000), `skip`, and
/// the header `Link: <…>; rel="next"` as in the list of sessions.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/events", operation_id = "GetSessionEvents", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
    ),
    responses((status = 200, description = "The events", body = Vec<SessionEventBody>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn events(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let raw = raw.unwrap_or_default();
    let asked = to_query(ListQuery::parse(&raw, &[])?)?;
    let read = app.store.read(member.project, move |snapshot| {
        let query = of_session(find_id(snapshot, id)?, &asked);
        Ok::<_, ApiError>(snapshot.page::<Event>(&query)?)
    });
    let page = read.await?;
    let events = page.rows.iter().map(body).collect::<Result<Vec<_>, _>>()?;
    let mut response = Json(events).into_response();
    if let Some(next) = page.next {
        let path = format!("/v3/sessions/{session_id}/events");
        let link = next_link(&path, &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn of_session(session: ObjectId, asked: &Query) -> Query {
    let mut query = asked.clone();
    let own = Filter::Eq(FieldPath::known("session"), Scalar::Id(session));
    query.filter = Filter::And(vec![own, query.filter]);
    if query.sort.is_empty() {
        query.sort = vec![Sort {
            path: "date".into(),
            descending: true,
        }];
    }
    query
}

fn body(row: &RawRow) -> Result<SessionEventBody, ApiError> {
    let event: Event = row.parse()?;
    Ok(SessionEventBody {
        id: row.id,
        name: event.name,
        date: event.date,
        data: event.data,
        session: event.session,
    })
}
