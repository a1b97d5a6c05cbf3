//! `POST /v3/sessions/warmup`.

use std::time::Duration;

use serde_json::json;
use server::identity;
use server::resources::session::render::{IdentityKeyRef, Rendered};
use std::sync::Arc;

use crate::support::{Call, TestApp};

/// What memory has of a user.
pub fn in_memory(app: &TestApp, user_id: &str) -> Option<Arc<Rendered>> {
    let key = IdentityKeyRef(app.project(), identity::USER_ID, user_id);
    app.app.sessions.by_key(&key).map(|known| known.value)
}

#[tokio::test]
async fn the_newest_sessions_are_in_memory_afterwards() {
    let mut app = TestApp::new().await;
    let users: Vec<_> = (0..120).map(|number| format!("user-{number}")).collect();
    for user in &users {
        app.identify(json!({"userId": user})).await.ok();
    }
    app.restart();
    assert!(users.iter().all(|user| in_memory(&app, user).is_none()));
    let answer = app.send(app.owner(Call::post("/v3/sessions/warmup"))).await;
    assert_eq!(answer.ok(), json!({"ok": true}));
    while !users.iter().all(|user| in_memory(&app, user).is_some()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let kept = in_memory(&app, "user-7").unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept.body).unwrap();
    assert_eq!(kept, app.session("user-7").await);
    // A write makes what was loaded old.
    app.identify(json!({"userId": "user-7", "name": "Ada"}))
        .await
        .ok();
    assert_eq!(app.session("user-7").await["name"], "Ada");
}

#[tokio::test]
async fn nothing_of_another_project_is_loaded() {
    let mut app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    app.restart();
    let sister = app.accounts.sister.id;
    let key =
        crate::support::Accounts::key(&app.app, sister, server::auth::roles::Role::Viewer, None)
            .await;
    let call = Call::post("/v3/sessions/warmup")
        .bearer(&key.token)
        .project(sister);
    app.send(call).await.ok();
    let call = Call::post("/v3/sessions/warmup")
        .bearer(&key.token)
        .project(app.project());
    assert_eq!(app.send(call).await.status, 403);
    assert!(in_memory(&app, "u").is_none());
}
