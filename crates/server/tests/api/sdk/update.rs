//! `POST /sessions/partialupdate` (wire note §4.3).

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

async fn update(app: &TestApp, session: &Value, data: Value) -> Answer {
    let body = json!({"data": data, "type": "js", "sdkVersion": "15.3.2", "ws": true});
    app.sdk("/sessions/partialupdate", Some(session), body)
        .await
}

#[tokio::test]
async fn attributes_are_changed_flat_or_nested() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let data = json!({"plan": "pro", "customData": {"role": "owner"}, "seats": 3, "lang": "de", "platform": "web"});
    let session = update(&app, &guest, data).await.ok();
    assert_eq!(session["gleapId"], guest["gleapId"]);
    assert_eq!(
        (&session["plan"], &session["lang"]),
        (&json!("pro"), &json!("de"))
    );
    assert_eq!(session["customData"], json!({"seats": 3, "role": "owner"}));
}

#[tokio::test]
async fn the_user_id_cannot_be_changed() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let user = app.sdk_identify(&guest, json!({"userId": "u"})).await;
    let session = update(
        &app,
        &user,
        json!({"userId": "admin", "userHash": "x", "gleapId": "x"}),
    )
    .await
    .ok();
    assert_eq!(
        (&session["userId"], session.get("customData")),
        (&json!("u"), None)
    );
    let session = update(&app, &app.guest().await, json!({"userId": "u"}))
        .await
        .ok();
    assert_eq!(session.get("userId"), None);
}

#[tokio::test]
async fn a_body_without_data_changes_nothing() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for body in [
        json!({}),
        json!({"data": null}),
        json!({"data": [1]}),
        json!({"plan": "pro"}),
    ] {
        let session = app
            .sdk("/sessions/partialupdate", Some(&guest), body)
            .await
            .ok();
        assert_eq!(session, guest);
    }
}

#[tokio::test]
async fn a_credential_that_opens_nothing_is_refused_with_errors() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let forged = json!({"gleapId": guest["gleapId"], "gleapHash": "wrong"});
    let answer = update(&app, &forged, json!({"plan": "pro"})).await;
    assert_eq!(answer.error(), (401, "invalid_session".into()));
    assert!(!answer.faults().is_empty());
    let answer = app
        .sdk("/sessions/partialupdate", None, json!({"data": {}}))
        .await;
    assert_eq!(answer.error(), (401, "invalid_session".into()));
    assert_eq!(app.sessions().await.len(), 1);
}
