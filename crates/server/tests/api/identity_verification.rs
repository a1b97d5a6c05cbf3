//! Whether clients must prove who their user is, and the check for developers.

use serde_json::{Value, json};
use server::accounts::project::{ProjectSecret, rotate};
use server::auth::token::user_hash;
use server::resources::project::audit_log::document::Auditor;

use crate::support::{Answer, Call, TestApp};

fn path(app: &TestApp) -> String {
    format!("/v3/projects/{}/identity-verification", app.project())
}

async fn set(app: &TestApp, body: &Value) -> Answer {
    let call = Call::new("PUT", &path(app)).json(body);
    app.send(app.owner(call)).await
}

async fn check(app: &TestApp, user_id: Value, user_hash: &str) -> Answer {
    let body = json!({"userId": user_id, "userHash": user_hash});
    let call = Call::post(&format!("{}/check", path(app))).json(&body);
    app.send(app.owner(call)).await
}

async fn new_secret(app: &TestApp) -> String {
    let rotated = rotate(
        &app.app,
        Auditor::operator(app.project()),
        ProjectSecret::Identity,
    );
    rotated.await.unwrap()
}

#[tokio::test]
async fn the_mode_is_off_until_it_is_set() {
    let app = TestApp::new().await;
    assert_eq!(app.get(&path(&app)).await.ok(), json!({"mode": "off"}));
    for mode in ["required", "off", "off"] {
        let expected = json!({ "mode": mode });
        assert_eq!(set(&app, &expected).await.ok(), expected);
        assert_eq!(app.get(&path(&app)).await.ok(), expected);
    }
    for bad in [
        json!({}),
        json!({"mode": "on"}),
        json!({"mode": true}),
        json!({"mode": null}),
    ] {
        let answer = set(&app, &bad).await;
        assert_eq!(answer.error(), (422, "invalid_field".into()));
        assert!(answer.text().contains("mode"), "{}", answer.text());
    }
}

#[tokio::test]
async fn another_project_is_not_found() {
    let app = TestApp::new().await;
    let other = format!(
        "/v3/projects/{}/identity-verification",
        app.accounts.sister.id
    );
    let expected = (404, "project_not_found".into());
    assert_eq!(app.get(&other).await.error(), expected);
    let call = Call::new("PUT", &other).json(&json!({"mode": "off"}));
    assert_eq!(app.send(app.owner(call)).await.error(), expected);
    let call = Call::post(&format!("{other}/check")).json(&json!({"userId": "u", "userHash": ""}));
    assert_eq!(app.send(app.owner(call)).await.error(), expected);
}

#[tokio::test]
async fn a_proof_holds_under_the_two_latest_secrets() {
    let app = TestApp::new().await;
    let (first, second, third) = (
        new_secret(&app).await,
        new_secret(&app).await,
        new_secret(&app).await,
    );
    for secret in [second, third] {
        let answer = check(&app, json!("user-1"), &user_hash(&secret, "user-1")).await;
        assert_eq!(answer.ok(), json!({"valid": true}));
    }
    let ended = check(&app, json!("user-1"), &user_hash(&first, "user-1"))
        .await
        .ok();
    assert_eq!(ended["valid"], false);
    assert!(
        ended["reason"].as_str().unwrap().contains("rotate"),
        "{ended}"
    );
}

#[tokio::test]
async fn a_number_is_the_id_of_its_text() {
    let app = TestApp::new().await;
    let secret = new_secret(&app).await;
    let hash = user_hash(&secret, "42");
    for id in [json!(42), json!("42")] {
        assert_eq!(check(&app, id, &hash).await.ok(), json!({"valid": true}));
    }
    let wrong = check(&app, json!(42), &user_hash(&secret, "42.0"))
        .await
        .ok();
    assert!(
        wrong["reason"].as_str().unwrap().contains("\"42\""),
        "{wrong}"
    );
    for bad in [json!(true), json!(["u"]), json!({"id": 1}), json!(null)] {
        assert_eq!(
            check(&app, bad, &hash).await.error(),
            (422, "invalid_field".into())
        );
    }
}

#[tokio::test]
async fn the_public_key_is_recognised_and_no_answer_tells_a_secret() {
    let app = TestApp::new().await;
    let secret = new_secret(&app).await;
    let right = user_hash(&secret, "user-1");
    let public = user_hash(&app.accounts.first.sdk_key, "user-1");
    for wrong in [&*public, "", "nonsense", &right[..63]] {
        let answer = check(&app, json!("user-1"), wrong).await;
        assert_eq!(answer.ok()["valid"], false, "{wrong}");
        assert!(!answer.text().contains(&right) && !answer.text().contains(&secret));
    }
    let answer = check(&app, json!("user-1"), &public).await.ok();
    assert!(
        answer["reason"].as_str().unwrap().contains("SDK key"),
        "{answer}"
    );
    assert!(!app.get(&path(&app)).await.text().contains(&secret));
}
