//! What an account may do ends, or changes, at once.

use server::accounts::api_key::revoke_api_key;
use server::auth::roles::Role;

use crate::support::{Accounts, Answer, Call, TestApp};

async fn sessions(app: &TestApp, token: &str) -> Answer {
    app.send(
        Call::get("/v3/sessions")
            .bearer(token)
            .project(app.project()),
    )
    .await
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let app = TestApp::new().await;
    let key = Accounts::key(&app.app, app.project(), Role::Admin, None).await;
    let other = Accounts::key(&app.app, app.project(), Role::Admin, None).await;
    for _ in 0..3 {
        sessions(&app, &key.token).await.ok();
    }
    revoke_api_key(&app.app, key.id, None).await.unwrap();
    assert_eq!(
        sessions(&app, &key.token).await.error(),
        (401, "token_revoked".into())
    );
    let me = app.send(Call::get("/v3/users/me").bearer(&key.token)).await;
    assert_eq!(me.error(), (401, "token_revoked".into()));
    sessions(&app, &other.token).await.ok();
    // Once is enough, twice does no harm.
    revoke_api_key(&app.app, key.id, None).await.unwrap();
    assert_eq!(sessions(&app, &key.token).await.status, 401);
}

#[tokio::test]
async fn a_key_ends_when_it_was_to() {
    let app = TestApp::new().await;
    let ends = store::Millis(app.app.now().0 + 60_000);
    let key = Accounts::key_until(&app.app, app.project(), Role::Agent, None, Some(ends)).await;
    app.clock.advance_ms(59_999);
    sessions(&app, &key.token).await.ok();
    app.clock.advance_ms(1);
    assert_eq!(
        sessions(&app, &key.token).await.error(),
        (401, "token_expired".into())
    );
}

#[tokio::test]
async fn another_role_counts_at_once() {
    let app = TestApp::new().await;
    let email = "member@example.com";
    Accounts::member(&app.app, app.project(), email, Role::Owner).await;
    let body = serde_json::json!({"email": email, "password": crate::support::PASSWORD});
    let login = app
        .send(Call::post("/v3/auth/login").json(&body))
        .await
        .ok();
    let token = login["token"].as_str().unwrap();
    let roles = async || {
        app.send(Call::get("/v3/users/me/permissions").bearer(token))
            .await
            .ok()["roles"]
            .clone()
    };
    assert_eq!(roles().await, serde_json::json!(["owner"]));
    Accounts::member(&app.app, app.project(), email, Role::Viewer).await;
    assert_eq!(roles().await, serde_json::json!(["viewer"]));
}
