//! `GET /v3/tickets`: lists.

use serde_json::{Value, json};

use super::client::Client;
use crate::support::TestApp;

async fn with_tickets(app: &TestApp) -> Vec<Value> {
    let (ada, bob) = (Client::new(app, "ada").await, Client::new(app, "bob").await);
    let mut made = Vec::new();
    for (n, (client, kind, priority)) in [
        (&ada, "BUG", "LOW"),
        (&ada, "CRASH", "HIGH"),
        (&bob, "BUG", "MEDIUM"),
    ]
    .into_iter()
    .enumerate()
    {
        app.clock.advance_seconds(1);
        made.push(
            client
                .report(json!({"type": kind, "priority": priority, "formData": {"description": format!("d{n}")}}))
                .await,
        );
    }
    made
}

async fn numbers(app: &TestApp, query: &str) -> Vec<u64> {
    let list = app.get(&format!("/v3/tickets?{query}")).await.ok();
    let tickets = list["tickets"].as_array().unwrap();
    assert_eq!(list["count"], tickets.len());
    tickets
        .iter()
        .map(|ticket| ticket["bugId"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn lists_are_filtered_and_sorted() {
    let app = TestApp::new().await;
    with_tickets(&app).await;
    let session = app.session("bob").await["id"].as_str().unwrap().to_owned();
    for (query, expected) in [
        ("", vec![3, 2, 1]),
        ("type=BUG", vec![3, 1]),
        ("type=BUG,CRASH&sort=bugId", vec![1, 2, 3]),
        ("bugId=2", vec![2]),
        (&format!("session={session}"), vec![3]),
        ("status=OPEN&priority=HIGH", vec![2]),
        ("status=DONE", vec![]),
        ("formData.description=d0", vec![1]),
        ("archived=false&sort=createdAt", vec![1, 2, 3]),
        ("sort=-priority", vec![2, 3, 1]),
        ("sort=lexorank&limit=2", vec![1, 2]),
        ("isSilent=true", vec![]),
    ] {
        assert_eq!(numbers(&app, query).await, expected, "{query}");
    }
    let refused = app.get("/v3/tickets?sort=formData.description").await;
    assert_eq!(refused.error(), (400, "invalid_query".into()));
}

#[tokio::test]
async fn pages_are_counted_and_linked() {
    let app = TestApp::new().await;
    with_tickets(&app).await;
    let first = app.get("/v3/tickets?limit=2").await;
    let body = first.ok();
    assert_eq!(
        (&body["count"], &body["totalCount"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(body["tickets"][0]["session"]["userId"], "bob");
    let link = first.header("link");
    let next = link.split(['<', '>']).nth(1).unwrap();
    let second = app.get(next).await.ok();
    assert_eq!(
        (&second["count"], &second["totalCount"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(second["tickets"][0]["bugId"], 1);
    let skipped = app.get("/v3/tickets?skip=2").await.ok();
    assert_eq!(
        (&skipped["count"], &skipped["totalCount"]),
        (&json!(1), &json!(3))
    );
}

#[tokio::test]
async fn ids_are_ids() {
    let app = TestApp::new().await;
    with_tickets(&app).await;
    for id in ["1", "x", "6650f0c2a1b2c3d4e5f6071"] {
        let answer = app.get(&format!("/v3/tickets/{id}")).await;
        assert_eq!(answer.error(), (400, "invalid_id".into()), "{id}");
    }
    let unknown = app.get("/v3/tickets/6650f0c2a1b2c3d4e5f60718").await;
    assert_eq!(unknown.error(), (404, "ticket_not_found".into()));
}
