//! How long a project keeps events and guests.

mod model;
mod preview;
mod rules;
mod runs;

use serde_json::{Value, json};
use server::jobs::retention::start_due;

use crate::support::{Answer, Call, TestApp};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn path(app: &TestApp, rest: &str) -> String {
    format!("/v3/projects/{}/retention{rest}", app.project())
}

async fn set(app: &TestApp, rules: Value) -> Answer {
    let call = Call::put(&path(app, "")).json(&rules);
    app.send(app.owner(call)).await
}

async fn get(app: &TestApp) -> Value {
    app.get(&path(app, "")).await.ok()
}

async fn preview(app: &TestApp, rules: Value) -> Value {
    let call = Call::post(&path(app, "/preview")).json(&rules);
    app.send(app.owner(call)).await.ok()
}

/// Follows the rules of the project, which were set long enough ago; returns what the run removed: events and guests.
async fn followed(app: &TestApp) -> (u64, u64) {
    assert_eq!(start_due(&app.app).await.unwrap(), 1);
    app.run_jobs().await;
    let last = &get(app).await["lastRun"];
    assert_eq!(last["date"], app.clock.at(0));
    let count = |what: &str| last[what].as_u64().unwrap();
    (count("events"), count("guests"))
}

/// The events of a session, newest first.
async fn events(app: &TestApp, id: &str) -> Vec<Value> {
    let events = app
        .get(&format!("/v3/sessions/{id}/events?limit=1000"))
        .await
        .ok();
    events.as_array().unwrap().clone()
}

/// Tracks events of a user at these times, in milliseconds from now; the session's id.
async fn tracked(app: &TestApp, user: &str, times: &[i64]) -> String {
    let event = |(n, at): (usize, &i64)| json!({"userId": user, "name": "done", "date": app.clock.at(*at), "data": {"at": at, "n": n}});
    let events: Vec<_> = times.iter().enumerate().map(event).collect();
    for some in events.chunks(500) {
        app.track(json!(some)).await.ok();
    }
    app.session(user).await["id"].as_str().unwrap().to_owned()
}

async fn is_there(app: &TestApp, id: &str) -> bool {
    app.get(&format!("/v3/sessions/{id}")).await.status == 200
}
