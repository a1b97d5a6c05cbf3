//! `GET /v3/sessions/changes`: what a program that keeps a copy of the sessions is told.

mod copies;
mod nodes;
mod refusals;
mod stream;
mod trimmed;
mod waiting;
mod ways;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const PATH: &str = "/v3/sessions/changes";

/// One answer.
pub async fn asked(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("{PATH}?{query}")).await
}

/// The cursor of now.
pub async fn now(app: &TestApp) -> String {
    let answer = app.get(PATH).await.ok();
    assert_eq!(
        (&answer["changes"], &answer["more"]),
        (&json!([]), &json!(false))
    );
    answer["cursor"].as_str().unwrap().to_owned()
}

/// All that was told after a cursor, and the next one.
pub async fn since(app: &TestApp, cursor: &str, limit: u32) -> (Vec<Value>, String) {
    let (mut told, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let query = format!("since={cursor}&limit={limit}");
        let answer = asked(app, &query).await.ok();
        let changes = answer["changes"].as_array().unwrap();
        assert!(changes.len() <= limit as usize);
        told.extend(changes.iter().cloned());
        cursor = answer["cursor"].as_str().unwrap().to_owned();
        if answer["more"] == false {
            return (told, cursor);
        }
    }
}

/// What was told after a cursor: types and ids.
pub async fn told(app: &TestApp, cursor: &str) -> Vec<(String, String)> {
    let (changes, _) = since(app, cursor, 100).await;
    let text = |change: &Value, name: &str| change[name].as_str().unwrap().to_owned();
    let pair = |change: &Value| (text(change, "type"), text(change, "sessionId"));
    changes.iter().map(pair).collect()
}

/// The same, as words that are easily written.
pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(kind, id): &(&str, &str)| ((*kind).to_owned(), (*id).to_owned());
    expected.iter().map(own).collect()
}

#[tokio::test]
async fn a_change_shows_the_session_as_the_lookup_does() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    app.clock.advance_seconds(5);
    let body = json!({"userId": "u", "name": "Ada", "seats": 5, "deep": {"a": [1, "x"]}});
    app.identify(body).await.ok();
    let shown = app.session("u").await;
    let (changes, next) = since(&app, &cursor, 100).await;
    let expected = json!({"type": "changed", "sessionId": shown["id"], "date": app.clock.at(0), "session": shown});
    assert_eq!(changes, [expected]);
    assert_eq!(since(&app, &next, 100).await.0, [] as [Value; 0]);
    // Many changes are one.
    for name in ["Bob", "Cleo"] {
        app.identify(json!({"userId": "u", "name": name}))
            .await
            .ok();
    }
    let (changes, _) = since(&app, &next, 100).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["session"], app.session("u").await);
}

#[tokio::test]
async fn what_changes_nothing_tells_nothing() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    let cursor = now(&app).await;
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    assert_eq!(told(&app, &cursor).await, []);
    let bad = app.identify(json!({"userId": "", "name": "Ada"})).await;
    assert!(bad.status >= 400);
    assert_eq!(told(&app, &cursor).await, []);
}

#[tokio::test]
async fn from_the_beginning_all_sessions_are_told() {
    let app = TestApp::new().await;
    for user in ["a", "b", "c", "d", "e"] {
        app.identify(json!({"userId": user})).await.ok();
    }
    for (beginning, limit) in [("beginning", 2), ("0", 5), ("beginning", 1000)] {
        let (changes, _) = since(&app, beginning, limit).await;
        let users: Vec<_> = changes
            .iter()
            .map(|change| change["session"]["userId"].as_str().unwrap())
            .collect();
        assert_eq!(users, ["a", "b", "c", "d", "e"]);
    }
}

#[tokio::test]
async fn cursors_hold_over_restarts() {
    let mut app = TestApp::new().await;
    let cursor = now(&app).await;
    let ada = crate::merge::user(&app, json!({"userId": "a"})).await;
    app.restart();
    let bob = crate::merge::user(&app, json!({"userId": "b"})).await;
    let (changes, middle) = since(&app, &cursor, 1).await;
    assert_eq!(changes.len(), 2);
    app.restart();
    let cleo = crate::merge::user(&app, json!({"userId": "c"})).await;
    assert_eq!(told(&app, &middle).await, pairs(&[("changed", &cleo)]));
    let mut all = pairs(&[("changed", &ada), ("changed", &bob), ("changed", &cleo)]);
    let mut told = told(&app, &cursor).await;
    all.sort(); // those of one second have their ids of different processes
    told.sort();
    assert_eq!(told, all);
}
