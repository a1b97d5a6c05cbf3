//! What happened to a session, in one timeline: put together from what is stored of it in several places.

mod page;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Document, Millis, ObjectId, Query, RawRow, Snapshot, Sort};
use utoipa::ToSchema;

use self::page::{Asked, Before, Place};
use super::activity::{Activity, ActivityKind};
use super::document::Session;
use super::event::{Event, PAGE_VIEW};
use super::history::IdentityChange;
use super::lookup::{find_id, not_found, parse_id};
use super::merge::Merge;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::message::document::Message;
use crate::resources::ticket::document::Ticket;

/// Something that happened to a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityBody {
    /// Unique among those of the same type.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// `created`, `identified`, `merged`, `page_view`, `event`, `report`, `message`, `unsubscribed`, `resubscribed`, `blocked`, `unblocked` or `attribute_changed`.
    #[serde(rename = "type")]
    #[schema(example = "page_view")]
    pub kind: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub date: Millis,
    /// More about it; its members depend on the type.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// Where activities are stored. Of those of one instant, the ones of a later source come first.
struct Source {
    rank: u8,
    /// The path of the session, and that of the time.
    session: &'static str,
    time: &'static str,
}

const CREATED: u8 = 0;
const HISTORY: Source = source(1, "session", "at");
const MERGED: Source = source(2, "survivor", "createdAt");
const EVENTS: Source = source(3, "session", "date");
const TICKETS: Source = source(4, "session", "createdAt");
const CHANGES: Source = source(5, "session", "at");
const MESSAGES: Source = source(6, "session", "createdAt");

const fn source(rank: u8, session: &'static str, time: &'static str) -> Source {
    Source {
        rank,
        session,
        time,
    }
}

/// Get the timeline of a session
///
/// What happened to the session and what it did, newest first: when it was made, identified and merged, page views and other events, reports, messages, and what
/// members changed over this API. Of changed attributes only the names are told. The header `Link: <…>; rel="next"` leads to older ones.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/activities", operation_id = "GetSessionActivities", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("before" = Option<String>, Query, description = "Only what is older: a date, or the place that the `Link` header names"),
    ),
    responses((status = 200, description = "The activities", body = Vec<ActivityBody>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let asked = Asked::read(raw.as_deref().unwrap_or_default())?;
    let read = app.store.read(member.project, move |snapshot| {
        timeline(snapshot, id, asked)
    });
    let mut found = read.await?;
    let is_last = found.len() <= asked.limit as usize;
    found.truncate(asked.limit as usize);
    let next = found.last().filter(|_| !is_last).map(|(place, _)| *place);
    let shown: Vec<_> = found.into_iter().map(|(_, activity)| activity).collect();
    let mut response = Json(shown).into_response();
    if let Some(place) = next {
        let path = format!("/v3/sessions/{session_id}/activities");
        let link = format!(
            "<{path}?limit={}&before={place}>; rel=\"next\"",
            asked.limit
        );
        let link = HeaderValue::try_from(link).map_err(ApiError::internal)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

type Found = Vec<(Place, ActivityBody)>;

/// One more than asked for, when there are more.
fn timeline(snapshot: &Snapshot<'_>, id: ObjectId, asked: Asked) -> Result<Found, ApiError> {
    let id = find_id(snapshot, id)?;
    let session = snapshot.get::<Session>(id)?;
    let session = session.ok_or_else(|| not_found("id", &id.to_string()))?;
    let mut found = Found::new();
    let created = session.doc.created_at;
    add(
        &mut found,
        asked,
        CREATED,
        (id, "created", created, json!({})),
    )?;
    for (row, change) in rows::<IdentityChange>(snapshot, id, &HISTORY, asked)? {
        let (kind, data) = of_change(&change);
        add(
            &mut found,
            asked,
            HISTORY.rank,
            (row, kind, change.at, data),
        )?;
    }
    for (row, merge) in rows::<Merge>(snapshot, id, &MERGED, asked)? {
        let at = merge.at;
        add(
            &mut found,
            asked,
            MERGED.rank,
            (row, "merged", at, of_merge(row, &merge)),
        )?;
    }
    for (row, event) in rows::<Event>(snapshot, id, &EVENTS, asked)? {
        let is_page = event.name == PAGE_VIEW;
        let kind = if is_page { "page_view" } else { "event" };
        let mut data = json!({"name": event.name});
        if let Some(more) = &event.data {
            data["data"] = serde_json::from_str(more.get()).map_err(ApiError::internal)?;
        }
        add(
            &mut found,
            asked,
            EVENTS.rank,
            (row, kind, event.date, data),
        )?;
    }
    for (row, ticket) in rows::<Ticket>(snapshot, id, &TICKETS, asked)? {
        let data = json!({"ticket": row, "bugId": ticket.bug_id, "type": ticket.kind});
        add(
            &mut found,
            asked,
            TICKETS.rank,
            (row, "report", ticket.created_at, data),
        )?;
    }
    for (row, change) in rows::<Activity>(snapshot, id, &CHANGES, asked)? {
        let (kind, data) = of_activity(&change);
        add(
            &mut found,
            asked,
            CHANGES.rank,
            (row, kind, change.at, data),
        )?;
    }
    for (row, message) in rows::<Message>(snapshot, id, &MESSAGES, asked)? {
        let data = json!({"message": row, "ticket": message.ticket});
        add(
            &mut found,
            asked,
            MESSAGES.rank,
            (row, "message", message.created_at, data),
        )?;
    }
    found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    found.truncate(asked.limit as usize + 1);
    Ok(found)
}

fn add(
    found: &mut Found,
    asked: Asked,
    source: u8,
    (id, kind, date, data): (ObjectId, &'static str, Millis, Value),
) -> Result<(), ApiError> {
    let place = Place {
        at: date,
        source,
        id,
    };
    let is_older = match asked.before {
        None => true,
        Some(Before::Date(before)) => date < before,
        Some(Before::Place(before)) => place < before,
    };
    if is_older {
        let data = to_raw_value(&data).map_err(ApiError::internal)?;
        found.push((
            place,
            ActivityBody {
                id,
                kind,
                date,
                data,
            },
        ));
    }
    Ok(())
}

/// The rows of a source that may be on the page, newest first.
fn rows<D: Document>(
    snapshot: &Snapshot<'_>,
    session: ObjectId,
    source: &Source,
    asked: Asked,
) -> Result<Vec<(ObjectId, D)>, ApiError> {
    let own = Filter::Eq(FieldPath::known(source.session), Scalar::Id(session));
    let query = Query {
        filter: Filter::And(vec![own, source.older(asked.before), source.told()]),
        sort: vec![Sort {
            path: source.time.into(),
            descending: true,
        }],
        limit: asked.limit + 1,
        ..Query::default()
    };
    let page = snapshot.page::<D>(&query)?;
    let parsed = |row: &RawRow| Ok((row.id, row.parse::<D>()?));
    page.rows.iter().map(parsed).collect()
}

impl Source {
    /// Changes by members are told by what they recorded, but for who the user is.
    fn told(&self) -> Filter {
        if self.rank != HISTORY.rank {
            return Filter::All;
        }
        let by_others = Filter::Not(Box::new(Filter::Eq(
            FieldPath::known("by.source"),
            Scalar::Text("rest".into()),
        )));
        Filter::Or(vec![
            by_others,
            Filter::Exists(FieldPath::known("changes.userId.to")),
        ])
    }

    fn older(&self, before: Option<Before>) -> Filter {
        let than = |op, value| Filter::Range {
            field: FieldPath::known(self.time),
            op,
            value: Scalar::Instant(value),
        };
        match before {
            None => Filter::All,
            Some(Before::Date(date)) => than(RangeOp::Lt, date),
            Some(Before::Place(place)) if self.rank < place.source => than(RangeOp::Le, place.at),
            Some(Before::Place(place)) if self.rank > place.source => than(RangeOp::Lt, place.at),
            Some(Before::Place(place)) => {
                let id = Filter::Range {
                    field: FieldPath::known("id"),
                    op: RangeOp::Lt,
                    value: Scalar::Id(place.id),
                };
                let rest = Filter::Or(vec![than(RangeOp::Lt, place.at), id]);
                Filter::And(vec![than(RangeOp::Le, place.at), rest])
            }
        }
    }
}

fn of_change(change: &IdentityChange) -> (&'static str, Value) {
    let source = &change.by.source;
    let user = change.changes.user_id.as_ref();
    if let Some(user_id) = user.and_then(|user| user.to.as_ref()) {
        return ("identified", json!({"userId": user_id, "source": source}));
    }
    let names = [
        ("userId", &change.changes.user_id),
        ("email", &change.changes.email),
        ("name", &change.changes.name),
    ];
    let changed = names.iter().filter(|(_, change)| change.is_some());
    let fields: Vec<_> = changed.map(|(name, _)| name).collect();
    let data = json!({"fields": fields, "source": source});
    ("attribute_changed", data)
}

fn of_merge(id: ObjectId, merge: &Merge) -> Value {
    let mut data = json!({"merge": id, "session": merge.merged, "source": merge.by.source});
    if let Some(undone) = &merge.undone {
        data["undoneAt"] = json!(undone.at);
    }
    data
}

fn of_activity(activity: &Activity) -> (&'static str, Value) {
    let kind = match activity.kind {
        ActivityKind::Unsubscribed => "unsubscribed",
        ActivityKind::Resubscribed => "resubscribed",
        ActivityKind::Blocked => "blocked",
        ActivityKind::Unblocked => "unblocked",
        ActivityKind::AttributeChanged => "attribute_changed",
    };
    let mut data = json!({"source": "rest"});
    if let Some(by) = activity.by {
        data["by"] = json!(by);
    }
    if !activity.fields.is_empty() {
        data["fields"] = json!(activity.fields);
    }
    (kind, data)
}
