//! Unsubscribing and subscribing again.

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

async fn unsubscribe(app: &TestApp, body: Value) -> Answer {
    app.send(app.owner(Call::post("/v3/sessions/unsubscribe").json(&body)))
        .await
}

#[tokio::test]
async fn contacts_are_found_by_user_id_or_email() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    app.identify(json!({"userId": "v", "email": "v@example.com"}))
        .await
        .ok();
    app.identify(json!({"userId": "w"})).await.ok();
    let body = json!({"sessions": [{"userId": "u"}, {"email": "V@example.com"}, {"userId": "unknown"}], "reason": "asked"});
    assert_eq!(
        unsubscribe(&app, body).await.ok(),
        json!({"success": true, "found": 2})
    );
    for (user, expected) in [("u", true), ("v", true), ("w", false)] {
        assert_eq!(app.session(user).await["unsubscribed"], expected, "{user}");
    }
    let session = app.session("u").await;
    assert_eq!(
        (&session["unsubscribedAt"], &session["unsubscribeReason"]),
        (&json!(app.clock.at(0)), &json!("asked"))
    );
    let first = session["unsubscribedAt"].clone();
    app.clock.advance_seconds(1);
    unsubscribe(&app, json!({"sessions": [{"userId": "u"}]}))
        .await
        .ok();
    assert_eq!(app.session("u").await["unsubscribedAt"], first);
}

#[tokio::test]
async fn a_contact_is_subscribed_again_once() {
    let app = TestApp::new().await;
    let made = app.identify(json!({"userId": "u"})).await.ok();
    unsubscribe(&app, json!({"sessions": [{"userId": "u"}]}))
        .await
        .ok();
    let path = format!(
        "/v3/sessions/{}/resubscribe",
        made["sessionId"].as_str().unwrap()
    );
    let resubscribe = async || {
        app.send(app.owner(Call::put(&path).json(&json!({}))))
            .await
            .ok()
    };
    assert_eq!(resubscribe().await, true);
    let session = app.session("u").await;
    assert_eq!(
        json!([session["unsubscribed"], session.get("unsubscribedAt")]),
        json!([false, null])
    );
    assert_eq!(resubscribe().await, false);
    let unknown = Call::put("/v3/sessions/6650f0c2a1b2c3d4e5f60718/resubscribe").json(&json!({}));
    assert_eq!(app.send(app.owner(unknown)).await.status, 404);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nobody_unsubscribed() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let answer = unsubscribe(
        &app,
        json!({"sessions": [{"userId": "u"}, {}], "reason": "x".repeat(257)}),
    )
    .await;
    assert_eq!(
        answer.faults(),
        [
            "sessions[1]: needs a userId or an email",
            "reason: is longer than 256 characters"
        ]
    );
    assert_eq!(app.session("u").await["unsubscribed"], false);
    let many = |count: usize| json!({"sessions": vec![json!({"userId": "u"}); count], "reason": "x".repeat(256)});
    assert_eq!(unsubscribe(&app, many(1001)).await.status, 422);
    assert_eq!(unsubscribe(&app, many(1000)).await.status, 200);
}
