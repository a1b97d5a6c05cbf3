//! What is not accepted.

use serde_json::json;
use server::auth::roles::Role;
use server::resources::message::body::{ATTACHMENTS_MAX, CONTENT_BYTES_MAX};
use server::resources::message::conversation::MESSAGES_MAX;
use server::resources::message::rich_text::clean::{NODES_MAX, TEXT_CHARS_MAX};
use server::resources::ticket::document::Ticket;
use store::ObjectId;

use super::{change, path, say, send, ticket_of};
use crate::support::{Accounts, Call, TestApp};
use crate::tickets::ticket;

const NOBODY: &str = "6650f0c2a1b2c3d4e5f60718";

#[tokio::test]
async fn each_fault_is_named() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    let id = &ticket["id"];
    let file = json!({"name": "a", "url": "https://example.com/a"});
    for (body, faults) in [
        (
            json!({}),
            vec![
                "ticket: is required: the id of the ticket",
                "comment: is required: a text, or a document of TipTap",
            ],
        ),
        (
            json!({"ticket": id, "comment": " \n"}),
            vec!["comment: is empty: write something, or attach a file"],
        ),
        (
            json!({"ticket": id, "comment": {"type": "doc", "content": []}}),
            vec!["comment: is empty: write something, or attach a file"],
        ),
        (
            json!({"ticket": id, "comment": 7}),
            vec![
                "comment: must be a text, or a document of TipTap: {\"type\": \"doc\", \"content\": […]}",
            ],
        ),
        (
            json!({"ticket": id, "comment": "a", "session": session, "isNote": true}),
            vec!["isNote: notes are of members: leave `session` out"],
        ),
        (
            json!({"ticket": id, "comment": "a", "session": session, "bot": true}),
            vec!["bot: a session is none: leave `session` or `bot` out"],
        ),
        (
            json!({"ticket": id, "comment": "a", "type": "USER_TEXT"}),
            vec!["type: must be `TEXT` or `BOT` or `BOT_REPLY` in a message without `session`"],
        ),
        (
            json!({"ticket": id, "comment": "a", "user": NOBODY}),
            vec!["user: 6650f0c2a1b2c3d4e5f60718 is no member of the project"],
        ),
        (
            json!({"ticket": id, "comment": "a", "fallbackUser": {"username": "", "imageUrl": "javascript:x"}, "attachments": [{"name": "", "url": "data:x"}]}),
            vec![
                "fallbackUser.username: must be 1 to 100 characters",
                "fallbackUser.imageUrl: must be an address that begins with http:// or https://",
                "attachments[0].url: must be an address that begins with http:// or https://",
                "attachments[0]: the name has 1 to 100 characters, the type at most 100",
            ],
        ),
        (
            json!({"ticket": id, "comment": "a", "attachments": vec![file.clone(); ATTACHMENTS_MAX + 1]}),
            vec!["attachments: are more than 20"],
        ),
    ] {
        let refused = send(&app, body.clone()).await;
        assert_eq!(refused.error(), (422, "invalid_field".into()), "{body}");
        assert_eq!(refused.faults(), faults);
    }
    let most = json!({"ticket": id, "comment": "a", "attachments": vec![file; ATTACHMENTS_MAX]});
    send(&app, most).await.ok();
    let said = say(&app, &ticket, "a").await;
    let refused = change(&app, &said, json!({"comment": ""})).await;
    assert_eq!(refused.error(), (422, "invalid_field".into()));
}

#[tokio::test]
async fn limits_of_text_hold_at_their_edge() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let sent = async |comment: serde_json::Value| {
        send(&app, json!({"ticket": made["id"], "comment": comment})).await
    };
    sent(json!("ä".repeat(TEXT_CHARS_MAX))).await.ok();
    let refused = sent(json!("ä".repeat(TEXT_CHARS_MAX + 1))).await;
    assert_eq!(
        refused.faults(),
        ["comment: has more than 50000 characters: send it in several messages, or as a file"]
    );
    // The most that plain text can become still fits.
    let line = "\u{1F642}".repeat(TEXT_CHARS_MAX / NODES_MAX - 1);
    let lines = vec![line; NODES_MAX].join("\n");
    sent(json!(lines)).await.ok();
    let image = |bytes: usize| {
        let src = format!("https://example.com/{}", "x".repeat(bytes));
        json!({"type": "image", "attrs": {"src": src}})
    };
    let empty = serde_json::to_string(&image(0)).unwrap().len() + 1;
    let frame = r#"{"type":"doc","content":[]}"#.len() - 1;
    let each = 2_000 - empty;
    let (full, rest) = (
        (CONTENT_BYTES_MAX - frame) / 2_000,
        (CONTENT_BYTES_MAX - frame) % 2_000,
    );
    let images = |last: usize| {
        let mut images = vec![image(each); full - 1];
        // Two share what is left, so that none is too short or too long.
        let left = 2_000 + last - 2 * empty;
        images.extend([image(left / 2), image(left - left / 2)]);
        json!({"type": "doc", "content": images})
    };
    sent(images(rest)).await.ok();
    let refused = sent(images(rest + 1)).await;
    assert_eq!(
        refused.faults(),
        ["comment: would be larger than 1048576 bytes: send it in several messages, or as a file"]
    );
}

#[tokio::test]
async fn a_conversation_has_an_end() {
    let app = TestApp::new().await;
    let made = ticket(&app, json!({})).await;
    let id: ObjectId = made["id"].as_str().unwrap().parse().unwrap();
    app.write(move |tx| {
        let mut row = tx.get_for_update::<Ticket>(id)?.unwrap();
        row.doc.next_message = MESSAGES_MAX - 1;
        tx.put(&mut row)
    })
    .await
    .unwrap_or_else(|error: store::Error| panic!("{error}"));
    let last = say(&app, &made, "the last").await;
    assert_eq!(last["index"], MESSAGES_MAX - 1);
    let refused = send(&app, json!({"ticket": made["id"], "comment": "one more"})).await;
    assert_eq!(refused.error(), (422, "conversation_full".into()));
}

#[tokio::test]
async fn nothing_of_another_project_is_found() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "secret").await;
    let sister = app.accounts.sister.id;
    let key = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let other = |call: Call| app.send(call.bearer(&key).project(sister));
    let theirs = other(Call::post("/v3/tickets").json(&json!({}))).await.ok();
    for (call, code) in [
        (
            Call::post("/v3/messages").json(&json!({"ticket": ticket["id"], "comment": "a"})),
            "ticket_not_found",
        ),
        (
            Call::post("/v3/messages")
                .json(&json!({"ticket": theirs["id"], "comment": "a", "session": session})),
            "session_not_found",
        ),
        (
            Call::put(&path(&said)).json(&json!({"comment": "a"})),
            "message_not_found",
        ),
        (Call::delete(&path(&said)), "message_not_found"),
    ] {
        assert_eq!(other(call).await.error(), (404, code.into()));
    }
    for query in [
        "".to_owned(),
        format!("?ticket={}", ticket["id"].as_str().unwrap()),
    ] {
        let list = other(Call::get(&format!("/v3/messages{query}"))).await.ok();
        assert_eq!(list, json!([]));
    }
    let unknown = send(&app, json!({"ticket": NOBODY, "comment": "a"})).await;
    assert_eq!(unknown.error(), (404, "ticket_not_found".into()));
    let bad = app.send(app.owner(Call::delete("/v3/messages/x"))).await;
    assert_eq!(bad.error(), (400, "invalid_id".into()));
    assert_eq!(super::texts(&app, &ticket).await, ["secret"]);
}

#[tokio::test]
async fn who_looks_on_says_nothing() {
    let app = TestApp::new().await;
    let (ticket, _) = ticket_of(&app, "u").await;
    let said = say(&app, &ticket, "a").await;
    let (_, token) = app.member("viewer@example.com", Role::Viewer).await;
    let as_viewer = |call: Call| app.send(call.bearer(&token).project(app.project()));
    let body = json!({"ticket": ticket["id"], "comment": "b"});
    for call in [
        Call::post("/v3/messages").json(&body),
        Call::put(&path(&said)).json(&body),
        Call::delete(&path(&said)),
    ] {
        assert_eq!(as_viewer(call).await.error(), (403, "missing_scope".into()));
    }
    let list = as_viewer(Call::get("/v3/messages")).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_list_cannot_be_asked_for() {
    let app = TestApp::new().await;
    for (query, parameter) in [
        ("ticket=x", "ticket"),
        (
            "ticket=6650f0c2a1b2c3d4e5f60718,6650f0c2a1b2c3d4e5f60719",
            "ticket",
        ),
        ("paginated=true", "paginated"),
        ("before=3", "before"),
        ("ticket=6650f0c2a1b2c3d4e5f60718&paginated=2", "paginated"),
        ("ticket=6650f0c2a1b2c3d4e5f60718&before=x", "before"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
    ] {
        let refused = app.get(&format!("/v3/messages?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
        let text = refused.text().to_owned();
        assert!(text.contains(&format!("`{parameter}`")), "{text}");
    }
    app.get("/v3/messages?limit=1000").await.ok();
}
