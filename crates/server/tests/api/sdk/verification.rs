//! Identity verification (wire note §8; decisions, Identify).

use serde_json::json;
use server::accounts::SCOPE;
use server::accounts::project::{Project, ProjectSecret, Verification, identity_secrets, rotate};
use server::auth::token::user_hash;
use server::resources::project::audit_log::document::Auditor;

use crate::support::TestApp;

/// Asks for proof in the first project, and gives its identity secret.
async fn required(app: &TestApp) -> String {
    let id = app.project();
    let unit = move |tx: &mut store::Tx<'_>| {
        let mut row = tx.get_for_update::<Project>(id)?.unwrap();
        row.doc.identity_verification = Verification::Required;
        tx.put(&mut row)?;
        Ok::<_, store::Error>(row.doc)
    };
    let project = app.app.store.write(SCOPE, unit).await.unwrap();
    identity_secrets(&app.app, &project).remove(0)
}

#[tokio::test]
async fn without_enforcement_the_hash_is_not_looked_at() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let user = app
        .sdk_identify(&guest, json!({"userId": "u", "userHash": "nonsense"}))
        .await;
    assert_eq!(user["userId"], "u");
}

#[tokio::test]
async fn a_known_user_is_neither_shown_nor_changed_without_proof() {
    let app = TestApp::new().await;
    required(&app).await;
    app.identify(json!({"userId": "u", "name": "Ada"}))
        .await
        .ok();
    let before = app.session("u").await;
    let guest = app.guest().await;
    let answer = app
        .sdk(
            "/sessions/identify",
            Some(&guest),
            json!({"userId": "u", "name": "Eve"}),
        )
        .await;
    assert_eq!(answer.status, 401);
    assert!(!answer.text().contains("Ada"));
    assert_eq!(app.session("u").await, before);
    // The same email attaches to nobody.
    let body = json!({"data": {"email": "ada@example.com"}});
    let session = app
        .sdk("/sessions/partialupdate", Some(&guest), body)
        .await
        .ok();
    assert_eq!(session["gleapId"], guest["gleapId"]);
}

#[tokio::test]
async fn a_number_is_proved_as_text_and_nobody_needs_no_proof() {
    let app = TestApp::new().await;
    let secret = required(&app).await;
    let guest = app.guest().await;
    let body = json!({"userId": 42, "userHash": user_hash(&secret, "42")});
    assert_eq!(app.sdk_identify(&guest, body).await["userId"], "42");
    let other = app.guest().await;
    assert_eq!(
        app.sdk_identify(&other, json!({"userId": null, "plan": "pro"}))
            .await["plan"],
        "pro"
    );
}

#[tokio::test]
async fn two_secrets_are_live_and_the_third_ends_the_first() {
    let app = TestApp::new().await;
    let first = required(&app).await;
    let second = rotate(
        &app.app,
        Auditor::operator(app.project()),
        ProjectSecret::Identity,
    )
    .await
    .unwrap();
    let proved = async |secret: &str, user: &str| {
        let body = json!({"userId": user, "userHash": user_hash(secret, user)});
        app.sdk("/sessions/identify", None, body).await.status
    };
    assert_eq!(
        (proved(&first, "a").await, proved(&second, "b").await),
        (200, 200)
    );
    let third = rotate(
        &app.app,
        Auditor::operator(app.project()),
        ProjectSecret::Identity,
    )
    .await
    .unwrap();
    assert_eq!(
        [
            proved(&first, "c").await,
            proved(&second, "d").await,
            proved(&third, "e").await
        ],
        [401, 200, 200]
    );
}
