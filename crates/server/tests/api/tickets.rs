//! Tickets as the team works with them: `/v3/tickets`.

mod actions;
mod compose;
mod counters;
mod delete;
mod export;
pub mod feed;
mod find;
mod merge;
mod refusals;
mod settings;
mod size;
mod tracker;
mod transcript;
mod vote;
mod write;

use serde_json::Value;

use crate::support::{Answer, Call, TestApp};

/// A call of the owner in the first project.
pub async fn call(app: &TestApp, method: &str, path: &str, body: Value) -> Answer {
    app.send(app.owner(Call::new(method, path).json(&body)))
        .await
}

/// A new ticket.
pub async fn ticket(app: &TestApp, body: Value) -> Value {
    call(app, "POST", "/v3/tickets", body).await.ok()
}

/// The ticket as it is now.
pub async fn now(app: &TestApp, ticket: &Value) -> Value {
    app.get(&path(ticket, "")).await.ok()
}

/// A path below that of a ticket.
pub fn path(ticket: &Value, rest: &str) -> String {
    format!("/v3/tickets/{}{rest}", ticket["id"].as_str().unwrap())
}

pub async fn update(app: &TestApp, ticket: &Value, body: Value) -> Answer {
    call(app, "PUT", &path(ticket, ""), body).await
}

/// The id of the session of a user.
pub async fn session(app: &TestApp, user: &str) -> String {
    let made = app.identify(serde_json::json!({"userId": user})).await.ok();
    made["sessionId"].as_str().unwrap().to_owned()
}
