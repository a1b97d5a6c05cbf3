//! `DELETE /v3/tickets/{ticketId}`.

use serde_json::json;

use super::{call, now, path, session, ticket, update};
use crate::reports::client::Client;
use crate::support::{Call, TestApp};

async fn delete(app: &TestApp, ticket: &serde_json::Value) -> u16 {
    app.send(app.owner(Call::delete(&path(ticket, ""))))
        .await
        .status
}

#[tokio::test]
async fn nothing_of_a_ticket_is_left() {
    let app = TestApp::new().await;
    let before = app.rows();
    let made = ticket(&app, json!({"consoleLog": [{"log": "a"}], "title": "b"})).await;
    update(&app, &made, json!({"title": "c"})).await.ok();
    let other = ticket(&app, json!({"linkedTickets": [made["id"]]})).await;
    assert_eq!(delete(&app, &made).await, 200);
    assert_eq!(app.get(&path(&made, "")).await.status, 404);
    assert_eq!(delete(&app, &made).await, 404);
    assert_eq!(now(&app, &other).await["linkedTickets"], json!([]));
    assert_eq!(delete(&app, &other).await, 200);
    let left = app.rows();
    let grown: Vec<_> = left
        .iter()
        .zip(&before)
        .filter(|(now, was)| now != was)
        .map(|(now, _)| now.0.as_str())
        .collect();
    assert_eq!(
        grown,
        ["ticket_number"],
        "but for the number, which is not given out again"
    );
    assert_eq!(ticket(&app, json!({})).await["bugId"], 3);
}

#[tokio::test]
async fn its_files_go_with_it_and_those_of_others_stay() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let replay = json!({"type": "rrweb", "events": [1, 2]});
    let gone = client
        .report(json!({"webReplay": replay, "formData": {"n": 1}}))
        .await;
    let stays = client
        .report(json!({"webReplay": replay, "formData": {"n": 2}}))
        .await;
    assert_eq!(app.get(&path(&gone, "/replay")).await.status, 200);
    assert_eq!(delete(&app, &gone).await, 200);
    assert_eq!(
        app.get(&path(&stays, "/replay")).await.ok()["events"],
        json!([1, 2])
    );
    let files = app
        .rows()
        .into_iter()
        .find(|(name, _)| name == "file")
        .unwrap();
    assert_eq!(files.1, 1);
}

/// What was recorded of one person is not kept with another.
#[tokio::test]
async fn files_go_with_their_ticket_to_another_session() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let made = client
        .report(json!({"webReplay": {"type": "rrweb", "events": [1]}}))
        .await;
    let other = session(&app, "other").await;
    update(&app, &made, json!({"session": other})).await.ok();
    let old = app.session("u").await;
    let erase = format!("/v3/sessions/{}", old["id"].as_str().unwrap());
    assert_eq!(app.send(app.owner(Call::delete(&erase))).await.status, 204);
    assert_eq!(app.get(&path(&made, "/replay")).await.status, 200);
    call(&app, "DELETE", &format!("/v3/sessions/{other}"), json!({})).await;
    assert_eq!(app.get(&path(&made, "")).await.status, 404);
    assert_eq!(
        app.rows()
            .into_iter()
            .find(|(name, _)| name == "file")
            .unwrap()
            .1,
        0
    );
}
