//! What a session does by one node is told to those who watch it by another, and its pages are shown what they are to show.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use crate::live::feed::{Feed, activity, report};
use crate::live::operations::put_checklist;
use crate::live::{guest, nothing_new};
use crate::support::{Socket, TestApp};

#[tokio::test]
async fn what_a_session_does_by_one_node_is_told_by_the_other() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (session, _) = guest(&one, "Ada").await;
    let live = two.live().await;
    let mut feed = Feed::open(&two, &live, session).await;
    assert_eq!(feed.event().await.unwrap().0, "hello");
    let (project, did) = (one.project(), || {
        activity(&one, "event", Some("{\"name\":\n\"clicked\"}"))
    });

    // It takes a moment until the other node knows that somebody watches.
    let first = loop {
        report(&one, session, did());
        if let Ok(first) = timeout(Duration::from_millis(100), feed.event()).await {
            break first.unwrap();
        }
    };
    let date = one.clock.at(0);
    let told = json!({"date": date, "data": {"name": "clicked"}});
    assert_eq!(first, ("event".into(), told));
    assert!(one.app.live.is_watched(project, session));
    let long = format!("\"{}\"", "x".repeat(7_000));
    report(&one, session, activity(&one, "report", Some(&long)));
    let last = loop {
        let (kind, told) = feed.event().await.unwrap();
        if kind != "event" {
            break (kind, told);
        }
    };
    assert_eq!(
        last,
        ("report".into(), json!({"date": date})),
        "what is too long is told without its data"
    );

    drop(feed);
    one.clock.advance_seconds(60);
    assert!(
        !one.app.live.is_watched(project, session),
        "it holds as long as it is said"
    );
}

#[tokio::test]
async fn a_page_is_shown_a_checklist_that_another_node_was_told() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (session, credential) = guest(&one, "Ada").await;
    let live = two.live().await;
    let mut page = Socket::page(&live, &credential).await;
    assert_eq!(page.frame().await, nothing_new());
    // A node that was just started does not hear at once.
    let frame = loop {
        let body = json!({"outboundId": "o1", "status": "active", "completedSteps": ["s1"]});
        put_checklist(&one, session, body).await.ok();
        if let Ok(frame) = timeout(Duration::from_millis(100), page.frame()).await {
            break frame;
        }
    };
    assert_eq!(
        (&frame["name"], &frame["data"]["id"]),
        (&json!("checklist"), &json!("list-1"))
    );
}
