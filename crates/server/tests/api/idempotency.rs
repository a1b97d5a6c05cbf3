//! `Idempotency-Key` (decisions, Writes).

use serde_json::{Value, json};

use crate::support::{Accounts, Answer, Call, TestApp};

async fn identify(app: &TestApp, key: &str, body: Value) -> Answer {
    let call = Call::post("/admin/identify")
        .header("Idempotency-Key", key)
        .json(&body);
    app.send(app.server(call)).await
}

async fn create(app: &TestApp, key: &str, body: Value) -> Answer {
    let call = Call::post("/v3/sessions")
        .header("idempotency-key", key)
        .json(&body);
    app.send(app.owner(call)).await
}

fn was_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

#[tokio::test]
async fn what_is_sent_again_is_not_done_again() {
    let app = TestApp::new().await;
    let first = create(&app, "k-1", json!({"name": "guest"})).await;
    let again = create(&app, "k-1", json!({"name": "guest"})).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!((was_replayed(&first), was_replayed(&again)), (false, true));
    assert_eq!(app.sessions().await.len(), 1);
    create(&app, "k-2", json!({"name": "guest"})).await.ok();
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn the_admin_surface_knows_keys_too() {
    let app = TestApp::new().await;
    assert_eq!(
        identify(&app, "k", json!({"userId": "u"})).await.ok()["created"],
        true
    );
    let again = identify(&app, "k", json!({"userId": "u"})).await;
    assert_eq!(again.ok()["created"], true, "the answer of the first call");
    assert!(was_replayed(&again));
}

#[tokio::test]
async fn another_request_needs_another_key() {
    let app = TestApp::new().await;
    identify(&app, "k", json!({"userId": "u"})).await.ok();
    let answer = identify(&app, "k", json!({"userId": "v"})).await;
    assert_eq!(answer.error(), (422, "idempotency_key_reused".into()));
    let other_path = Call::post("/admin/track")
        .header("idempotency-key", "k")
        .json(&json!({"events": []}));
    assert_eq!(app.send(app.server(other_path)).await.status, 422);
    assert_eq!(app.lookup("v").await.status, 404);
}

#[tokio::test]
async fn callers_do_not_share_keys() {
    let app = TestApp::new().await;
    create(&app, "k", json!({"name": "a"})).await.ok();
    identify(&app, "k", json!({"userId": "u"})).await.ok();
    let other = Accounts::key(
        &app.app,
        app.project(),
        server::auth::roles::Role::Owner,
        None,
    )
    .await;
    let call = Call::post("/v3/sessions")
        .header("idempotency-key", "k")
        .json(&json!({"name": "b"}));
    let answer = app
        .send(call.bearer(&other.token).project(app.project()))
        .await;
    assert!(!was_replayed(&answer));
    assert_eq!(answer.ok()["name"], "b");
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    let app = TestApp::new().await;
    let bad = identify(&app, "k", json!({"userId": ""})).await;
    assert_eq!(bad.status, 422);
    assert!(bad.json()["requestId"].is_string());
    let good = identify(&app, "k", json!({"userId": "u"})).await;
    assert_eq!((good.status, was_replayed(&good)), (200, false));
}

#[tokio::test]
async fn a_wrong_credential_gets_no_kept_answer() {
    let app = TestApp::new().await;
    identify(&app, "k", json!({"userId": "u"})).await.ok();
    for token in ["wrong", "", &app.accounts.first.sdk_key] {
        let call = Call::post("/admin/identify")
            .header("idempotency-key", "k")
            .api_token(token);
        assert_eq!(
            app.send(call.json(&json!({"userId": "u"}))).await.status,
            401
        );
    }
    let call = Call::post("/v3/auth/login")
        .header("idempotency-key", "k")
        .json(&json!({"email": "x", "password": "y"}));
    assert_eq!(app.send(call).await.status, 401);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let app = TestApp::new().await;
    let calls = (0..20).map(|_| create(&app, "k", json!({"name": "guest"})));
    for answer in futures_util::future::join_all(calls).await {
        assert!(answer.status == 200 || answer.error() == (409, "idempotency_in_progress".into()));
    }
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day() {
    let app = TestApp::new().await;
    create(&app, "k", json!({})).await.ok();
    app.clock.advance_seconds(24 * 60 * 60 - 1);
    assert!(was_replayed(&create(&app, "k", json!({})).await));
    app.clock.advance_seconds(1);
    assert!(!was_replayed(&create(&app, "k", json!({})).await));
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn keys_have_a_form() {
    let app = TestApp::new().await;
    assert_eq!(create(&app, &"k".repeat(255), json!({})).await.status, 200);
    for bad in ["", " ", &"k".repeat(256), "ü"] {
        let answer = create(&app, bad, json!({})).await;
        assert_eq!(
            answer.error(),
            (400, "invalid_idempotency_key".into()),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn other_methods_do_not_look_at_it() {
    let app = TestApp::new().await;
    let made = create(&app, "k", json!({"userId": "u"})).await.ok();
    let path = format!("/v3/sessions/{}", made["_id"].as_str().unwrap());
    for plan in ["a", "b"] {
        let call = Call::put(&path)
            .header("idempotency-key", "p")
            .json(&json!({"plan": plan}));
        assert_eq!(app.send(app.owner(call)).await.ok()["plan"], plan);
    }
}

/// The main case: the answer got lost on the way.
#[tokio::test]
async fn a_client_that_went_away_finds_the_answer() {
    let app = TestApp::new().await;
    let live = app.live().await;
    let body = r#"{"name":"guest"}"#;
    let (key, project) = (&app.accounts.owner_key, app.project());
    let request = format!(
        "POST /v3/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nproject: {project}\r\nIdempotency-Key: k\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    live.break_off(&request).await;
    while app.sessions().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let again = loop {
        let answer = create(&app, "k", json!({"name": "guest"})).await;
        if answer.status != 409 {
            break answer;
        }
    };
    assert!(was_replayed(&again), "{}", again.text());
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn keys_are_forgotten_after_their_day_and_with_their_session() {
    let app = TestApp::new().await;
    let kept = || {
        app.rows()
            .iter()
            .find(|(table, _)| table == "used_key")
            .unwrap()
            .1
    };
    create(&app, "a", json!({"userId": "u"})).await.ok();
    identify(&app, "b", json!({"userId": "u"})).await.ok();
    create(&app, "c", json!({"userId": "v"})).await.ok();
    assert_eq!(kept(), 3);
    let erase = Call::delete("/admin/contacts/u");
    assert_eq!(app.send(app.server(erase)).await.status, 204);
    assert_eq!(kept(), 1, "what was answered about the user is gone too");
    app.clock.advance_seconds(24 * 60 * 60 - 1);
    assert_eq!(server::http::idempotency::sweep(&app.app).await.unwrap(), 0);
    app.clock.advance_seconds(1);
    assert_eq!(server::http::idempotency::sweep(&app.app).await.unwrap(), 1);
    assert_eq!(kept(), 0);
}
