//! Imports from other services, which one node fetches while others start.

use std::time::Duration;

use serde_json::{Value, json};

use super::run;
use crate::import::services::server::{Reply, Service};
use crate::import::services::{contacts, start};
use crate::import::{create, finished};
use crate::support::TestApp;

const OPTIONS: [(&str, &str); 2] = [
    ("importers.retry_pause_ms", "1"),
    ("outgoing.allow_private", "true"),
];

/// Starts an import, and waits until its second page is waited for.
async fn fetching(node: &TestApp, service: &Service) -> String {
    let body = json!({"endpoint": service.address(), "apiKey": "t"});
    let started = start(node, "intercom", body).await.ok();
    while service.asked().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started[0]["id"].as_str().unwrap().to_owned()
}

/// A node looks for what is unfinished before it does an import of its own.
async fn has_looked(node: &TestApp) {
    let own = create(node, "", "userId\nown\n").await.ok();
    finished(node, own["id"].as_str().unwrap()).await;
}

async fn shown(node: &TestApp, id: &str) -> Value {
    node.get(&format!("/v3/imports/{id}")).await.ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_starts_leaves_an_import_to_the_one_that_fetches_it() {
    let waits = Reply::status(429).header("retry-after", "3");
    let service = Service::start(vec![contacts(&[1], Some("1")), waits, contacts(&[2], None)]);
    let service = service.await;
    let one = TestApp::with(&OPTIONS).await;
    let id = fetching(&one, &service).await;
    let Some(two) = one.node(&OPTIONS).await else {
        return;
    };
    has_looked(&two).await;
    assert_eq!(shown(&two, &id).await["status"], "running");
    let done = finished(&two, &id).await;
    assert_eq!(
        (&done["status"], &done["created"]),
        (&json!("done"), &json!(2))
    );
    let leases = "SELECT count(*)::text FROM hark_lease WHERE name LIKE 'import %'";
    while run(&one, leases) != ["0"] {
        tokio::time::sleep(Duration::from_millis(100)).await; // the one that looks again has it for a moment
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_fetched_that_is_gone_another_node_ends() {
    let waits = Reply::status(429).header("retry-after", "600");
    let service = Service::start(vec![contacts(&[1], Some("1")), waits]).await;
    let one = TestApp::with(&OPTIONS).await;
    let Some(two) = one.node(&OPTIONS).await else {
        return;
    };
    let id = fetching(&two, &service).await;
    drop(two);
    let three = one.node(&OPTIONS).await.unwrap();
    has_looked(&three).await;
    assert_eq!(
        shown(&three, &id).await["status"],
        "running",
        "nobody knows yet"
    );
    run(&one, "UPDATE hark_lease SET until = now()");
    let failed = finished(&one, &id).await;
    assert_eq!(failed["status"], "failed");
    let message = failed["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("start the import again"), "{message}");
}
