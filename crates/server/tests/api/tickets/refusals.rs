//! What is refused, and that nothing of it is kept.

use serde_json::json;

use super::{call, session, ticket, update};
use crate::support::{Accounts, Call, TestApp};

#[tokio::test]
async fn each_bad_field_is_named() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    for (body, field) in [
        (json!({"title": "x".repeat(501)}), "title: "),
        (json!({"type": " "}), "type: "),
        (json!({"status": "x".repeat(101)}), "status: "),
        (json!({"priority": "URGENT"}), "priority"),
        (json!({"sentiment": "angry"}), "sentiment"),
        (json!({"tags": ["a", ""]}), "tags[1]: "),
        (json!({"tags": vec!["a"; 51]}), "tags: "),
        (
            json!({"screenshotUrl": "javascript:alert(1)"}),
            "screenshotUrl: ",
        ),
        (
            json!({"attachments": [{"name": "a", "url": "data:text/html,x"}]}),
            "attachments[0].url: ",
        ),
        (json!({"lexorank": "A"}), "lexorank: "),
        (
            json!({"rankBefore": made["id"], "rankAfter": made["id"]}),
            "rankBefore: ",
        ),
        (json!({"processingUser": made["id"]}), "processingUser: "),
        (json!({"processingUser": "me"}), "processingUser"),
        (json!({"session": 5}), "session"),
        (json!({"formData": []}), "formData"),
        (
            json!({"formData": {"a": "x".repeat(262_144)}}),
            "formData: ",
        ),
        (json!({"dueDate": "tomorrow"}), "dueDate"),
        (json!({"linkedTickets": [made["id"]]}), "itself"),
    ] {
        let refused = update(&app, &made, body.clone()).await;
        assert_eq!(refused.error(), (422, "invalid_field".into()), "{field}");
        assert!(
            refused.faults()[0].contains(field),
            "{field}: {:?}",
            refused.faults()
        );
        if field != "itself" {
            assert_eq!(
                call(&app, "POST", "/v3/tickets", body).await.status,
                422,
                "{field}"
            );
        }
    }
    assert_eq!(super::now(&app, &made).await, made);
    assert_eq!(app.get("/v3/tickets").await.ok()["totalCount"], 1);
}

#[tokio::test]
async fn limits_at_their_edge_fit() {
    let app = TestApp::new().await;
    let body = json!({
        "title": "é".repeat(500), "type": "t".repeat(100), "status": "s".repeat(100), "lexorank": "0".repeat(199) + "1",
        "tags": (0..50).map(|n| n.to_string()).collect::<Vec<_>>(),
        "formData": {"a": "x".repeat(262_144 - 7)},
    });
    ticket(&app, body).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_is_kept() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let none = "6650f0c2a1b2c3d4e5f60718";
    for (body, code) in [
        (json!({"title": "x", "session": none}), "session_not_found"),
        (
            json!({"title": "x", "linkedTickets": [none]}),
            "ticket_not_found",
        ),
        (
            json!({"title": "x", "rankBefore": none}),
            "ticket_not_found",
        ),
    ] {
        assert_eq!(
            update(&app, &made, body.clone()).await.error(),
            (404, code.into())
        );
        assert_eq!(
            call(&app, "POST", "/v3/tickets", body).await.error(),
            (404, code.into())
        );
    }
    assert_eq!(super::now(&app, &made).await, made);
    let next = ticket(&app, json!({})).await;
    assert_eq!(next["bugId"], 2, "what was refused used no number");
}

#[tokio::test]
async fn tickets_and_sessions_of_other_projects_are_not_there() {
    let app = TestApp::new().await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, server::auth::roles::Role::Owner, None)
        .await
        .token;
    let theirs = async |call: Call| app.send(call.bearer(&key).project(sister)).await;
    let made = ticket(&app, json!({"title": "ours"})).await;
    let own = theirs(Call::post("/v3/tickets").json(&json!({})))
        .await
        .ok();
    let session = session(&app, "u").await;
    let path = super::path(&made, "");
    assert_eq!(theirs(Call::get(&path)).await.status, 404);
    assert_eq!(
        theirs(Call::put(&path).json(&json!({"title": "x"})))
            .await
            .status,
        404
    );
    assert_eq!(theirs(Call::delete(&path)).await.status, 404);
    for body in [
        json!({"session": session}),
        json!({"linkedTickets": [made["id"]]}),
        json!({"rankAfter": made["id"]}),
    ] {
        let call = Call::put(&super::path(&own, "")).json(&body);
        assert_eq!(theirs(call).await.status, 404, "{body}");
    }
    assert_eq!(super::now(&app, &made).await, made);
}
