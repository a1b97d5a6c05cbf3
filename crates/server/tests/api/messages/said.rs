//! Saying, changing and deleting.

use serde_json::json;

use super::{change, conversation, delete, hear, say, send, texts, ticket_of};
use crate::reports::client::{Client, PNG};
use crate::support::TestApp;
use crate::tickets::ticket;

#[tokio::test]
async fn a_member_says_something() {
    let app = TestApp::new().await;
    let me = app.get("/v3/users/me").await.ok();
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "We found it.\nReally").await;
    assert_eq!(
        said["data"],
        json!({"content": {"type": "doc", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "We found it."}]},
            {"type": "paragraph", "content": [{"type": "text", "text": "Really"}]},
        ]}, "text": "We found it.\nReally"})
    );
    assert_eq!(
        json!([
            said["type"],
            said["index"],
            said["ticket"],
            said["bot"],
            said["user"]["id"],
            said["createdAt"],
            said["sessionNotificationsUnread"]
        ]),
        json!([
            "TEXT",
            0,
            ticket["id"],
            false,
            me["id"],
            app.clock.at(0),
            true
        ])
    );
    for absent in ["session", "comment", "isNote", "editedAt", "via"] {
        assert!(said.get(absent).is_none(), "{absent}");
    }
    assert_eq!(conversation(&app, &ticket).await, [said]);
}

#[tokio::test]
async fn who_speaks_says_what_kind_of_message_it_is() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    for (more, kind) in [
        (json!({}), "TEXT"),
        (json!({"type": "COMMENT"}), "TEXT"),
        (json!({"isNote": true}), "NOTE"),
        (json!({"type": "NOTE"}), "NOTE"),
        (json!({"bot": true}), "BOT"),
        (json!({"bot": true, "type": "BOT_REPLY"}), "BOT_REPLY"),
        (json!({"session": session}), "USER_TEXT"),
        (json!({"session": session, "isNote": false}), "USER_TEXT"),
        (
            json!({"session": session, "type": "SHARED_COMMENT"}),
            "SHARED_COMMENT",
        ),
    ] {
        let mut body = json!({"ticket": ticket["id"], "comment": "Hi"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let said = send(&app, body).await.ok();
        assert_eq!(said["type"], kind);
        assert_eq!(said.get("user").is_some(), matches!(kind, "TEXT" | "NOTE"));
        assert_eq!(said.get("session").is_some(), more.get("session").is_some());
        assert_eq!(said["bot"], kind.starts_with("BOT"));
    }
    assert_eq!(
        conversation(&app, &ticket).await[6]["session"]["userId"],
        "u"
    );
}

#[tokio::test]
async fn rich_text_is_cleaned_on_the_way_in() {
    let app = TestApp::new().await;
    let ticket = ticket(&app, json!({})).await;
    let rich = json!({"type": "doc", "content": [
        {"type": "paragraph", "onclick": "alert(1)", "content": [
            {"type": "text", "text": "see", "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}, {"type": "bold"}]},
            {"type": "text", "text": " here", "marks": [{"type": "link", "attrs": {"href": "https://example.com", "onclick": "x", "target": "_self"}}]},
        ]},
        {"type": "iframe", "attrs": {"src": "https://example.com"}},
    ]});
    let kept = json!({"type": "doc", "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "see", "marks": [{"type": "bold"}]},
        {"type": "text", "text": " here", "marks": [{"type": "link", "attrs": {"href": "https://example.com/"}}]},
    ]}]});
    for body in [
        json!({"ticket": ticket["id"], "comment": rich}),
        json!({"ticket": ticket["id"], "data": {"content": rich, "text": "not this"}}),
        json!({"ticket": ticket["id"], "comment": rich["content"]}),
    ] {
        let said = send(&app, body).await.ok();
        assert_eq!(said["data"], json!({"content": kept, "text": "see here"}));
    }
}

#[tokio::test]
async fn a_message_is_changed() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    let said = hear(&app, &ticket, &session, "one").await;
    app.clock.advance_seconds(1);
    let body = json!({
        "comment": "two", "rating": "positive", "fallbackUser": {"username": "Shop"}, "attachments": [{"name": "a.txt", "url": "https://example.com/a.txt"}],
        "ticket": "6650f0c2a1b2c3d4e5f60718", "isNote": true,
    });
    let changed = change(&app, &said, body).await.ok();
    assert_eq!(
        json!([
            changed["data"]["text"],
            changed["rating"],
            changed["fallbackUser"],
            changed["attachments"],
            changed["editedAt"]
        ]),
        json!([
            "two",
            "positive",
            {"username": "Shop"},
            [{"name": "a.txt", "url": "https://example.com/a.txt"}],
            app.clock.at(0)
        ])
    );
    assert_eq!(
        json!([
            changed["ticket"],
            changed["type"],
            changed["createdAt"],
            changed["session"]["id"]
        ]),
        json!([ticket["id"], "USER_TEXT", said["createdAt"], session])
    );
    let rated = change(&app, &said, json!({"rating": "negative"}))
        .await
        .ok();
    assert_eq!(rated["data"], changed["data"]);
    assert_eq!(conversation(&app, &ticket).await, [rated]);
}

#[tokio::test]
async fn a_deleted_message_leaves_its_place_empty() {
    let app = TestApp::new().await;
    let ticket = ticket(&app, json!({})).await;
    let mut said = Vec::new();
    for text in ["a", "b", "c"] {
        said.push(say(&app, &ticket, text).await);
    }
    delete(&app, &said[1]).await;
    delete(&app, &said[2]).await;
    let next = say(&app, &ticket, "d").await;
    assert_eq!(next["index"], 3);
    assert_eq!(texts(&app, &ticket).await, ["a", "d"]);
    let again = app
        .send(app.owner(crate::support::Call::delete(&super::path(&said[1]))))
        .await;
    assert_eq!(again.error(), (404, "message_not_found".into()));
}

#[tokio::test]
async fn files_alone_will_do_and_those_of_the_session_stay() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a picture.png", PNG).await;
    let ticket = ticket(&app, json!({"session": client.id})).await;
    let file = json!({"name": "a picture.png", "url": url, "type": "image/png"});
    let body = json!({"ticket": ticket["id"], "session": client.id, "attachments": [file]});
    let said = send(&app, body).await.ok();
    assert_eq!(said["attachments"], json!([file]));
    assert_eq!(said["data"]["text"], "");
    app.clock.advance_seconds(60 * 60 * 48);
    let path = url.split_once("/files/").unwrap().1;
    let open = crate::support::Call::get(&format!("/files/{path}"));
    assert_eq!(app.send(open).await.status, 200, "it no longer expires");
}
