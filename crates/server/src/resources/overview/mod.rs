//! A project in numbers: its days, and the hours in which it is busy.

mod calendar;
mod sample;

use axum::extract::{RawQuery, State};
use serde::Serialize;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Snapshot};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::calendar::Calendar;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, TicketsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::session::document::Session;
use crate::resources::ticket::document::Ticket;

/// Days unless `days` says otherwise.
pub const DAYS_DEFAULT: u32 = 30;
/// The most days that can be asked for.
pub const DAYS_MAX: u32 = 90;
/// Nothing of a day is counted further than this.
const COUNT_MAX: u64 = 1_000_000;

/// A day in numbers.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewDay {
    /// The day in the time zone that was asked for.
    #[schema(example = "2026-01-31")]
    pub date: String,
    /// Sessions that were made.
    pub new_sessions: u64,
    /// Sessions that did something.
    pub active_sessions: u64,
    /// Events of sessions that were seen since the first of the days.
    pub events: u64,
    /// Tickets that were made. Absent for those who may not see tickets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reports: Option<u64>,
}

/// What the numbers of active sessions and events are from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct OverviewSample {
    /// Sessions that were looked at.
    pub sessions: u64,
    /// Sessions that were seen in these days, counted up to 1,000,000 a day. When it is larger, active sessions, events and hours are estimates.
    pub of: u64,
}

/// A project in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewBody {
    /// The time zone of the days and hours.
    pub timezone: String,
    /// The days, the oldest first. The last one is today.
    pub days: Vec<OverviewDay>,
    /// Events by weekday, Monday first, and hour of the day, 0 to 23.
    pub hours: Vec<Vec<u64>>,
    /// What the numbers of active sessions and events are from.
    pub sample: OverviewSample,
}

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new().routes(routes!(overview))
}

/// Get a project in numbers
///
/// New and active sessions, events and reports by day, and the hours in which events happen. New sessions and reports are counted. Where more than 400 sessions
/// were seen in these days, active sessions, events and hours are estimated from 400 of them, taken evenly from the days on which they were last seen. What servers
/// track of sessions that were not seen is not among the events.
#[utoipa::path(
    get, path = "/v3/overview", operation_id = "GetOverview", tag = "Project",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("timezone" = Option<String>, Query, description = "Whose days: a name such as `Europe/Vienna`, otherwise `UTC`"),
        ("days" = Option<u32>, Query, description = "How many, today included: 1 to 90, otherwise 30"),
    ),
    responses((status = 200, description = "The numbers", body = OverviewBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn overview(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Json<OverviewBody>, ApiError> {
    let calendar = asked(&raw.unwrap_or_default(), app.now())?;
    let with_reports = member.may::<TicketsRead>();
    let read = app.store.read(member.project, move |snapshot| {
        of(snapshot, &calendar, with_reports)
    });
    Ok(Json(read.await?))
}

fn asked(raw: &str, now: Millis) -> Result<Calendar, ApiError> {
    const NAMES: [&str; 2] = ["timezone", "days"];
    let given = own_parameters(raw, &NAMES)?;
    let days = match given.get("days") {
        None => DAYS_DEFAULT,
        Some(text) => {
            let days = text.parse().ok();
            days.filter(|days| (1..=DAYS_MAX).contains(days))
                .ok_or_else(|| {
                    BadQuery::new(
                        "days",
                        format!("must be a whole number from 1 to {DAYS_MAX}"),
                    )
                })?
        }
    };
    let zone = given.get("timezone").map_or("UTC", String::as_str);
    Calendar::new(zone, days, now).ok_or_else(|| {
        let why = "must be the name of a time zone, such as `Europe/Vienna` or `UTC`";
        BadQuery::new("timezone", why).into()
    })
}

fn of(
    snapshot: &Snapshot<'_>,
    calendar: &Calendar,
    with_reports: bool,
) -> store::Result<OverviewBody> {
    let sampled = sample::take(snapshot, calendar)?;
    let mut days = Vec::with_capacity(calendar.days());
    for (day, numbers) in sampled.days.iter().enumerate() {
        let (from, to) = calendar.bounds(day);
        let made = between("createdAt", Scalar::Instant(from), Scalar::Instant(to));
        let reports = between("_id", Scalar::Id(first_id(from)), Scalar::Id(first_id(to)));
        days.push(OverviewDay {
            date: calendar.date(day),
            new_sessions: count::<Session>(snapshot, made)?,
            active_sessions: numbers.sessions.round() as u64,
            events: numbers.events.round() as u64,
            reports: match with_reports {
                true => Some(count::<Ticket>(snapshot, reports)?),
                false => None,
            },
        });
    }
    let hour = |events: &f64| events.round() as u64;
    let hours = sampled.hours.iter();
    Ok(OverviewBody {
        timezone: calendar.zone().to_owned(),
        days,
        hours: hours
            .map(|weekday| weekday.iter().map(hour).collect())
            .collect(),
        sample: OverviewSample {
            sessions: sampled.looked_at,
            of: sampled.of,
        },
    })
}

/// What lies from one bound, which belongs to it, to the other, which does not.
fn between(path: &'static str, from: Scalar, to: Scalar) -> Filter {
    let side = |op, value| Filter::Range {
        field: FieldPath::known(path),
        op,
        value,
    };
    Filter::And(vec![side(RangeOp::Ge, from), side(RangeOp::Lt, to)])
}

fn count<D: store::Document>(snapshot: &Snapshot<'_>, filter: Filter) -> store::Result<u64> {
    let query = Query {
        filter,
        ..Query::default()
    };
    snapshot.count::<D>(&query, COUNT_MAX)
}

/// The smallest id that is made at an instant. Ids begin with the second in which they were made, and are an index of their own.
fn first_id(at: Millis) -> ObjectId {
    let seconds = u32::try_from(at.0.div_euclid(1_000).max(0)).unwrap_or(u32::MAX);
    ObjectId::from_parts(seconds, [0; 8])
}
