//! `POST /sessions` (wire note §4.1, §13.3).

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

fn is_safe(text: &str) -> bool {
    let safe = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
    !text.is_empty() && text.chars().all(safe)
}

#[tokio::test]
async fn a_client_without_a_credential_gets_a_guest() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for half in ["gleapId", "gleapHash"] {
        assert!(is_safe(guest[half].as_str().unwrap()), "{guest}");
    }
    assert_eq!(guest.get("userId"), None);
    let [stored] = &app.sessions().await[..] else {
        panic!()
    };
    assert_eq!(stored["gleapId"], guest["gleapId"]);
    assert_eq!(
        json!([
            stored["lang"],
            stored["deviceType"],
            stored["platform"],
            stored["sessions"]
        ]),
        json!(["en-us", "desktop", "web", 1])
    );
}

#[tokio::test]
async fn a_valid_credential_takes_up_its_session() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let user = app
        .sdk_identify(
            &guest,
            json!({"userId": "u", "name": "Ada", "plan": "pro", "seats": 3}),
        )
        .await;
    let resumed = app
        .sdk("/sessions", Some(&guest), json!({"lang": "de"}))
        .await;
    assert_eq!(resumed.header("cache-control"), "no-store");
    let resumed = resumed.ok();
    assert_eq!(resumed["lang"], "de");
    for key in [
        "gleapId",
        "gleapHash",
        "userId",
        "name",
        "plan",
        "customData",
        "value",
    ] {
        assert_eq!(resumed[key], user[key], "{key}");
    }
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_credential_that_opens_nothing_gets_a_fresh_guest_with_200() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let of_another_project = {
        let call = Call::post("/sessions").header("Api-Token", &app.accounts.sister.sdk_key);
        app.send(call).await.ok()
    };
    let forged = [
        json!({"gleapId": guest["gleapId"], "gleapHash": "wrong"}),
        json!({"gleapId": "6650f0c2a1b2c3d4e5f60718", "gleapHash": guest["gleapHash"]}),
        json!({"gleapId": guest["gleapHash"], "gleapHash": guest["gleapId"]}),
        json!({"gleapId": "null", "gleapHash": "null"}),
        json!({"gleapId": "undefined", "gleapHash": guest["gleapHash"]}),
        json!({"gleapId": guest["gleapId"], "gleapHash": ""}),
        of_another_project,
    ];
    let mut seen = vec![guest["gleapId"].clone()];
    for credential in &forged {
        let fresh = app.sdk("/sessions", Some(credential), json!({})).await.ok();
        assert!(!seen.contains(&fresh["gleapId"]), "{credential}");
        assert_eq!(fresh.get("userId"), None);
        seen.push(fresh["gleapId"].clone());
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_costs_no_session() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for body in [
        "",
        "not json",
        "[1]",
        "null",
        r#"{"lang":{}}"#,
        r#"{"lang":null,"more":1}"#,
    ] {
        let call = app.client(Call::post("/sessions").body(body), Some(&guest));
        let answer = app.send(call).await.ok();
        assert_eq!(answer["gleapId"], guest["gleapId"], "{body}");
    }
    let bare = app.client(Call::post("/sessions"), None);
    assert_eq!(app.send(bare).await.status, 200);
}

#[tokio::test]
async fn attributes_cannot_be_set_by_starting() {
    let app = TestApp::new().await;
    let body = json!({"lang": "en", "userId": "admin", "name": "x", "role": "admin"});
    let guest = app.sdk("/sessions", None, body).await.ok();
    for key in ["userId", "name", "customData"] {
        assert_eq!(guest.get(key), None, "{key}");
    }
}

#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    let app = TestApp::new().await;
    let keys = [
        "",
        "null",
        "undefined",
        "wrong",
        &app.accounts.first.api_token,
    ];
    for path in [
        "/sessions",
        "/sessions/identify",
        "/sessions/partialupdate",
        "/sessions/events",
        "/sessions/ping",
    ] {
        for key in keys {
            let call = Call::post(path).header("api-token", key).json(&json!({}));
            let answer = app.send(call).await;
            assert_eq!(answer.status, 401, "{path} {key}");
            assert_eq!(answer.json()["error"], "Unauthorized");
        }
    }
}

#[tokio::test]
async fn header_names_are_read_in_any_case() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let call = Call::post("/sessions")
        .header("api-token", &app.accounts.first.sdk_key)
        .header("gleap-id", guest["gleapId"].as_str().unwrap())
        .header("gleap-hash", guest["gleapHash"].as_str().unwrap());
    assert_eq!(app.send(call).await.ok()["gleapId"], guest["gleapId"]);
}

/// Android reads each line of a body by itself, and no client can stand `null` (wire note §3.2).
#[tokio::test]
async fn answers_are_one_line_without_null() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body =
        json!({"userId": "u", "name": null, "email": "", "note": "two\nlines", "list": {"a": [1]}});
    let answer = app.sdk("/sessions/identify", Some(&guest), body).await;
    let text = answer.text();
    assert!(!text.contains('\n') && !text.contains("null"), "{text}");
    assert!(text.starts_with('{'));
    let answer: Value = answer.ok();
    assert_eq!(
        answer["customData"],
        json!({"note": "two\nlines", "list": {"a": [1]}})
    );
}

#[tokio::test]
async fn browsers_may_call_from_anywhere() {
    let app = TestApp::new().await;
    let preflight = Call::new("OPTIONS", "/sessions")
        .header("origin", "https://shop.example.com")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "api-token,content-type,gleap-hash,gleap-id",
        );
    let answer = app.send(preflight).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (204, "*")
    );
    let allowed = answer.header("access-control-allow-headers").to_lowercase();
    for name in [
        "api-token",
        "gleap-id",
        "gleap-hash",
        "content-type",
        "accept",
    ] {
        assert!(allowed.contains(name), "{name}");
    }
    for method in ["GET", "POST", "PUT", "OPTIONS"] {
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method)
        );
    }
    assert_eq!(answer.header("access-control-max-age"), "86400");
}

#[tokio::test]
async fn other_calls_refuse_what_is_no_json_object() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let before = app.sessions().await;
    for path in [
        "/sessions/identify",
        "/sessions/partialupdate",
        "/sessions/events",
        "/sessions/ping",
    ] {
        for body in ["{", "[]", "5", "{\"userId\":\"u\",}"] {
            let call = app.client(Call::post(path).raw_json(body), Some(&guest));
            let answer = app.send(call).await;
            assert_eq!(answer.status, 400, "{path} {body}");
        }
    }
    assert_eq!(app.sessions().await, before);
}

#[tokio::test]
async fn one_address_does_not_make_guests_without_end() {
    let app = TestApp::with(&[("limits.guests_per_minute", "3")]).await;
    let guest = app.guest().await;
    let forged = json!({"gleapId": "6650f0c2a1b2c3d4e5f60718", "gleapHash": "x"});
    app.sdk("/sessions", Some(&forged), json!({})).await.ok();
    app.sdk("/sessions/identify", None, json!({"userId": "u"}))
        .await
        .ok();
    let refused = app.sdk("/sessions", None, json!({})).await;
    assert_eq!(
        refused.status, 503,
        "on 429 a fresh client would never try again"
    );
    assert_eq!(
        app.sdk("/sessions/identify", Some(&forged), json!({"userId": "v"}))
            .await
            .status,
        503
    );
    app.sdk("/sessions", Some(&guest), json!({})).await.ok();
    app.sdk_identify(&guest, json!({"userId": "w"})).await;
    let elsewhere = app.client(Call::post("/sessions").from("192.0.2.9"), None);
    assert_eq!(app.send(elsewhere).await.status, 200);
}
