//! Webhooks: what they hear, in which order, how often, signed, and where they may not lead.

mod deliveries;
pub mod receiver;
mod refusals;

use serde_json::{Value, json};

use self::receiver::Receiver;
use crate::support::{Answer, Call, TestApp};

const HOUR_MS: i64 = 3_600_000;

/// A server whose webhooks may reach this machine.
pub async fn server() -> TestApp {
    TestApp::with(&[("outgoing.allow_private", "true")]).await
}

async fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.send(app.owner(Call::post(path).json(body))).await
}

/// Makes a webhook of everything at the receiver, with what else is said.
pub async fn hook(app: &TestApp, receiver: &Receiver, more: Value) -> Value {
    let mut body = json!({"name": "Test", "url": receiver.url()});
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    post(app, "/v3/webhooks", &body).await.ok()
}

fn path(hook: &Value) -> String {
    format!("/v3/webhooks/{}", hook["id"].as_str().unwrap())
}

async fn deliveries(app: &TestApp, hook: &Value) -> Vec<Value> {
    let path = format!("{}/deliveries?sort=_id", path(hook));
    let all = app.get(&path).await.ok();
    all.as_array().unwrap().clone()
}
