//! Changes that are held to the version of a message.

use serde_json::{Value, json};
use server::auth::roles::Role;

use super::{change, conversation, path, say, send, texts, ticket_of};
use crate::support::{Accounts, Answer, Call, TestApp};

async fn get(app: &TestApp, message: &Value) -> Answer {
    app.get(&path(message)).await
}

async fn put(app: &TestApp, message: &Value, tag: &str, text: &str) -> Answer {
    let call = Call::put(&path(message)).header("if-match", tag);
    app.send(app.owner(call.json(&json!({"comment": text}))))
        .await
}

async fn delete(app: &TestApp, message: &Value, tag: &str) -> Answer {
    let call = Call::delete(&path(message)).header("if-match", tag);
    app.send(app.owner(call)).await
}

#[tokio::test]
async fn a_message_is_got_by_its_id_as_the_conversation_shows_it() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "first").await;
    let got = get(&app, &said).await;
    assert_eq!(got.ok(), conversation(&app, &ticket).await[0]);
    assert_eq!(got.ok(), said);
}

#[tokio::test]
async fn if_match_holds_a_change_to_a_version() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let body = json!({"ticket": ticket["id"], "comment": "first"});
    let answer = send(&app, body).await;
    let (said, first) = (answer.ok(), answer.header("etag").to_owned());
    assert_eq!(get(&app, &said).await.header("etag"), first);

    let changed = put(&app, &said, &first, "second").await;
    assert_eq!(changed.ok()["data"]["text"], "second");
    let second = changed.header("etag").to_owned();
    assert_ne!(second, first);
    assert_eq!(get(&app, &said).await.header("etag"), second);

    let refused = put(&app, &said, &first, "third").await;
    assert_eq!(refused.error(), (412, "precondition_failed".into()));
    assert!(refused.text().contains("If-Match"), "{}", refused.text());
    assert_eq!(texts(&app, &ticket).await, ["second"]);
    let either = format!("{first}, {second}");
    put(&app, &said, &either, "fourth").await.ok();
    put(&app, &said, "*", "fifth").await.ok();
    assert_eq!(texts(&app, &ticket).await, ["fifth"]);
}

#[tokio::test]
async fn if_match_holds_deleting_to_a_version() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "first").await;
    let first = get(&app, &said).await.header("etag").to_owned();
    // Somebody else changes it; that the session sees it is another version, too.
    change(&app, &said, json!({"comment": "second"})).await.ok();
    let second = get(&app, &said).await.header("etag").to_owned();
    super::hear(&app, &ticket, &session, "seen").await;
    for old in [first, second] {
        let refused = delete(&app, &said, &old).await;
        assert_eq!(refused.error(), (412, "precondition_failed".into()));
    }
    assert_eq!(texts(&app, &ticket).await, ["second", "seen"]);
    let now = get(&app, &said).await.header("etag").to_owned();
    assert_eq!(delete(&app, &said, &now).await.status, 204);
    assert_eq!(texts(&app, &ticket).await, ["seen"]);
    let gone = delete(&app, &said, &now).await;
    assert_eq!(gone.error(), (404, "message_not_found".into()));
}

#[tokio::test]
async fn without_the_header_every_change_is_made() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "first").await;
    for text in ["second", "third"] {
        change(&app, &said, json!({"comment": text})).await.ok();
    }
    super::delete(&app, &said).await;
}

#[tokio::test]
async fn of_changes_at_once_to_one_version_one_is_made() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "first").await;
    let tag = get(&app, &said).await.header("etag").to_owned();
    let texts: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    let changes = texts.iter().map(|text| put(&app, &said, &tag, text));
    let answers = futures_util::future::join_all(changes).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_message_of_another_project_is_not_found() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "first").await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None).await;
    let call = Call::get(&path(&said)).bearer(&key.token).project(sister);
    let answer = app.send(call).await;
    assert_eq!(answer.error(), (404, "message_not_found".into()));
    let answer = app.get("/v3/messages/nothing").await;
    assert_eq!(answer.error(), (400, "invalid_id".into()));
}
