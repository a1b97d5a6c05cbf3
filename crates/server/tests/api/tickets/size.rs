//! Tickets that are as large as programs make them, and texts that want to be markup.

use serde_json::{Value, json};

use super::{path, ticket, update};
use crate::merge::guest;
use crate::messages::{conversation, hear, say};
use crate::support::{TestApp, encoded};
use crate::tickets::{call, now};

const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'`";

#[tokio::test]
async fn of_ten_thousand_lines_of_log_the_newest_are_kept() {
    let app = TestApp::new().await;
    let line = |number: usize| json!({"log": format!("line {number} {MARKUP}"), "priority": "INFO", "date": "2026-01-31T08:05:00.123Z"});
    let lines: Vec<_> = (0..10_000).map(line).collect();
    let body = json!({"consoleLog": lines, "networkLogs": lines, "customEventLog": lines});
    let made = ticket(&app, body).await;
    for log in ["console-logs", "network-logs", "activity-logs"] {
        let kept = app.get(&path(&made, &format!("/{log}"))).await.ok();
        let kept = kept.as_array().unwrap().clone();
        assert_eq!(kept.len(), 1_000, "{log}");
        assert_eq!(
            (&kept[0], &kept[999]),
            (&line(9_000), &line(9_999)),
            "{log}"
        );
    }
    let list = app.get("/v3/tickets").await;
    assert!(list.body.len() < 10_000, "logs are kept apart");
}

/// The API answers with what was written, as JSON; what a browser or an app puts into a page has no markup.
#[tokio::test]
async fn texts_that_want_to_be_markup() {
    let app = TestApp::new().await;
    let (id, client) = guest(&app).await;
    let name = json!({"name": MARKUP, "phone": MARKUP, "companyName": MARKUP});
    call(
        &app,
        "PUT",
        &format!("/v3/sessions/{id}"),
        json!({"name": MARKUP}),
    )
    .await
    .ok();
    app.sdk(
        "/sessions/partialupdate",
        Some(&client),
        json!({"data": name}),
    )
    .await
    .ok();
    let body = json!({"title": MARKUP, "session": id, "tags": [MARKUP], "formData": {"description": MARKUP}, "customData": {"a": MARKUP}});
    let made = ticket(&app, body).await;
    assert_eq!(
        (&made["title"], &made["formData"]["description"]),
        (&json!(MARKUP), &json!(MARKUP))
    );
    hear(&app, &made, &id, MARKUP).await;
    say(&app, &made, &format!("{MARKUP} {{{{name}}}}")).await;
    let other =
        json!({"ticket": made["id"], "comment": MARKUP, "fallbackUser": {"username": MARKUP}});
    call(&app, "POST", "/v3/messages", other).await.ok();
    for message in conversation(&app, &made).await {
        let content = &message["data"]["content"]["content"][0]["content"];
        assert_eq!(
            content.as_array().unwrap().len(),
            1,
            "it is one text: {content}"
        );
        assert_eq!(content[0]["type"], "text");
    }
    assert_eq!(
        now(&app, &made).await["latestComment"]["data"]["text"],
        MARKUP
    );
    let told = app
        .sdk("/sessions/ping", Some(&client), json!({"ws": false}))
        .await
        .ok();
    let actions = told["a"].as_array().unwrap();
    assert_eq!(actions.len(), 2);
    let texts = |action: &Value| {
        [
            action["data"]["text"].clone(),
            action["data"]["sender"]["name"].clone(),
        ]
    };
    for text in actions.iter().flat_map(texts) {
        assert!(
            !text.as_str().unwrap().contains(['<', '>', '"', '\'', '`']),
            "{text}"
        );
    }
    for path in ["/v3/tickets", "/v3/messages", "/v3/tickets/export"] {
        let answer = app.get(path).await;
        assert!(
            answer
                .header("content-type")
                .starts_with("application/json"),
            "{path}"
        );
    }
}

/// What an inbox counts for its badge opens the tickets that nobody saw, however many were seen.
#[tokio::test]
async fn unread_tickets_are_counted_among_many_that_were_read() {
    let app = TestApp::with(&[("limits.list_documents_max", "3")]).await;
    for number in 0..12 {
        let made = ticket(&app, json!({"title": format!("{number}")})).await;
        if number % 6 == 0 {
            let body = json!({"notificationsUnread": true});
            update(&app, &made, body).await.ok();
        }
    }
    let filter = encoded(r#"{"notificationsUnread":true,"isSpam":{"$ne":true}}"#);
    let counted = app
        .get(&format!("/v3/tickets/ticketscount?filter={filter}"))
        .await
        .ok();
    assert_eq!(counted["count"], 2);
    let all = encoded(r#"{"isSpam":{"$ne":true}}"#);
    let refused = app
        .get(&format!("/v3/tickets/ticketscount?filter={all}"))
        .await;
    assert_eq!(refused.error(), (503, "query_too_expensive".into()));
}
