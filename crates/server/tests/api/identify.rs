//! `POST /admin/identify`: what a call changes, and what it does not.

mod activity;
mod attributes;
mod limits;

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

#[tokio::test]
async fn a_repeated_call_changes_nothing() {
    let app = TestApp::new().await;
    let body = json!({
        "userId": "u", "name": "Ada", "email": "ada@example.com", "value": 12.5, "createdAt": "2025-01-01T00:00:00.000Z",
        "seats": 3, "customData": {"nested": {"list": [1, 2]}},
    });
    let made = app.identify(body.clone()).await.ok();
    assert_eq!(made["created"], true);
    let before = app.lookup("u").await;
    let rows = app.rows();
    app.clock.advance_ms(59_999);
    let again = app.identify(body).await.ok();
    assert_eq!(
        (&again["created"], &again["sessionId"]),
        (&json!(false), &made["sessionId"])
    );
    let after = app.lookup("u").await;
    assert_eq!(
        (&after.body, after.header("etag")),
        (&before.body, before.header("etag"))
    );
    assert_eq!(app.rows(), rows);
}

#[tokio::test]
async fn a_call_leaves_alone_what_it_does_not_name() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Ada", "plan": "pro", "a": 1, "b": 2}))
        .await
        .ok();
    app.identify(json!({"userId": "u", "plan": "free", "b": 3}))
        .await
        .ok();
    let session = app.session("u").await;
    assert_eq!(
        (&session["name"], &session["plan"]),
        (&json!("Ada"), &json!("free"))
    );
    assert_eq!(session["customData"], json!({"a": 1, "b": 3}));
}

#[tokio::test]
async fn values_that_name_nobody_are_refused() {
    let app = TestApp::new().await;
    let nobody = [
        json!(""),
        json!("null"),
        json!("undefined"),
        json!("0"),
        json!(0),
        json!("-1"),
        json!(-1),
        json!("anonymous"),
        json!("guest"),
        json!("[object Object]"),
        json!("NaN"),
        json!(null),
        json!(true),
        json!({}),
        json!(["u"]),
    ];
    for id in nobody {
        let answer = app.identify(json!({"userId": id, "name": "Nobody"})).await;
        assert_eq!(answer.error(), (422, "invalid_attributes".into()), "{id}");
        assert!(answer.faults()[0].starts_with("userId: "), "{id}");
        let tracked = app
            .track(json!([{"userId": id, "name": "seen"}]))
            .await
            .ok();
        assert_eq!(
            (&tracked["stored"], &tracked["dropped"]),
            (&json!(0), &json!(1)),
            "{id}"
        );
    }
    assert_eq!(app.identify(json!({"name": "Nobody"})).await.status, 422);
    assert_eq!(app.sessions().await, Vec::<Value>::new());
}

#[tokio::test]
async fn words_of_the_protocol_are_no_attributes() {
    let app = TestApp::new().await;
    let body = json!({"userId": "u", "userHash": "x", "gleapId": "y", "gleapHash": "z", "sdkVersion": "1", "type": "js", "ws": true});
    app.identify(body).await.ok();
    let session = app.session("u").await;
    assert_eq!(session.get("customData"), None);
    assert_ne!(session["gleapId"], "y");
    assert_ne!(session["gleapHash"], "z");
}

/// No caller sets what the server counts, or what names the session.
#[tokio::test]
async fn what_the_server_keeps_is_not_for_callers_to_set() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let before = app.session("u").await;
    let kept = json!({
        "_id": "6650f0c2a1b2c3d4e5f60718", "id": "6650f0c2a1b2c3d4e5f60718", "project": "6650f0c2a1b2c3d4e5f60718",
        "organisation": "x", "sessions": 99, "countFeedbackReports": 99, "countFeedbackComments": 99, "memory": [1],
        "eventData": {"a": 1}, "updatedAt": "2020-01-01T00:00:00.000Z", "blocked": true, "emailOnly": true,
        "unsubscribed": true, "firstActivity": "2020-01-01T00:00:00.000Z", "lastActivity": "2020-01-01T00:00:00.000Z",
        "tags": ["x"], "identityHistory": [],
    });
    let mut body = kept.clone();
    body["userId"] = json!("u");
    app.identify(body).await.ok();
    let after = app.session("u").await;
    for name in kept.as_object().unwrap().keys() {
        assert_eq!(after.get(name), before.get(name), "{name}");
    }
}

#[tokio::test]
async fn the_query_is_read_and_the_rest_of_it_passed_over() {
    let app = TestApp::new().await;
    let call = Call::post("/admin/identify?utm=1&preventLastActivityUpdate=true&x")
        .json(&json!({"userId": "u"}));
    app.send(app.server(call)).await.ok();
    assert_eq!(app.session("u").await.get("lastActivity"), None);
}
