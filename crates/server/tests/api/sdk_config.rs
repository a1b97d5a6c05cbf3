//! What client SDKs are told of a project, and how members set it.

mod clients;
mod limits;
mod settings;

use serde_json::Value;

use crate::support::{Answer, Call, TestApp};

/// The path of the settings of the first project.
fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/sdk-config", app.project())
}

async fn put(app: &TestApp, patch: &Value) -> Answer {
    let call = Call::new("PUT", &path(app)).json(patch);
    app.send(app.owner(call)).await
}

async fn settings(app: &TestApp) -> Value {
    app.get(&path(app)).await.ok()
}

/// What a client is told.
async fn told(app: &TestApp) -> Value {
    let path = format!("/config/{}", app.accounts.first.sdk_key);
    app.send(Call::get(&path)).await.ok()["flowConfig"].clone()
}
