//! Calls that wait for a change.

use std::time::{Duration, Instant};

use serde_json::json;
use server::auth::roles::Role;

use super::{PATH, asked, now, pairs, told};
use crate::merge::user;
use crate::support::{Accounts, Call, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_answered_by_the_commit() {
    let app = TestApp::new().await;
    let mut cursor = now(&app).await;
    for round in 0..5 {
        let query = format!("since={cursor}&wait=60");
        let began = Instant::now();
        let (answer, id) = tokio::join!(asked(&app, &query), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            user(&app, json!({"userId": format!("u{round}")})).await
        });
        let answer = answer.ok();
        assert_eq!(answer["changes"][0]["sessionId"], id);
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "not by the end of its time"
        );
        cursor = answer["cursor"].as_str().unwrap().to_owned();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_nothing_is_answered_when_the_time_is_over() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    let began = Instant::now();
    let answer = asked(&app, &format!("since={cursor}&wait=1")).await.ok();
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(
        answer,
        json!({"changes": [], "cursor": cursor, "more": false})
    );
    // What is there already is not waited for, nor is the beginning.
    let id = user(&app, json!({"userId": "u"})).await;
    for since in [cursor.as_str(), "beginning"] {
        let began = Instant::now();
        let answer = asked(&app, &format!("since={since}&wait=60")).await.ok();
        assert_eq!(answer["changes"][0]["sessionId"], id);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_other_projects_are_not_told() {
    let app = TestApp::new().await;
    let other = app.accounts.sister.id;
    let key = Accounts::key(&app.app, other, Role::Owner, None).await;
    let cursor = now(&app).await;
    let there = |call: Call| call.bearer(&key.token).project(other);
    let answer = app.send(there(Call::get(PATH))).await.ok();
    let theirs = answer["cursor"].as_str().unwrap().to_owned();
    user(&app, json!({"userId": "u"})).await;
    let call = there(Call::get(&format!("{PATH}?since={theirs}&wait=1")));
    assert_eq!(app.send(call).await.ok()["changes"], json!([]));
    assert_eq!(told(&app, &cursor).await.len(), 1);
    // Nor is a cursor known in another project.
    let call = there(Call::get(&format!("{PATH}?since={cursor}")));
    assert_eq!(app.send(call).await.error(), (410, "cursor_gone".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_may_wait_at_once() {
    let app = TestApp::with(&[("live.watchers_max", "1")]).await;
    let cursor = now(&app).await;
    let stream = app
        .owner(Call::get(PATH))
        .header("accept", "text/event-stream");
    let stream = app.open(stream).await;
    assert_eq!(stream.status(), 200);
    let refused = asked(&app, &format!("since={cursor}&wait=1")).await;
    assert_eq!(refused.error(), (503, "too_many_connections".into()));
    // Who does not wait needs no place.
    assert_eq!(asked(&app, &format!("since={cursor}")).await.status, 200);
    drop(stream);
    let answer = asked(&app, &format!("since={cursor}&wait=1")).await;
    assert_eq!(answer.status, 200, "the place is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_is_let_go_when_the_server_stops() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    let began = Instant::now();
    let query = format!("since={cursor}&wait=60");
    let (answer, ()) = tokio::join!(asked(&app, &query), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.app.session_waiters.stop();
    });
    assert_eq!(
        answer.ok(),
        json!({"changes": [], "cursor": cursor, "more": false})
    );
    assert!(began.elapsed() < Duration::from_secs(30));
    let id = user(&app, json!({"userId": "u"})).await;
    assert_eq!(told(&app, &cursor).await, pairs(&[("changed", &id)]));
}
