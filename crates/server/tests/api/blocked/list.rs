//! The list itself.

use serde_json::json;
use server::resources::session::blocked::VALUES_MAX;

use super::{block, path, put};
use crate::merge::user;
use crate::support::{Call, TestApp};

#[tokio::test]
async fn a_list_is_set_as_a_whole() {
    let app = TestApp::new().await;
    assert_eq!(app.get(&path(&app)).await.ok(), json!({"values": []}));
    let all = json!({"values": [
        {"kind": "email", "value": "Test@Example.com"},
        {"kind": "phone", "value": "+43 1 5331234"},
        {"kind": "userId", "value": "test"},
    ]});
    assert_eq!(put(&app, all.clone()).await.ok(), all);
    assert_eq!(app.get(&path(&app)).await.ok(), all);
    assert_eq!(put(&app, all.clone()).await.ok(), all, "again");
    let less = json!({"values": [{"kind": "userId", "value": "test"}]});
    assert_eq!(put(&app, less.clone()).await.ok(), less);
    assert_eq!(app.get(&path(&app)).await.ok(), less);
    assert_eq!(
        put(&app, json!({"values": []})).await.ok(),
        json!({"values": []})
    );
}

#[tokio::test]
async fn what_cannot_be_blocked_is_named() {
    let app = TestApp::new().await;
    let kept = json!({"values": [{"kind": "userId", "value": "kept"}]});
    put(&app, kept.clone()).await.ok();
    for (values, fault) in [
        (
            vec![("email", "nobody")],
            "values[0].value: must be an email",
        ),
        (
            vec![("phone", "5331234")],
            "values[0].value: must be a phone",
        ),
        (
            vec![("userId", "null")],
            "values[0].value: must be a user id",
        ),
        (vec![("userId", "")], "values[0].value: must be a user id"),
        (
            vec![("email", "a@example.com"), ("email", " A@EXAMPLE.com")],
            "values[1].value: is there twice",
        ),
    ] {
        let refused = block(&app, &values).await;
        assert_eq!(
            refused.error(),
            (422, "invalid_setting".into()),
            "{values:?}"
        );
        let told = refused.json()["errors"].to_string();
        assert!(told.contains(fault), "{told}");
    }
    for body in [
        json!({"values": [{"kind": "name", "value": "Ada"}]}),
        json!({}),
        json!([]),
    ] {
        assert_eq!(put(&app, body).await.status, 422);
    }
    assert_eq!(app.get(&path(&app)).await.ok(), kept, "nothing was changed");
}

#[tokio::test]
async fn a_list_has_so_many_values() {
    let app = TestApp::new().await;
    let names: Vec<_> = (0..=VALUES_MAX).map(|n| format!("u{n}")).collect();
    let values: Vec<_> = names.iter().map(|name| ("userId", name.as_str())).collect();
    block(&app, &values[1..]).await.ok();
    let refused = block(&app, &values).await;
    assert_eq!(refused.error(), (422, "invalid_setting".into()));
    assert!(
        refused.json()["message"]
            .as_str()
            .unwrap()
            .contains("values: are more than 500")
    );
}

#[tokio::test]
async fn a_user_id_that_a_session_has_is_not_blocked() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let refused = block(&app, &[("email", "a@example.com"), ("userId", "u")]).await;
    assert_eq!(refused.error(), (409, "identity_taken".into()));
    assert_eq!(
        refused.json()["conflict"],
        json!({"key": "userId", "sessionId": id})
    );
    assert_eq!(app.get(&path(&app)).await.ok(), json!({"values": []}));
}

#[tokio::test]
async fn each_project_has_its_own() {
    let app = TestApp::new().await;
    block(&app, &[("userId", "u")]).await.ok();
    let body = json!({"userId": "u"});
    let call = Call::post("/admin/identify").api_token(&app.accounts.sister.api_token);
    assert_eq!(app.send(call.json(&body)).await.status, 200);
    assert_eq!(app.identify(body).await.status, 422);
    let other = format!("/v3/projects/{}/blocked-identities", app.accounts.sister.id);
    assert_eq!(
        app.get(&other).await.error(),
        (404, "project_not_found".into())
    );
}
