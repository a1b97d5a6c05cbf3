//! `POST /v3/tickets/{ticketId}/vote`.

use serde_json::{Value, json};

use super::{call, now, path, ticket};
use crate::support::{Accounts, Call, TestApp};

async fn vote(app: &TestApp, ticket: &Value, body: Value) -> Value {
    call(app, "POST", &path(ticket, "/vote"), body).await.ok()
}

#[tokio::test]
async fn each_address_has_one_vote() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    for (body, voted, count) in [
        (json!({"email": "ada@example.com", "name": "Ada"}), true, 1),
        (
            json!({"email": "ADA@example.com", "action": "subscribe"}),
            true,
            1,
        ),
        (
            json!({"email": "bob@example.com", "action": "subscribe"}),
            true,
            2,
        ),
        (
            json!({"email": "ada@example.com", "action": "toggle"}),
            false,
            1,
        ),
        (
            json!({"email": "ada@example.com", "action": "unsubscribe"}),
            false,
            1,
        ),
        (json!({"email": "eve@example.com"}), true, 2),
    ] {
        let answer = vote(&app, &made, body.clone()).await;
        assert_eq!(
            answer,
            json!({"voted": voted, "upvotesCount": count}),
            "{body}"
        );
    }
    let shown = now(&app, &made).await;
    assert_eq!(shown["upvotesCount"], 2);
    let names: Vec<_> = shown["upvotes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vote| &vote["email"])
        .collect();
    assert_eq!(json!(names), json!(["eve@example.com", "bob@example.com"]));
}

#[tokio::test]
async fn no_project_header_is_needed() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let body = json!({"email": "ada@example.com"});
    let call = || Call::post(&path(&made, "/vote")).json(&body);
    let answer = app.send(call().bearer(&app.accounts.owner_key)).await.ok();
    assert_eq!(answer["voted"], true);
    let foreign = Accounts::key(
        &app.app,
        app.accounts.foreign.id,
        server::auth::roles::Role::Owner,
        None,
    )
    .await
    .token;
    assert_eq!(
        app.send(call().bearer(&foreign).project(app.project()))
            .await
            .status,
        404
    );
    assert_eq!(now(&app, &made).await["upvotesCount"], 1);
}

#[tokio::test]
async fn votes_of_a_person_go_with_the_person() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    app.identify(json!({"userId": "ada", "email": "Ada@example.com"}))
        .await
        .ok();
    vote(&app, &made, json!({"email": "ada@example.com"})).await;
    vote(&app, &made, json!({"email": "bob@example.com"})).await;
    let erase = format!(
        "/v3/sessions/{}",
        app.session("ada").await["id"].as_str().unwrap()
    );
    assert_eq!(app.send(app.owner(Call::delete(&erase))).await.status, 204);
    let shown = now(&app, &made).await;
    assert_eq!(
        json!([shown["upvotesCount"], shown["upvotes"]]),
        json!([1, [{"email": "bob@example.com"}]])
    );
}

#[tokio::test]
async fn bad_votes_are_refused() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    for (body, field) in [
        (json!({"email": "nobody"}), "email: "),
        (
            json!({"email": "ada@example.com", "name": "x".repeat(101)}),
            "name: ",
        ),
        (
            json!({"email": "ada@example.com", "action": "twice"}),
            "action",
        ),
        (json!({}), "email"),
    ] {
        let refused = call(&app, "POST", &path(&made, "/vote"), body).await;
        assert_eq!(refused.error(), (422, "invalid_field".into()));
        assert!(
            refused.faults()[0].contains(field),
            "{:?}",
            refused.faults()
        );
    }
    vote(
        &app,
        &made,
        json!({"email": "ada@example.com", "name": "x".repeat(100)}),
    )
    .await;
}
