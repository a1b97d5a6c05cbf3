//! `DELETE /v3/sessions/{sessionId}`: nothing is left.

use serde_json::{Value, json};

use crate::merge::{guest, merged, put};
use crate::support::{Answer, Call, TestApp};

async fn delete(app: &TestApp, id: &str) -> Answer {
    app.send(app.owner(Call::delete(&format!("/v3/sessions/{id}"))))
        .await
}

fn id(session: &Value) -> String {
    session["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_of_a_session_can_be_read() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "kept"})).await.ok();
    let before = app.rows();
    app.identify(json!({"userId": "u", "email": "u@example.com"}))
        .await
        .ok();
    app.track(json!([{"userId": "u", "name": "seen"}]))
        .await
        .ok();
    let session = id(&app.session("u").await);
    put(&app, &session, json!({"name": "Ada", "blocked": true})).await;
    let (gone, credential) = guest(&app).await;
    let merge = merged(&app, &session, &gone).await;
    assert_eq!(delete(&app, &session).await.status, 204);
    assert_eq!(app.rows(), before);
    let parts = [
        "",
        "/events",
        "/activities",
        "/merges",
        "/identity-history",
        "/memory",
    ];
    for id in [&session, &gone] {
        for part in parts {
            let answer = app.get(&format!("/v3/sessions/{id}{part}")).await;
            assert_eq!(answer.error(), (404, "session_not_found".into()), "{part}");
        }
    }
    assert_eq!(app.lookup("u").await.status, 404);
    let record = app.get(&format!("/v3/merges/{merge}")).await;
    assert_eq!(record.error(), (404, "merge_not_found".into()));
    let update = app
        .sdk(
            "/sessions/partialupdate",
            Some(&credential),
            json!({"data": {}}),
        )
        .await;
    assert_eq!(update.status, 401);
    assert_eq!(
        delete(&app, &session).await.error(),
        (404, "session_not_found".into())
    );
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn the_id_of_a_merged_session_finds_the_survivor() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let (gone, _) = guest(&app).await;
    merged(&app, &id(&app.session("u").await), &gone).await;
    assert_eq!(delete(&app, &gone).await.status, 204);
    assert_eq!(app.lookup("u").await.status, 404);
}

#[tokio::test]
async fn only_the_version_that_the_caller_knows_is_deleted() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let known = app.lookup("u").await;
    let session = id(&known.ok());
    let changed = put(&app, &session, json!({"name": "Ada"})).await;
    let call = |etag: &str| {
        let call = Call::delete(&format!("/v3/sessions/{session}"));
        app.owner(call.header("If-Match", etag))
    };
    let refused = app.send(call(known.header("etag"))).await;
    assert_eq!(refused.error(), (412, "precondition_failed".into()));
    assert_eq!(app.session("u").await, changed);
    let known = app.lookup("u").await;
    assert_eq!(app.send(call(known.header("etag"))).await.status, 204);
}

#[tokio::test]
async fn who_is_unknown_is_not_found() {
    let app = TestApp::new().await;
    let unknown = delete(&app, "6650f0c2a1b2c3d4e5f60718").await;
    assert_eq!(unknown.error(), (404, "session_not_found".into()));
    assert_eq!(delete(&app, "x").await.error(), (400, "invalid_id".into()));
}
