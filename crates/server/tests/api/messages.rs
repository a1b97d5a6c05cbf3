//! Messages: what is said in tickets, and what that does to tickets and sessions.

mod by_mail;
mod counters;
mod effects;
mod files;
mod inbound;
mod list;
mod owners;
mod refusals;
mod said;
mod search;
mod versions;

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};
use crate::tickets::{call, session, ticket};

/// Says something.
pub async fn send(app: &TestApp, body: Value) -> Answer {
    call(app, "POST", "/v3/messages", body).await
}

/// A member says something in a ticket.
pub async fn say(app: &TestApp, ticket: &Value, text: &str) -> Value {
    let body = json!({"ticket": ticket["id"], "comment": text});
    send(app, body).await.ok()
}

/// The session says something in a ticket.
pub async fn hear(app: &TestApp, ticket: &Value, session: &str, text: &str) -> Value {
    let body = json!({"ticket": ticket["id"], "comment": text, "session": session});
    send(app, body).await.ok()
}

/// A ticket of a new session of this user, and the id of that.
pub async fn ticket_of(app: &TestApp, user: &str) -> (Value, String) {
    let session = session(app, user).await;
    (ticket(app, json!({"session": session})).await, session)
}

pub async fn change(app: &TestApp, message: &Value, body: Value) -> Answer {
    call(app, "PUT", &path(message), body).await
}

pub async fn delete(app: &TestApp, message: &Value) {
    let gone = app.send(app.owner(Call::delete(&path(message)))).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
}

pub fn path(message: &Value) -> String {
    format!("/v3/messages/{}", message["id"].as_str().unwrap())
}

/// The conversation of a ticket.
pub async fn conversation(app: &TestApp, ticket: &Value) -> Vec<Value> {
    let path = format!("/v3/messages?ticket={}", ticket["id"].as_str().unwrap());
    app.get(&path).await.ok().as_array().unwrap().clone()
}

/// What is said in a conversation.
pub async fn texts(app: &TestApp, ticket: &Value) -> Vec<String> {
    let messages = conversation(app, ticket).await;
    let text = |message: &Value| message["data"]["text"].as_str().unwrap().to_owned();
    messages.iter().map(text).collect()
}
