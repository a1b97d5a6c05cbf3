//! `DELETE /admin/contacts/{userId}`: nothing is left.

use serde_json::json;

use crate::support::{Answer, Call, TestApp, encoded};

async fn erase(app: &TestApp, user_id: &str) -> Answer {
    let path = format!("/admin/contacts/{}", encoded(user_id));
    app.send(app.server(Call::delete(&path))).await
}

/// A user with all that a user can have by now.
async fn fill(app: &TestApp, user_id: &str) {
    let body = json!({
        "userId": user_id, "name": "Ada", "email": format!("{}@example.com", encoded(user_id)),
        "phone": "+43 1 5331234", "company": {"id": "acme"}, "customData": {"seats": 3},
    });
    app.identify(body).await.ok();
    app.identify(json!({"userId": user_id, "name": "Ada L."}))
        .await
        .ok();
    let event = |n: u32| json!({"userId": user_id, "name": "clicked", "data": {"n": n}});
    app.track(json!((0..50).map(event).collect::<Vec<_>>()))
        .await
        .ok();
}

#[tokio::test]
async fn no_table_keeps_a_row_of_the_user() {
    let app = TestApp::new().await;
    fill(&app, "kept").await;
    let before = app.rows();
    fill(&app, "gone/1").await;
    assert_ne!(app.rows(), before);
    let id = app.session("gone/1").await["_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(erase(&app, "gone/1").await.status, 204);
    assert_eq!(app.rows(), before);
    for path in [
        format!("/v3/sessions/{id}"),
        format!("/v3/sessions/{id}/identity-history"),
    ] {
        assert_eq!(
            app.get(&path).await.error(),
            (404, "session_not_found".into())
        );
    }
    assert_eq!(app.lookup("gone/1").await.status, 404);
    assert_eq!(app.sessions().await.len(), 1);
    assert_eq!(app.session("kept").await["name"], "Ada L.");
}

#[tokio::test]
async fn who_is_unknown_or_gone_is_not_found() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    assert_eq!(
        erase(&app, "nobody").await.error(),
        (404, "session_not_found".into())
    );
    assert_eq!(erase(&app, "U").await.status, 404);
    assert_eq!(erase(&app, "u").await.status, 204);
    assert_eq!(
        erase(&app, "u").await.error(),
        (404, "session_not_found".into())
    );
}

#[tokio::test]
async fn keys_of_the_user_are_free_again() {
    let app = TestApp::new().await;
    fill(&app, "a").await;
    erase(&app, "a").await;
    let again = app
        .identify(json!({"userId": "a", "email": "a@example.com"}))
        .await
        .ok();
    assert_eq!(again["created"], true);
    let session = app.session("a").await;
    assert_eq!(session.get("name"), None);
    assert_eq!(session.get("eventData"), None);
    assert_eq!(session.get("customData"), None);
}
