//! What a session did, and that it is there: the loop of every client (wire note §4.4, §4.5).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Millis, ObjectId, Tx};
use utoipa::ToSchema;

use super::arrival::Arrival;
use super::body::Members;
use crate::app::{App, SharedApp};
use crate::auth::{ClientCredential, Visitor, shield};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::check;
use crate::http::responses::ErrorResponses;
use crate::http::tail::Tail;
use crate::live::outbox;
use crate::resources::session::credential;
use crate::resources::session::event::{self, Sent};

/// A batch may be this large: the most events, each with its data.
pub const BODY_BYTES_MAX: usize = 8 << 20;

/// A batch of events.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "documents the body, which is read event by event so that a bad one does not spoil the others"
)]
pub struct PingBody {
    /// The newest 500 are taken.
    pub events: Option<Vec<SdkEventBody>>,
    /// How long the client has run; not looked at, since clients do not agree on the unit.
    pub time: Option<f64>,
    /// Whether the widget is open.
    pub opened: Option<bool>,
    /// The kind of client.
    pub r#type: Option<String>,
    /// The version of the client.
    pub sdk_version: Option<String>,
    /// Whether the client has a socket. Without one, what would be pushed is in the answer.
    pub ws: Option<bool>,
}

/// Something that happened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body")]
pub struct SdkEventBody {
    /// What happened, at most 256 characters.
    pub name: String,
    /// When, by the client's clock.
    #[schema(format = DateTime)]
    pub date: Option<String>,
    /// More about it, at most 8 KiB.
    pub data: Option<serde_json::Value>,
}

/// What the client would have been pushed.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PingAnswer {
    /// Actions to perform.
    #[schema(value_type = Vec<Object>)]
    pub a: Vec<Box<RawValue>>,
    /// Unread messages.
    pub u: u64,
}

#[derive(Deserialize)]
struct RawEvent {
    name: Option<String>,
    date: Option<Box<RawValue>>,
    data: Option<Box<RawValue>>,
}

/// Send events (web)
///
/// Always 200: a bad event is left out and its neighbours are kept, and what comes for a session that is not there is dropped,
/// because clients lose their batch on an error or send it for ever.
#[utoipa::path(
    post, path = "/sessions/events", operation_id = "SdkEvents", tag = "SDK",
    params(
        ("Gleap-Id" = Option<String>, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = Option<String>, Header, description = "The secret half"),
    ),
    request_body = PingBody,
    responses((status = 200, description = "The events were stored", body = PingAnswer), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn events(
    app: State<SharedApp>,
    visitor: Visitor,
    body: Members,
) -> Result<Json<PingAnswer>, ApiError> {
    take(app, visitor, body, "/sessions/events").await
}

/// Send events (phones and desktop)
///
/// The same as the one for the web, under the address that apps use.
#[utoipa::path(
    post, path = "/sessions/ping", operation_id = "SdkPing", tag = "SDK",
    params(
        ("Gleap-Id" = Option<String>, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = Option<String>, Header, description = "The secret half"),
    ),
    request_body = PingBody,
    responses((status = 200, description = "The events were stored", body = PingAnswer), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn ping(
    app: State<SharedApp>,
    visitor: Visitor,
    body: Members,
) -> Result<Json<PingAnswer>, ApiError> {
    take(app, visitor, body, "/sessions/ping").await
}

async fn take(
    State(app): State<SharedApp>,
    visitor: Visitor,
    body: Members,
    path: &str,
) -> Result<Json<PingAnswer>, ApiError> {
    let Some(given) = visitor.credential.clone() else {
        return Ok(Json(PingAnswer::default()));
    };
    let (events, faults) = read(&app, &body);
    let (arrival, _) = Arrival::read(&app, &visitor, path, &Default::default());
    let call = Arc::new(Call {
        given,
        arrival,
        events,
        names_max: app.config.limits.event_names_max,
        has_socket: !body.is_false("ws"),
    });
    let (project, unit) = (visitor.access.project, Arc::clone(&call));
    let done = app.store.write(project, move |tx| unit.run(tx)).await;
    let done = done.map_err(|error| shield(visitor.credential.is_some(), error.into()))?;
    let Some((session, answer)) = done else {
        return Ok(Json(PingAnswer::default()));
    };
    app.live.ready(project, session);
    if app.live.is_watched(project, session) {
        for event in &call.events {
            let data = serde_json::value::to_raw_value(&Told::from(event)).ok();
            super::report(&app, &visitor, session, "event", data);
        }
    }
    super::report_refused(&app, &visitor, session, &faults);
    Ok(Json(answer))
}

/// An event, for those who watch.
#[derive(Serialize)]
pub(crate) struct Told<'e> {
    name: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'e RawValue>,
}

impl<'e> From<&'e Sent> for Told<'e> {
    fn from(event: &'e Sent) -> Self {
        Self {
            name: &event.name,
            date: event.date,
            data: event.data.as_deref(),
        }
    }
}

/// The events that can be kept, and what is wrong with the others.
fn read(app: &App, body: &Members) -> (Vec<Sent>, Vec<String>) {
    let most = app.config.limits.events_per_ping_max;
    // Clients drop the oldest when they have too many, and so is done here.
    let batch = body.0.get("events");
    let Some(batch) = batch.and_then(|raw| Tail::of(raw.get(), most)) else {
        return Default::default();
    };
    let (mut events, mut faults) = (Vec::new(), Vec::new());
    let skipped = batch.count - batch.last.len();
    if skipped > 0 {
        faults.push(format!(
            "events: {skipped} are more than the {most} of a call"
        ));
    }
    for (number, raw) in batch.last.iter().enumerate() {
        match read_event(app, raw) {
            Ok(event) => events.push(event),
            Err(fault) => faults.push(format!("events[{}]{fault}", skipped + number)),
        }
    }
    number(&mut events);
    (events, faults)
}

/// A client may well do the same twice in a millisecond (or in a second, where its dates have no more): the second of one
/// batch is another event. A batch that is sent again, even if it has grown, gives the same numbers.
fn number(events: &mut [Sent]) {
    let mut seen = HashMap::new();
    for event in events {
        let data = event.data.as_ref().map(|data| data.get().to_owned());
        let before = seen
            .entry((event.name.clone(), event.date, data))
            .or_insert(0);
        event.number = *before;
        *before += 1;
    }
}

fn read_event(app: &App, raw: &RawValue) -> Result<Sent, String> {
    check(raw.get().as_bytes()).map_err(|error| format!(": {}", error.message()))?;
    let event: RawEvent =
        serde_json::from_str(raw.get()).map_err(|_| ": expected {name, date, data}")?;
    // Some clients write dates that nobody else reads: then the time of arrival counts.
    let date = event
        .date
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        .and_then(|text| Millis::parse(&text));
    event::sent(event.name, date, event.data, app.event_limits())
}

/// The call as a unit of work.
struct Call {
    given: ClientCredential,
    arrival: Arrival,
    events: Vec<Sent>,
    names_max: usize,
    has_socket: bool,
}

impl Call {
    /// The session whose events were stored, and what it is told; `None` when the credential opens none.
    fn run(&self, tx: &mut Tx<'_>) -> store::Result<Option<(ObjectId, PingAnswer)>> {
        let Some(mut row) = credential::resolve(tx, &self.given)? else {
            return Ok(None);
        };
        self.arrival.update(tx, &mut row, |tx, row| {
            let (id, session) = (row.id, &mut row.doc);
            Ok(event::track(tx, id, session, &self.events, self.names_max)?.stored > 0)
        })?;
        let answer = self.answer(tx, row.id)?;
        Ok(Some((row.id, answer)))
    }

    /// A client without a socket is given what a socket would be pushed.
    fn answer(&self, tx: &mut Tx<'_>, session: ObjectId) -> store::Result<PingAnswer> {
        if self.has_socket {
            let u = outbox::unread(tx, session)?;
            return Ok(PingAnswer { a: Vec::new(), u });
        }
        let taken = outbox::take(tx, session)?;
        Ok(PingAnswer {
            a: taken.actions,
            u: taken.unread,
        })
    }
}
