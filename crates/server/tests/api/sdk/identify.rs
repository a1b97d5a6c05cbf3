//! `POST /sessions/identify` (wire note §4.2, §8, §13.6; decisions, Identify).

use serde_json::{Value, json};

use crate::support::TestApp;

async fn tracked(app: &TestApp, session: &Value, name: &str) {
    app.sdk_events(session, json!([{"name": name, "date": app.clock.at(-10)}]))
        .await;
}

fn names(session: &Value) -> Vec<&str> {
    let summaries = session["eventData"].as_object().unwrap();
    summaries.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_guest_becomes_the_user_and_keeps_its_credential() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    tracked(&app, &guest, "seen").await;
    let user = app
        .sdk_identify(&guest, json!({"userId": "u", "name": "Ada"}))
        .await;
    assert_eq!(user["gleapId"], guest["gleapId"]);
    assert_eq!(user["gleapHash"], guest["gleapHash"]);
    assert_eq!(
        (&user["userId"], &user["name"]),
        (&json!("u"), &json!("Ada"))
    );
    let stored = app.session("u").await;
    assert_eq!(names(&stored), ["seen"]);
}

#[tokio::test]
async fn values_are_echoed_as_they_were_sent() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let sent = json!({
        "name": " Ada ", "email": "Ada@Example.org", "phone": "+43 1", "value": 199.95, "sla": 7, "plan": "pro",
        "companyId": "acme", "companyName": "ACME", "createdAt": "2024-05-01T10:00:00.000Z",
        "zebra": 1, "apple": "2", "role": true, "price": 1.50,
        "userId": "u", "lang": "en-us", "deviceType": "desktop", "platform": "web",
    });
    let answer = app.sdk_identify(&guest, sent.clone()).await;
    for key in [
        "name",
        "email",
        "phone",
        "value",
        "sla",
        "plan",
        "companyId",
        "companyName",
        "createdAt",
        "lang",
        "userId",
    ] {
        assert_eq!(answer[key], sent[key], "{key}");
    }
    let custom = answer["customData"].to_string();
    assert_eq!(
        custom, r#"{"zebra":1,"apple":"2","role":true,"price":1.5}"#,
        "in first-seen order"
    );
}

#[tokio::test]
async fn a_number_is_a_user_id_and_comes_back_as_text() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let user = app.sdk_identify(&guest, json!({"userId": 42})).await;
    assert_eq!(user["userId"], "42");
}

#[tokio::test]
async fn custom_data_may_be_flat_or_nested() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body = json!({"userId": "u", "flat": 1, "customData": {"nested": 2, "gone": null}, "userHash": null});
    let user = app.sdk_identify(&guest, body).await;
    assert_eq!(user["customData"], json!({"flat": 1, "nested": 2}));
}

#[tokio::test]
async fn words_of_the_protocol_never_become_custom_data() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body = json!({
        "userId": "u", "userHash": "x", "gleapId": "x", "gleapHash": "x", "sdkVersion": "1", "type": "js", "ws": true,
        "company": {"id": " acme ", "name": "ACME"}, "lang": "en", "platform": "web", "deviceType": "desktop", "avatar": "https://example.com/a.png",
    });
    let user = app.sdk_identify(&guest, body).await;
    assert_eq!(user.get("customData"), None, "{user}");
    assert_eq!(user["companyId"], "acme");
    assert_eq!(user["gleapId"], guest["gleapId"]);
}

#[tokio::test]
async fn a_guest_of_a_known_user_is_merged() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    let known = app.session("u").await;
    let guest = app.guest().await;
    tracked(&app, &guest, "seen").await;
    app.sdk(
        "/sessions/partialupdate",
        Some(&guest),
        json!({"data": {"name": "Guest", "plan": "pro"}}),
    )
    .await
    .ok();
    let user = app
        .sdk_identify(&guest, json!({"userId": "u", "seats": 3}))
        .await;
    assert_eq!(user["gleapId"], known["gleapId"]);
    assert_ne!(user["gleapId"], guest["gleapId"]);
    let stored = app.session("u").await;
    assert_eq!(stored["_id"], known["_id"]);
    assert_eq!(names(&stored), ["seen"]);
    assert_eq!(
        json!([stored["name"], stored["plan"], stored["customData"]]),
        json!(["Ada", "pro", {"seats": 3}])
    );
    assert_eq!(app.sessions().await.len(), 1, "the guest is gone");
}

#[tokio::test]
async fn the_credential_of_a_merged_guest_opens_the_user() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let guest = app.guest().await;
    let user = app.sdk_identify(&guest, json!({"userId": "u"})).await;
    tracked(&app, &guest, "late").await;
    assert_eq!(names(&app.session("u").await), ["late"]);
    let resumed = app.sdk("/sessions", Some(&guest), json!({})).await.ok();
    assert_eq!(
        (&resumed["gleapId"], &resumed["gleapHash"]),
        (&user["gleapId"], &user["gleapHash"])
    );
    let again = app
        .sdk_identify(&guest, json!({"userId": "u", "plan": "pro"}))
        .await;
    assert_eq!(
        (&again["gleapId"], &again["plan"]),
        (&user["gleapId"], &json!("pro"))
    );
    // Its id alone, or with another secret, opens nothing.
    let forged = json!({"gleapId": guest["gleapId"], "gleapHash": user["gleapHash"]});
    let fresh = app.sdk("/sessions", Some(&forged), json!({})).await.ok();
    assert_ne!(fresh["gleapId"], user["gleapId"]);
}

#[tokio::test]
async fn nobody_stays_a_guest() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for nobody in [
        json!(null),
        json!(""),
        json!("undefined"),
        json!("guest"),
        json!(0),
        json!("[object Object]"),
    ] {
        let answer = app
            .sdk_identify(&guest, json!({"userId": nobody, "plan": "pro"}))
            .await;
        assert_eq!(
            (&answer["gleapId"], answer.get("userId")),
            (&guest["gleapId"], None)
        );
        assert_eq!(answer["plan"], "pro");
    }
}

#[tokio::test]
async fn a_client_without_a_credential_gets_the_session_of_its_user() {
    let app = TestApp::new().await;
    let made = app
        .sdk("/sessions/identify", None, json!({"userId": "u"}))
        .await
        .ok();
    let forged = json!({"gleapId": "6650f0c2a1b2c3d4e5f60718", "gleapHash": "x"});
    let found = app.sdk_identify(&forged, json!({"userId": "u"})).await;
    assert_eq!(found["gleapId"], made["gleapId"]);
}

#[tokio::test]
async fn the_same_call_again_changes_nothing() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body = json!({"userId": "u", "name": "Ada", "seats": 3, "price": 1.50, "list": [1, 2]});
    let first = app.sdk_identify(&guest, body.clone()).await;
    let before = app.lookup("u").await;
    app.clock.advance_seconds(59);
    assert_eq!(app.sdk_identify(&guest, body.clone()).await, first);
    assert_eq!(
        app.lookup("u").await.header("etag"),
        before.header("etag"),
        "nothing was written"
    );
    app.clock.advance_seconds(1);
    app.sdk_identify(&guest, body).await;
    let after = app.session("u").await;
    assert_eq!(after["lastActivity"], app.clock.at(0));
    let id = after["_id"].as_str().unwrap();
    let history = app
        .get(&format!("/v3/sessions/{id}/identity-history"))
        .await
        .ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_is_left_out_and_the_rest_kept() {
    let app = TestApp::with(&[("limits.attribute_keys_max", "2")]).await;
    let guest = app.guest().await;
    let body = json!({"userId": "u", "name": {"first": "Ada"}, "value": "much", "a": 1, "b": 2, "c": 3, "plan": "pro"});
    let user = app.sdk_identify(&guest, body).await;
    assert_eq!(user["customData"], json!({"a": 1, "b": 2}));
    assert_eq!((user.get("name"), &user["plan"]), (None, &json!("pro")));
}

#[tokio::test]
async fn a_user_id_has_a_longest_length() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let longest = "u".repeat(256);
    assert_eq!(
        app.sdk_identify(&guest, json!({"userId": longest})).await["userId"],
        longest
    );
    let answer = app
        .sdk(
            "/sessions/identify",
            None,
            json!({"userId": "u".repeat(257)}),
        )
        .await;
    assert_eq!(answer.faults(), ["userId: is longer than 256 characters"]);
}

#[tokio::test]
async fn halves_of_characters_cost_nothing_else() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body = r#"{"userId":"u","name":"cut \ud83d","note":"a\u0000b","plan":"pro"}"#;
    let call = crate::support::Call::post("/sessions/identify").raw_json(body);
    let user = app.send(app.client(call, Some(&guest))).await.ok();
    assert_eq!(user["name"], "cut \u{fffd}");
    assert_eq!(
        (&user["plan"], &user["customData"]["note"]),
        (&json!("pro"), &json!("a\u{fffd}b"))
    );
    assert_eq!(app.session("u").await["name"], "cut \u{fffd}");
}

#[tokio::test]
async fn a_user_of_another_project_is_somebody_else() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let user = app
        .sdk_identify(&guest, json!({"userId": "u", "name": "Ada"}))
        .await;
    let call = crate::support::Call::post("/sessions/identify")
        .header("api-token", &app.accounts.sister.sdk_key)
        .header("gleap-id", user["gleapId"].as_str().unwrap())
        .header("gleap-hash", user["gleapHash"].as_str().unwrap())
        .json(&json!({"userId": "u"}));
    let other = app.send(call).await.ok();
    assert_ne!(other["gleapId"], user["gleapId"]);
    assert_eq!(other.get("name"), None);
}
