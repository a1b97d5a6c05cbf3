//! `POST /v3/auth/login` and `GET /auth`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use server::auth::roles::Role;

use crate::support::{Accounts, Answer, Call, OWNER, PASSWORD, TestApp};

const WEEK_SECONDS: i64 = 7 * 86_400;

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.send(Call::post("/v3/auth/login").json(&body)).await
}

async fn basic(app: &TestApp, email: &str, password: &str) -> Answer {
    let value = format!("Basic {}", STANDARD.encode(format!("{email}:{password}")));
    app.send(Call::get("/auth").header("authorization", value))
        .await
}

async fn sessions_with(app: &TestApp, token: &Value) -> Answer {
    let call = Call::get("/v3/sessions").bearer(token.as_str().unwrap());
    app.send(call.project(app.project())).await
}

#[tokio::test]
async fn the_right_password_gives_a_token() {
    let app = TestApp::new().await;
    for answer in [
        login(&app, OWNER, PASSWORD).await,
        basic(&app, OWNER, PASSWORD).await,
    ] {
        let body = answer.ok();
        assert_eq!(body["expiresAt"], app.clock.at(WEEK_SECONDS * 1000));
        assert_eq!(body["user"]["email"], OWNER);
        assert_eq!(sessions_with(&app, &body["token"]).await.status, 200);
        assert!(!answer.text().contains(PASSWORD));
    }
}

#[tokio::test]
async fn addresses_are_compared_folded() {
    let app = TestApp::new().await;
    for email in ["OWNER@Example.COM", " owner@example.com "] {
        login(&app, email, PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn nobody_learns_which_addresses_exist() {
    let app = TestApp::new().await;
    let wrong = login(&app, OWNER, "wrong password").await;
    assert_eq!(wrong.error(), (401, "wrong_credentials".into()));
    let near = format!("{PASSWORD} ");
    let long = "x".repeat(2000);
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", ""),
        ("no address", PASSWORD),
        ("", ""),
        (OWNER, ""),
        (OWNER, &near),
        (OWNER, "Correct horse battery"),
        (OWNER, &long),
    ] {
        let answer = login(&app, email, password).await;
        assert_eq!(answer.told(), wrong.told(), "{email:?} {password:?}");
        assert_eq!(
            basic(&app, email, password).await.told(),
            wrong.told(),
            "{email:?} {password:?}"
        );
    }
}

#[tokio::test]
async fn a_token_ends_after_a_week() {
    let app = TestApp::new().await;
    let token = login(&app, OWNER, PASSWORD).await.ok()["token"].clone();
    app.clock.advance_seconds(WEEK_SECONDS - 1);
    assert_eq!(sessions_with(&app, &token).await.status, 200);
    app.clock.advance_seconds(1);
    // The credential was in memory a second ago.
    assert_eq!(
        sessions_with(&app, &token).await.error(),
        (401, "token_expired".into())
    );
}

#[tokio::test]
async fn a_password_may_have_a_colon() {
    let app = TestApp::new().await;
    let new = server::accounts::member::NewMember {
        project: app.project(),
        email: "colon@example.com".into(),
        role: Role::Agent,
        password: Some("pass:word:with:colons".into()),
    };
    server::accounts::member::create_member(&app.app, new)
        .await
        .unwrap();
    basic(&app, "colon@example.com", "pass:word:with:colons")
        .await
        .ok();
}

#[tokio::test]
async fn a_member_of_two_projects_opens_both() {
    let app = TestApp::new().await;
    let sister = app.accounts.sister.id;
    Accounts::member(&app.app, app.project(), "both@example.com", Role::Viewer).await;
    Accounts::member(&app.app, sister, "both@example.com", Role::Admin).await;
    let token = login(&app, "both@example.com", PASSWORD).await.ok()["token"].clone();
    let token = token.as_str().unwrap();
    for project in [app.project(), sister] {
        app.send(Call::get("/v3/sessions").bearer(token).project(project))
            .await
            .ok();
    }
    let foreign = Call::get("/v3/sessions")
        .bearer(token)
        .project(app.accounts.foreign.id);
    assert_eq!(
        app.send(foreign).await.error(),
        (403, "not_a_member".into())
    );
}
