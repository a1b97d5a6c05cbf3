//! The link "unsubscribe" of mails.

use server::resources::session::unsubscribe_page::link;
use store::ObjectId;

use crate::support::{Answer, Call, TestApp};
use serde_json::json;

async fn linked(app: &TestApp) -> (String, String) {
    let made = app.identify(json!({"userId": "u"})).await.ok();
    let session = made["sessionId"].as_str().unwrap().to_owned();
    (path(app, session.parse().unwrap()), session)
}

/// The path of the link of a session.
fn path(app: &TestApp, session: ObjectId) -> String {
    let link = link(&app.app, app.project(), session);
    let base = app.app.config.base_url();
    link.strip_prefix(&base).unwrap().to_owned()
}

fn assert_shows(answer: &Answer, status: u16, shown: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let main = format!("<main class=\"{shown}\">");
    assert!(answer.text().contains(&main), "{}", answer.text());
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn opening_the_link_changes_nothing_and_its_button_unsubscribes() {
    let app = TestApp::new().await;
    let (path, id) = linked(&app).await;
    assert_shows(&app.send(Call::get(&path)).await, 200, "question");
    assert_eq!(app.session("u").await["unsubscribed"], false);
    assert_shows(&app.send(Call::post(&path)).await, 200, "done");
    let session = app.session("u").await;
    assert_eq!(session["unsubscribed"], true);
    assert_eq!(session["unsubscribeReason"], "link in a mail");
    assert_shows(&app.send(Call::get(&path)).await, 200, "done");
    assert_shows(&app.send(Call::post(&path)).await, 200, "done");
    assert_eq!(
        app.session("u").await,
        session,
        "a second call changes nothing"
    );
    let activities = app.get(&format!("/v3/sessions/{id}/activities")).await.ok();
    let newest = &activities[0];
    assert_eq!(newest["type"], "unsubscribed", "{activities}");
}

#[tokio::test]
async fn mail_clients_unsubscribe_with_one_click() {
    let app = TestApp::new().await;
    let (path, _) = linked(&app).await;
    let kind = "application/x-www-form-urlencoded";
    let call = Call::post(&path).header("content-type", kind);
    let answer = app.send(call.body("List-Unsubscribe=One-Click")).await;
    assert_shows(&answer, 200, "done");
    assert_eq!(app.session("u").await["unsubscribed"], true);
}

#[tokio::test]
async fn the_link_of_a_merged_session_unsubscribes_the_survivor() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let gone = app
        .sessions()
        .await
        .iter()
        .find(|session| session["gleapId"] == guest["gleapId"])
        .map(|session| session["id"].as_str().unwrap().to_owned())
        .unwrap();
    let path = path(&app, gone.parse().unwrap());
    app.identify(json!({"userId": "u"})).await.ok();
    app.sdk_identify(&guest, json!({"userId": "u"})).await;
    assert_shows(&app.send(Call::post(&path)).await, 200, "done");
    assert_eq!(app.session("u").await["unsubscribed"], true);
}

#[tokio::test]
async fn a_link_that_nobody_made_does_nothing() {
    let app = TestApp::new().await;
    let (whole, id) = linked(&app).await;
    let erased = path(&app, ObjectId::from_parts(1, [1; 8]));
    for path in [
        &whole[..whole.len() - 2],
        &format!("{whole}00"),
        &format!("/unsubscribe/{id}"),
        "/unsubscribe/v1.",
        &erased,
    ] {
        assert_shows(&app.send(Call::get(path)).await, 404, "broken");
        assert_shows(&app.send(Call::post(path)).await, 404, "broken");
    }
    assert_eq!(app.session("u").await["unsubscribed"], false);
}
