//! Importing sessions: at once, as a job, and back again.

mod at_once;
mod files;
mod job;
mod life;
pub mod services;
mod undo;

use std::time::Duration;

use serde_json::Value;

use crate::support::{Answer, Call, TestApp};

/// Sends a file to `POST /v3/imports`.
pub async fn create(app: &TestApp, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    let call = Call::post(&format!("/v3/imports?{query}")).body(file);
    app.send(app.owner(call)).await
}

/// Waits until an import has nothing more to do.
pub async fn finished(app: &TestApp, id: &str) -> Value {
    for _ in 0..6000 {
        let import = app.get(&format!("/v3/imports/{id}")).await.ok();
        let status = import["status"].as_str().unwrap();
        if !["queued", "running", "undoing"].contains(&status) {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the import does not end");
}

/// An import from start to end.
pub async fn import(app: &TestApp, query: &str, file: impl Into<Vec<u8>>) -> Value {
    let started = create(app, query, file).await.ok();
    finished(app, started["id"].as_str().unwrap()).await
}

async fn post(app: &TestApp, import: &Value, what: &str) -> Answer {
    let path = format!("/v3/imports/{}/{what}", import["id"].as_str().unwrap());
    app.send(app.owner(Call::post(&path))).await
}

pub async fn undone(app: &TestApp, import: &Value) -> Value {
    post(app, import, "undo").await.ok();
    finished(app, import["id"].as_str().unwrap()).await
}

/// The lines of the result behind the first.
pub async fn result(app: &TestApp, import: &Value) -> Vec<Vec<String>> {
    let id = import["id"].as_str().unwrap();
    let answer = app.get(&format!("/v3/imports/{id}/result")).await;
    assert_eq!(answer.status, 200);
    let mut reader = csv::Reader::from_reader(&answer.body[..]);
    assert_eq!(
        reader.headers().unwrap(),
        vec!["line", "outcome", "session", "error"]
    );
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .into_records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

/// Counts of an import: rows, created, updated, unchanged, failed.
pub fn counts(import: &Value) -> [u64; 5] {
    ["rows", "created", "updated", "unchanged", "failed"].map(|name| import[name].as_u64().unwrap())
}

/// Files of imports that lie in the data folder.
fn files(app: &TestApp) -> usize {
    let folder = app.app.config.data.join("imports");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
