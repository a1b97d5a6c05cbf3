//! What people ask of whoever keeps their contacts: one test for each rule, named after it.

mod duplicates;
mod import_and_filters;
mod merging;
mod normalisation;
mod search_and_load;
mod verification;

use serde_json::Value;
use server::auth::roles::Role;

use crate::merge::post;
use crate::support::{Accounts, Answer, Call, TestApp, encoded};

/// Makes the contact of a body, or changes the one that is there.
pub async fn upsert(app: &TestApp, body: Value) -> Value {
    post(app, "/v3/sessions", body).await.ok()
}

/// Rows at once: the words of the answer.
pub async fn import_rows(app: &TestApp, rows: Value) -> Vec<String> {
    let words = post(app, "/v3/sessions/importer", rows).await.ok();
    serde_json::from_value(words).unwrap()
}

pub fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

/// The ids of an array of sessions.
pub fn ids(sessions: &Value) -> Vec<String> {
    let sessions = sessions.as_array().unwrap().iter();
    sessions.map(|session| id(session).to_owned()).collect()
}

/// The ids of those that a condition chooses.
pub async fn listed(app: &TestApp, field: &str, value: &str) -> Vec<String> {
    let path = format!("/v3/sessions?{field}={}", encoded(value));
    ids(&app.get(&path).await.ok())
}

/// The ids of those that a term finds.
pub async fn searched(app: &TestApp, term: &str) -> Vec<String> {
    let path = format!("/v3/sessions/search?searchTerm={}", encoded(term));
    ids(&app.get(&path).await.ok())
}

pub async fn by_id(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/v3/sessions/{id}")).await.ok()
}

/// A call of an owner of the second project.
pub async fn in_sister(app: &TestApp, call: Call) -> Answer {
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None).await;
    app.send(call.bearer(&key.token).project(sister)).await
}

/// A server of the second project says who somebody is.
pub async fn identify_in_sister(app: &TestApp, body: &Value) -> Value {
    let call = Call::post("/admin/identify").api_token(&app.accounts.sister.api_token);
    app.send(call.json(body)).await.ok()
}
