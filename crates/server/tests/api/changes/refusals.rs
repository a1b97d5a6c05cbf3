//! Calls that are not answered.

use super::{PATH, asked, now};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn bad_parameters_are_named() {
    let app = TestApp::new().await;
    for (query, code) in [
        ("since=yesterday", "invalid_cursor"),
        ("since=", "invalid_cursor"),
        ("since=-1", "invalid_cursor"),
        ("limit=0", "invalid_query"),
        ("limit=1001", "invalid_query"),
        ("wait=61", "invalid_query"),
        ("wait=-1", "invalid_query"),
        ("email=ada@example.com", "invalid_query"),
        ("wait%3E=1", "invalid_query"),
    ] {
        assert_eq!(
            asked(&app, query).await.error(),
            (400, code.into()),
            "{query}"
        );
    }
    let last = app.owner(Call::get(PATH)).header("last-event-id", "x");
    assert_eq!(app.send(last).await.error(), (400, "invalid_cursor".into()));
    for query in ["limit=1", "limit=1000", "wait=0"] {
        assert_eq!(asked(&app, query).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn cursors_that_nobody_gave_are_gone() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    let epoch = cursor.split_once('-').unwrap().0;
    let id = "6650f0c2a1b2c3d4e5f60718";
    for cursor in [
        format!("{id}-0"),
        format!("{epoch}-99"),
        format!("{epoch}-99-{id}"),
        format!("{epoch}-99-d{id}"),
    ] {
        let answer = asked(&app, &format!("since={cursor}")).await;
        assert_eq!(answer.error(), (410, "cursor_gone".into()), "{cursor}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("since=beginning"), "{message}");
    }
}
