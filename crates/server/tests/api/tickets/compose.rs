//! `POST /v3/tickets/compose`.

use serde_json::json;

use super::{call, session};
use crate::support::TestApp;

#[tokio::test]
async fn a_ticket_is_composed_for_a_contact() {
    let app = TestApp::new().await;
    let body = json!({"title": "Welcome", "type": "INQUIRY", "message": "Hello", "email": "ada@example.com", "formData": {"a": 1}});
    let compose = async |body| call(&app, "POST", "/v3/tickets/compose", body).await;
    let made = compose(body.clone()).await.ok();
    assert_eq!(made["formData"], json!({"a": 1}));
    assert_eq!(made["latestComment"]["data"]["text"], "Hello");
    assert_eq!(made["session"]["email"], "ada@example.com");
    let again = compose(body).await.ok();
    assert_eq!(
        again["session"]["id"], made["session"]["id"],
        "the contact is found again"
    );
    let contact = app
        .get(&format!(
            "/v3/sessions/{}",
            made["session"]["id"].as_str().unwrap()
        ))
        .await
        .ok();
    assert_eq!(contact["countFeedbackReports"], 2);
    let known = session(&app, "u").await;
    let body = json!({"title": "t", "type": "BUG", "session": known, "email": "ada@example.com"});
    assert_eq!(compose(body).await.ok()["session"]["id"], json!(known));
}

/// Anybody can have a page say any address.
#[tokio::test]
async fn a_ticket_does_not_go_to_a_guest_who_said_an_address() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let said = json!({"data": {"email": "ada@example.com"}});
    app.sdk("/sessions/partialupdate", Some(&guest), said)
        .await
        .ok();
    let body = json!({"title": "t", "type": "BUG", "email": "ada@example.com"});
    let made = call(&app, "POST", "/v3/tickets/compose", body).await.ok();
    assert_ne!(made["session"]["gleapId"], guest["gleapId"]);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let app = TestApp::new().await;
    for (body, faults) in [
        (json!({}), vec!["title: is required", "type: is required"]),
        (
            json!({"title": "t", "type": "BUG", "email": "nobody"}),
            vec!["email: must be an email address"],
        ),
        (
            json!({"title": "t", "type": "BUG", "message": "x".repeat(50_001)}),
            vec![
                "message: has more than 50000 characters: send it in several messages, or as a file",
            ],
        ),
    ] {
        let refused = call(&app, "POST", "/v3/tickets/compose", body).await;
        assert_eq!(
            (refused.status, refused.faults()),
            (422, faults.into_iter().map(str::to_owned).collect())
        );
    }
    let most = json!({"title": "t", "type": "BUG", "message": "x".repeat(50_000)});
    call(&app, "POST", "/v3/tickets/compose", most).await.ok();
    assert_eq!(app.get("/v3/tickets/ticketscount").await.ok()["count"], 1);
}
