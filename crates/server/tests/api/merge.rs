//! `POST /v3/sessions/{sessionId}/merge`, the records of merges, and undoing them.

mod interleaved;
mod plan;
mod restored;
pub mod side;
mod undo;

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

/// The id of a session by its credential.
pub async fn id_of(app: &TestApp, session: &Value) -> String {
    let path = format!(
        "/v3/sessions?gleapId={}",
        session["gleapId"].as_str().unwrap()
    );
    let found = app.get(&path).await.ok();
    found[0]["id"].as_str().unwrap().to_owned()
}

/// A new guest: its id and its credential.
pub async fn guest(app: &TestApp) -> (String, Value) {
    let session = app.guest().await;
    (id_of(app, &session).await, session)
}

pub async fn user(app: &TestApp, body: Value) -> String {
    let made = app.identify(body).await.ok();
    made["sessionId"].as_str().unwrap().to_owned()
}

pub async fn post(app: &TestApp, path: &str, body: Value) -> Answer {
    app.send(app.owner(Call::post(path).json(&body))).await
}

pub async fn put(app: &TestApp, id: &str, body: Value) -> Value {
    let call = Call::put(&format!("/v3/sessions/{id}")).json(&body);
    app.send(app.owner(call)).await.ok()
}

pub async fn merge(app: &TestApp, id: &str, with: &str) -> Answer {
    let path = format!("/v3/sessions/{id}/merge");
    post(app, &path, json!({"with": with})).await
}

pub async fn undo(app: &TestApp, merge: &str) -> Answer {
    post(app, &format!("/v3/merges/{merge}/undo"), json!({})).await
}

/// Merges, and gives the id of the record.
pub async fn merged(app: &TestApp, id: &str, with: &str) -> String {
    let plan = merge(app, id, with).await.ok();
    plan["mergeId"].as_str().unwrap().to_owned()
}
