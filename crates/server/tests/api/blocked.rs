//! Values that identify nobody: `/v3/projects/{projectId}/blocked-identities`.

mod list;
mod values;

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

/// Sets the list to these: kinds and values.
pub async fn block(app: &TestApp, values: &[(&str, &str)]) -> Answer {
    let value = |(kind, value): &(&str, &str)| json!({"kind": kind, "value": value});
    let values: Vec<_> = values.iter().map(value).collect();
    put(app, json!({ "values": values })).await
}

pub async fn put(app: &TestApp, body: Value) -> Answer {
    app.send(app.owner(Call::put(&path(app)).json(&body))).await
}

pub fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/blocked-identities", app.project())
}
