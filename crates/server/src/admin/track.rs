//! Your server says what users did.

use std::sync::Arc;

use axum::extract::State;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Millis, ObjectId, Tx};
use utoipa::ToSchema;

use super::identify::user_id;
use super::origin;
use crate::app::{App, SharedApp};
use crate::auth::ProvisionalToken;
use crate::http::Json;
use crate::http::error::{ApiError, FAULTS_TOLD_MAX};
use crate::http::json::{Checked, fault};
use crate::http::responses::ErrorResponses;
use crate::live::{self, Activity};
use crate::resources::session::credential::NewCredential;
use crate::resources::session::event::{self, Sent, Tracked};
use crate::resources::session::history::{Identifiers, Origin};
use crate::resources::session::identify;
use crate::sdk::Told;

/// A batch may be this large: the most events, each with data of some kilobytes.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// A batch of events, of one user or of many.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "documents the body, which is read event by event so that a bad one does not spoil the others"
)]
pub struct TrackBody {
    /// At most 2,500.
    pub events: Vec<EventBody>,
}

/// Something that a user did.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the body")]
pub struct EventBody {
    /// Who did it: the id under which your own system knows the user. An unknown user is made.
    pub user_id: String,
    /// What happened, at most 256 characters.
    #[schema(example = "invoice_paid")]
    pub name: String,
    /// When; now, when absent. Bounded to the last year and the next five minutes.
    #[schema(format = DateTime)]
    pub date: Option<String>,
    /// More about it, at most 8 KiB.
    pub data: Option<serde_json::Value>,
}

/// What became of the batch.
#[derive(Serialize, ToSchema)]
pub struct TrackedBody {
    /// Always true: a batch that could not be read is answered with an error.
    pub success: bool,
    /// Events that were stored.
    pub stored: u64,
    /// Events that had been stored before: same user, name, date and data.
    pub repeated: u64,
    /// Events that were left out because something is wrong with them.
    pub dropped: u64,
    /// What is wrong with the first twenty of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

#[derive(Deserialize)]
struct Batch<'b> {
    #[serde(borrow)]
    events: Vec<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    user_id: Option<Box<RawValue>>,
    name: Option<String>,
    date: Option<String>,
    data: Option<Box<RawValue>>,
}

/// Track events
///
/// Stores what users did and sums it up in their sessions. A bad event is left out and counted; its neighbours are kept.
/// A batch that is sent twice is stored once.
#[utoipa::path(
    post, path = "/admin/track", operation_id = "AdminTrack", tag = "Admin",
    request_body = TrackBody,
    responses((status = 200, description = "The events were stored", body = TrackedBody), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn track(
    State(app): State<SharedApp>,
    token: ProvisionalToken,
    body: Checked,
) -> Result<Json<TrackedBody>, ApiError> {
    let batch: Batch = body.parse()?;
    let most = app.config.limits.events_per_track_max;
    if batch.events.len() > most {
        let message = format!(
            "events: {} are more than the {most} that one call may have; send them in parts",
            batch.events.len()
        );
        return Err(ApiError::unprocessable("too_many_events", vec![message]));
    }
    let (users, mut faults) = by_user(&app, &batch);
    let users = Arc::new(users);
    let names_max = app.config.limits.event_names_max;
    let origin = origin("/admin/track");
    let tracked = Arc::clone(&users);
    let project = token.project();
    let unit = move |tx: &mut Tx<'_>| {
        let (mut sum, mut sessions) = (Tracked::default(), Vec::new());
        for (user_id, user) in tracked.iter() {
            let done = track_user(tx, user_id, user, &origin, names_max)?;
            if let Some((_, tracked)) = &done {
                sum.stored += tracked.stored;
                sum.repeated += tracked.repeated;
            }
            sessions.push(done.map(|(session, _)| session));
        }
        Ok::<_, ApiError>((sum, sessions))
    };
    let (stored, sessions) = token.write(&app, unit).await?;
    for (session, (user_id, user)) in sessions.into_iter().zip(users.iter()) {
        match session {
            Some(session) => tell(&app, project, session, &user.events),
            None => faults.extend(user.events.iter().map(|_| blocked(user_id))),
        }
    }
    Ok(Json(TrackedBody {
        success: true,
        stored: stored.stored,
        repeated: stored.repeated,
        dropped: faults.len() as u64,
        errors: faults.into_iter().take(FAULTS_TOLD_MAX).collect(),
    }))
}

/// The events of one user of a batch, and a credential in case the user is new.
struct UserEvents {
    credential: NewCredential,
    events: Vec<Sent>,
}

fn by_user(app: &App, batch: &Batch<'_>) -> (IndexMap<String, UserEvents>, Vec<String>) {
    let (mut users, mut faults) = (IndexMap::<String, UserEvents>::new(), Vec::new());
    for (number, raw) in batch.events.iter().enumerate() {
        match read_event(app, raw) {
            Ok((user, sent)) => {
                let entry = users.entry(user).or_insert_with(|| UserEvents {
                    credential: NewCredential::new(&app.random),
                    events: Vec::new(),
                });
                entry.events.push(sent);
            }
            Err(fault) => faults.push(format!("events[{number}]{fault}")),
        }
    }
    (users, faults)
}

fn read_event(app: &App, raw: &RawValue) -> Result<(String, Sent), String> {
    if !raw.get().starts_with('{') {
        return Err(": expected an object".into());
    }
    let event: RawEvent = serde_json::from_str(raw.get()).map_err(|_| mismatch(raw))?;
    let user = user_id(event.user_id.as_deref())
        .map_err(|_| ".userId: must be the id of a user in your system")?;
    let date = event
        .date
        .map(|text| Millis::parse(&text).ok_or(".date: must be like 2026-01-31T08:05:00.123Z"))
        .transpose()?;
    let sent = event::sent(event.name, date, event.data, app.event_limits())?;
    Ok((user, sent))
}

/// The field of an event that has the wrong type.
fn mismatch(raw: &RawValue) -> String {
    let (path, wrong) = fault::<RawEvent>(raw.get().as_bytes()).unwrap_or_default();
    format!(".{path}: {wrong}")
}

/// `None` for a user id that is blocked.
fn track_user(
    tx: &mut Tx<'_>,
    user_id: &str,
    user: &UserEvents,
    origin: &Origin,
    names_max: usize,
) -> store::Result<Option<(ObjectId, Tracked)>> {
    let found = identify::find_or_create(tx, user_id, &user.credential, origin)?;
    let Some(mut row) = found else {
        return Ok(None);
    };
    let tracked = event::track(tx, row.id, &mut row.doc, &user.events, names_max)?;
    if tracked.stored > 0 {
        let (before, keys) = (Identifiers::of(&row.doc), row.doc.keys());
        identify::save(tx, &mut row, &before, &keys, origin)?;
    }
    Ok(Some((row.id, tracked)))
}

fn blocked(user_id: &str) -> String {
    format!("events.userId: {user_id:?} is on the list of values that identify nobody")
}

/// Tells those who watch the session.
fn tell(app: &App, project: ObjectId, session: ObjectId, events: &[Sent]) {
    if !app.live.is_watched(project, session) {
        return;
    }
    for event in events {
        let activity = Activity {
            kind: "event".into(),
            date: app.now(),
            data: serde_json::value::to_raw_value(&Told::from(event)).ok(),
        };
        live::report(app, project, session, activity);
    }
}
