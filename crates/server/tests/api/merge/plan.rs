//! What is merged, what is refused, and what is told of it.

use serde_json::{Value, json};

use super::{guest, merge, merged, post, put, user};
use crate::support::{Call, TestApp};

async fn dry_run(app: &TestApp, id: &str, with: &str) -> Value {
    let path = format!("/v3/sessions/{id}/merge");
    post(app, &path, json!({"with": with, "dryRun": true}))
        .await
        .ok()
}

fn outcomes(plan: &Value) -> Vec<(&str, &str)> {
    let attributes = plan["attributes"].as_array().unwrap().iter();
    attributes
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["outcome"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn the_plan_is_what_is_done() {
    let app = TestApp::new().await;
    let user = user(
        &app,
        json!({"userId": "u", "name": "Ada", "plan": "pro", "seats": 3}),
    )
    .await;
    let (id, session) = guest(&app).await;
    let body = json!({
        "name": "Guest", "plan": "pro", "email": "g@example.com", "tags": ["trial"],
        "customData": {"seats": 9, "theme": "dark"},
    });
    put(&app, &id, body).await;
    app.sdk_events(&session, json!([{"name": "clicked"}])).await;
    let before = super::side::side(&app, &id).await;
    let mut plan = dry_run(&app, &user, &id).await;
    assert_eq!(
        super::side::side(&app, &id).await,
        before,
        "nothing changed"
    );
    assert_eq!(app.session("u").await.get("email"), None);
    let done = merge(&app, &user, &id).await.ok();
    assert_eq!(done["moves"]["events"], 1);
    assert_eq!(done["moves"]["activities"], 1);
    let told = outcomes(&done);
    for expected in [
        ("name", "kept"),
        ("plan", "same"),
        ("email", "taken"),
        ("tags", "taken"),
        ("customData.seats", "kept"),
        ("customData.theme", "taken"),
        ("eventData", "taken"),
    ] {
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    assert_eq!(
        (&plan["dryRun"], &done["dryRun"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(plan.get("mergeId"), None);
    plan["dryRun"] = json!(false);
    plan["mergeId"] = done["mergeId"].clone();
    assert_eq!(plan, done);
    let session = app.session("u").await;
    assert_eq!(
        (&session["name"], &session["email"]),
        (&json!("Ada"), &json!("g@example.com"))
    );
    assert_eq!(session["customData"], json!({"seats": 3, "theme": "dark"}));
}

#[tokio::test]
async fn what_must_not_be_merged_is_refused() {
    let app = TestApp::new().await;
    let (a, b) = (
        user(&app, json!({"userId": "a"})).await,
        user(&app, json!({"userId": "b"})).await,
    );
    let (gone, _) = guest(&app).await;
    merged(&app, &a, &gone).await;
    for (with, code) in [
        (&a, "merge_itself"),
        (&b, "merge_two_users"),
        (&gone, "merge_already"),
    ] {
        assert_eq!(merge(&app, &a, with).await.error(), (409, code.into()));
        let plan = dry_run(&app, &a, with).await;
        assert_eq!(plan["refused"]["code"], code);
        assert_eq!(plan["attributes"], json!([]));
    }
    assert_eq!(merge(&app, &b, &gone).await.error().1, "merge_already");
    let nobody = "6650f0c2a1b2c3d4e5f60718";
    let unknown = (404, "session_not_found".to_owned());
    assert_eq!(merge(&app, &a, nobody).await.error(), unknown);
    assert_eq!(merge(&app, nobody, &a).await.error(), unknown);
    let bad = merge(&app, &a, "x").await;
    assert_eq!(bad.error(), (422, "invalid_field".into()));
    assert!(bad.faults()[0].starts_with("with: "));
    let foreign = foreign_session(&app).await;
    assert_eq!(merge(&app, &a, &foreign).await.error(), unknown);
}

/// A session of another project.
async fn foreign_session(app: &TestApp) -> String {
    let call = Call::post("/admin/identify").json(&json!({"userId": "x"}));
    let call = call.api_token(&app.accounts.sister.api_token);
    let answer = app.send(call).await.ok();
    answer["sessionId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn merges_are_recorded_those_by_identifying_too() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (first, _) = guest(&app).await;
    put(&app, &first, json!({"name": "Guest"})).await;
    let by_rest = merged(&app, &id, &first).await;
    app.clock.advance_seconds(1);
    let (second, session) = guest(&app).await;
    app.sdk_identify(&session, json!({"userId": "u"})).await;
    let list = app.get(&format!("/v3/sessions/{id}/merges")).await.ok();
    let told: Vec<_> = list.as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["merged"], *second);
    assert_eq!(told[0]["by"]["source"], "sdk");
    assert_eq!(told[1]["id"], *by_rest);
    assert_eq!(told[1]["by"]["source"], "rest");
    assert_eq!(told[1].get("before"), None);
    let one = app.get(&format!("/v3/merges/{by_rest}")).await.ok();
    assert_eq!(
        (&one["session"], &one["merged"]),
        (&json!(id), &json!(first))
    );
    assert_eq!(one["before"]["name"], "Guest");
    assert_eq!(one["before"].get("gleapHash"), None);
    assert_eq!(one["undoableUntil"], app.clock.at(90 * 86_400_000 - 1000));
    // The id of a merged session lists those of its survivor.
    let same = app.get(&format!("/v3/sessions/{first}/merges")).await.ok();
    assert_eq!(same, list);
    let page = app.get(&format!("/v3/sessions/{id}/merges?limit=1")).await;
    assert_eq!(page.ok().as_array().unwrap().len(), 1);
    assert!(page.header("link").contains("rel=\"next\""));
    let unknown = app.get("/v3/merges/6650f0c2a1b2c3d4e5f60718").await;
    assert_eq!(unknown.error(), (404, "merge_not_found".into()));
    assert_eq!(
        app.get("/v3/merges/x").await.error(),
        (400, "invalid_id".into())
    );
}
