//! What becomes of messages with their tickets and sessions.

use serde_json::json;

use super::{hear, say, send, ticket_of};
use crate::support::{Call, TestApp};
use crate::tickets::{now, path};

fn count(app: &TestApp, table: &str) -> i64 {
    let rows = app.rows();
    rows.iter().find(|(name, _)| name == table).unwrap().1
}

#[tokio::test]
async fn a_deleted_session_leaves_nothing_that_it_said() {
    let app = TestApp::new().await;
    let (own, ada) = ticket_of(&app, "ada").await;
    let (other, bob) = ticket_of(&app, "bob").await;
    say(&app, &own, "to ada").await;
    hear(&app, &own, &ada, "by ada").await;
    hear(&app, &own, &bob, "by bob, in the ticket of ada").await;
    let stays = say(&app, &other, "to bob").await;
    hear(&app, &other, &ada, "by ada, in the ticket of bob").await;
    send(
        &app,
        json!({"ticket": own["id"], "comment": "about ada", "isNote": true}),
    )
    .await
    .ok();
    let gone = app
        .send(app.owner(Call::delete(&format!("/v3/sessions/{ada}"))))
        .await;
    assert_eq!(gone.status, 204);
    assert_eq!(count(&app, "message"), 1);
    assert_eq!(now(&app, &other).await["latestComment"]["id"], stays["id"]);
    assert_eq!(app.session("bob").await["countFeedbackComments"], 0);
}

#[tokio::test]
async fn a_deleted_ticket_takes_its_conversation_along() {
    let app = TestApp::new().await;
    let (own, id) = ticket_of(&app, "u").await;
    hear(&app, &own, &id, "a").await;
    say(&app, &own, "b").await;
    app.send(app.owner(Call::delete(&path(&own, ""))))
        .await
        .ok();
    assert_eq!(count(&app, "message"), 0);
    assert_eq!(super::counters::badge(&app, &id).await, 0);
    assert_eq!(app.session("u").await["countFeedbackComments"], 0);
}

#[tokio::test]
async fn a_composed_ticket_begins_with_its_message() {
    let app = TestApp::new().await;
    let body = json!({"title": "Welcome", "type": "INQUIRY", "message": "Hello", "email": "ada@example.com"});
    let made = crate::tickets::call(&app, "POST", "/v3/tickets/compose", body)
        .await
        .ok();
    let said = super::conversation(&app, &made).await;
    assert_eq!(
        json!([said.len(), said[0]["type"], said[0]["data"]["text"]]),
        json!([1, "TEXT", "Hello"])
    );
    assert_eq!(made["latestComment"], said[0]);
    let session = made["session"]["id"].as_str().unwrap();
    assert_eq!(super::counters::badge(&app, session).await, 1);
}
