//! Visits and activity (decisions, Counters and times).

use serde_json::{Value, json};

use crate::support::TestApp;

const GAP_SECONDS: i64 = 30 * 60;

async fn only(app: &TestApp) -> Value {
    let all = app.sessions().await;
    assert_eq!(all.len(), 1);
    all[0].clone()
}

#[tokio::test]
async fn silence_ends_a_visit() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    assert_eq!(only(&app).await["sessions"], 1);
    app.clock.advance_seconds(GAP_SECONDS - 1);
    app.sdk("/sessions", Some(&guest), json!({})).await.ok();
    assert_eq!(only(&app).await["sessions"], 1);
    app.clock.advance_seconds(GAP_SECONDS);
    app.sdk_events(&guest, json!([{"name": "pageView"}])).await;
    let session = only(&app).await;
    assert_eq!(
        (&session["sessions"], &session["lastActivity"]),
        (&json!(2), &json!(app.clock.at(0)))
    );
    for path in [
        "/sessions",
        "/sessions/identify",
        "/sessions/partialupdate",
        "/sessions/ping",
    ] {
        app.clock.advance_seconds(GAP_SECONDS);
        app.sdk(path, Some(&guest), json!({})).await.ok();
    }
    assert_eq!(only(&app).await["sessions"], 6);
}

#[tokio::test]
async fn the_gap_is_an_option() {
    let app = TestApp::with(&[("session.visit_gap_minutes", "1")]).await;
    let guest = app.guest().await;
    app.clock.advance_seconds(60);
    app.sdk("/sessions", Some(&guest), json!({})).await.ok();
    assert_eq!(only(&app).await["sessions"], 2);
}

#[tokio::test]
async fn activity_alone_is_written_once_a_minute() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let started = app.clock.at(0);
    app.clock.advance_seconds(59);
    app.sdk("/sessions/ping", Some(&guest), json!({}))
        .await
        .ok();
    assert_eq!(only(&app).await["lastActivity"], started);
    app.clock.advance_seconds(1);
    app.sdk("/sessions/ping", Some(&guest), json!({}))
        .await
        .ok();
    let session = only(&app).await;
    assert_eq!(
        (&session["lastActivity"], &session["firstActivity"]),
        (&json!(app.clock.at(0)), &json!(started))
    );
}

#[tokio::test]
async fn a_server_that_names_a_user_is_no_visit() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    assert_eq!(app.session("u").await["sessions"], 0);
    app.sdk("/sessions/identify", None, json!({"userId": "u"}))
        .await
        .ok();
    assert_eq!(app.session("u").await["sessions"], 1);
}
