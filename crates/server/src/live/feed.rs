//! What a session does now, for developers and the team.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::Millis;
use tokio::time::{Interval, interval};
use utoipa::ToSchema;

use super::hub::{Activity, Watch};
use super::word::Word;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::lookup::{self, parse_id};

/// The pause after which a comment is sent, so that no proxy takes the connection for dead.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long one call watches. The right to do so is asked for again with the next.
pub(crate) const WATCH_MAX: Duration = Duration::from_secs(15 * 60);

/// How often the other nodes are told that a session is watched here.
const SAID_AGAIN: Duration = Duration::from_secs(20);

/// What the `data` line of each event holds.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents what is written by hand, event by event"
)]
pub struct LiveEvent {
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    date: Millis,
    /// More about it; its members depend on the event.
    #[schema(value_type = Object, required = false)]
    data: Value,
}

/// Watch a session
///
/// Server-sent events of what the session does from now on. The name of an event says what happened: first `hello`, with the id of the session
/// and the number of its open sockets; `connected` and `disconnected` when one comes or goes; then what the session does, such as `event` or
/// `identified`. A comment is sent every 15 seconds. The answer ends after 15 minutes, when the server stops, when the session is deleted, and for
/// those who read too slowly: call again. Nothing that happened before is told.
/// The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/live", operation_id = "WatchSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The events", body = LiveEvent, content_type = "text/event-stream"), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn watch(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let find = app.store.lookup(member.project, move |snapshot| {
        let row = lookup::find(snapshot, id)?.ok_or_else(|| lookup::unknown(id))?;
        Ok::<_, ApiError>(row.id)
    });
    let watch = app.live.watch((member.project, find.await?))?;
    let watching = Watching {
        app,
        watch,
        again: interval(SAID_AGAIN),
    };
    let events = stream::unfold(watching, async |mut watching| {
        let activity = watching.next().await?;
        Some((Ok::<_, Infallible>(event(&activity)), watching))
    });
    let events = events.take_until(tokio::time::sleep(WATCH_MAX));
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    // Proxies that collect answers would keep the events back.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(heartbeat)).into_response())
}

/// One who watches, of whom the other nodes know.
struct Watching {
    app: SharedApp,
    watch: Watch,
    again: Interval,
}

impl Watching {
    async fn next(&mut self) -> Option<Activity> {
        loop {
            tokio::select! {
                activity = self.watch.activities.recv() => return activity,
                _ = self.again.tick() => {
                    if let Some(place) = self.watch.place() {
                        self.app.store.say(Word::watched(place).to_line());
                    }
                }
            }
        }
    }
}

fn event(activity: &Activity) -> Event {
    #[derive(Serialize)]
    struct Data<'a> {
        date: Millis,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'a RawValue>,
    }
    let data = Data {
        date: activity.date,
        data: activity.data.as_deref(),
    };
    let json = serde_json::to_string(&data).unwrap_or_default();
    // Line ends of JSON are between its values: what a client sent may have some.
    let line = json.replace(['\r', '\n'], " ");
    Event::default().event(&activity.kind).data(line)
}
