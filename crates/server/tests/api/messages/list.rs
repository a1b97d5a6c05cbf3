//! `GET /v3/messages`.

use serde_json::{Value, json};

use super::{hear, say, send, ticket_of};
use crate::support::TestApp;
use crate::tickets::ticket;

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|message| message["data"]["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_conversation_is_read_in_parts_from_its_end() {
    let app = TestApp::new().await;
    let ticket = ticket(&app, json!({})).await;
    for number in 0..5 {
        say(&app, &ticket, &number.to_string()).await;
    }
    let id = ticket["id"].as_str().unwrap();
    let part = async |more: &str| {
        let path = format!("/v3/messages?ticket={id}&paginated=true&limit=2{more}");
        app.get(&path).await.ok()
    };
    let (mut before, mut seen) = (String::new(), Vec::new());
    for (expected, has_more) in [(["3", "4"], true), (["1", "2"], true)] {
        let found = part(&before).await;
        assert_eq!(texts(&found["items"]), expected);
        assert_eq!(found["hasMore"], has_more);
        before = format!("&before={}", found["nextBefore"].as_str().unwrap());
        seen.push(found);
    }
    let first = part(&before).await;
    assert_eq!(texts(&first["items"]), ["0"]);
    assert_eq!(
        (&first["hasMore"], &first["nextBefore"]),
        (&json!(false), &json!("0"))
    );
    let nothing = part("&before=0").await;
    assert_eq!(
        nothing,
        json!({"items": [], "hasMore": false, "nextBefore": "0"})
    );
    let exactly = app
        .get(&format!("/v3/messages?ticket={id}&paginated=true&limit=5"))
        .await
        .ok();
    assert_eq!(exactly["hasMore"], false);
}

#[tokio::test]
async fn a_list_is_in_the_order_of_the_conversation_and_leads_on() {
    let app = TestApp::new().await;
    let ticket = ticket(&app, json!({})).await;
    for number in 0..5 {
        say(&app, &ticket, &number.to_string()).await;
    }
    let path = format!(
        "/v3/messages?ticket={}&sort=-createdAt&limit=3&showHistory=true",
        ticket["id"].as_str().unwrap()
    );
    let page = app.get(&path).await;
    assert_eq!(texts(&page.ok()), ["0", "1", "2"]);
    let next = page
        .header("link")
        .split(['<', '>'])
        .nth(1)
        .unwrap()
        .to_owned();
    let rest = app.get(&next).await;
    assert_eq!(texts(&rest.ok()), ["3", "4"]);
    assert_eq!(rest.header("link"), "");
}

#[tokio::test]
async fn it_is_filtered() {
    let app = TestApp::new().await;
    let (ticket, session) = ticket_of(&app, "u").await;
    let (other, _) = ticket_of(&app, "v").await;
    hear(&app, &ticket, &session, "theirs").await;
    say(&app, &ticket, "ours").await;
    app.clock.advance_seconds(10);
    send(
        &app,
        json!({"ticket": ticket["id"], "comment": "note", "isNote": true}),
    )
    .await
    .ok();
    send(
        &app,
        json!({"ticket": other["id"], "comment": "program", "bot": true}),
    )
    .await
    .ok();
    let id = ticket["id"].as_str().unwrap();
    let since = app.clock.at(-1000);
    for (query, expected) in [
        (format!("ticket={id}&type=TEXT,NOTE"), vec!["ours", "note"]),
        (
            format!("ticket={id}&bot=false&createdAt%3E={since}"),
            vec!["note"],
        ),
        (format!("session={session}"), vec!["theirs"]),
        ("bot=true".into(), vec!["program"]),
        (String::new(), vec!["program", "note", "ours", "theirs"]),
        ("ticket=6650f0c2a1b2c3d4e5f60718".into(), vec![]),
    ] {
        let found = app.get(&format!("/v3/messages?{query}")).await.ok();
        assert_eq!(texts(&found), expected, "{query}");
    }
}
