//! Changes are kept for a time.

use serde_json::json;
use server::resources::session::changes::sweep;

use super::{asked, now, pairs, since, told};
use crate::merge::user;
use crate::support::{Call, TestApp};

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn changes_are_forgotten_after_their_days() {
    let app = TestApp::with(&[("session.change_days", "2")]).await;
    let start = now(&app).await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (_, read) = since(&app, &start, 100).await;
    app.clock.advance_seconds(2 * DAY);
    assert_eq!(sweep(&app.app).await.unwrap(), 0, "two days are not over");
    assert_eq!(told(&app, &start).await, pairs(&[("changed", &id)]));
    app.clock.advance_ms(1);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
    let gone = asked(&app, &format!("since={start}")).await;
    assert_eq!(gone.error(), (410, "cursor_gone".into()));
    assert_eq!(told(&app, &read).await, [], "who had read it goes on");
    // What begins again tells it all the same: the session is there.
    assert_eq!(told(&app, "beginning").await, pairs(&[("changed", &id)]));
}

#[tokio::test]
async fn what_nobody_read_is_forgotten_too() {
    let app = TestApp::with(&[("session.change_days", "1")]).await;
    let start = now(&app).await;
    for n in 0..3 {
        let id = user(&app, json!({"userId": format!("u{n}")})).await;
        let path = format!("/v3/sessions/{id}");
        app.send(app.owner(Call::delete(&path))).await;
    }
    app.clock.advance_seconds(DAY + 1);
    assert_eq!(sweep(&app.app).await.unwrap(), 3);
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
    assert_eq!(asked(&app, &format!("since={start}")).await.status, 410);
    let fresh = now(&app).await;
    let id = user(&app, json!({"userId": "u"})).await;
    assert_eq!(told(&app, &fresh).await, pairs(&[("changed", &id)]));
}

#[tokio::test]
async fn a_project_of_which_nobody_asked_keeps_nothing() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "u"})).await;
    let count = |app: &TestApp| {
        let rows = app.rows();
        let of = |name: &str| rows.iter().find(|(table, _)| table == name).unwrap().1;
        (of("session_feed"), of("session_feed_head"))
    };
    assert_eq!(count(&app), (0, 0));
    now(&app).await;
    user(&app, json!({"userId": "v"})).await;
    assert_eq!(count(&app), (1, 1));
}
