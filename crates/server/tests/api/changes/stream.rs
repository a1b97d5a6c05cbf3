//! Changes as server-sent events.

use axum::response::Response;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

use super::{PATH, now};
use crate::merge::{guest, merged, user};
use crate::support::{Answer, Call, TestApp};

/// One who follows the changes.
struct Follower {
    body: axum::body::BodyDataStream,
    text: String,
}

/// Name, id and data of an event.
type Told = (String, String, Value);

impl Follower {
    fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            body: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next event; `None` when there are no more.
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::to_owned)
                };
                let Some(name) = field("event: ") else {
                    continue; // a heartbeat
                };
                let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
                return Some((name, field("id: ").unwrap(), data));
            }
            let read = tokio::time::timeout(Duration::from_secs(20), self.body.next());
            let bytes = read.await.expect("nothing came")?.unwrap();
            self.text.push_str(str::from_utf8(&bytes).unwrap());
        }
    }
}

fn call(app: &TestApp, query: &str) -> Call {
    app.owner(Call::get(&format!("{PATH}?{query}")))
        .header("accept", "text/event-stream")
}

async fn follow(app: &TestApp, query: &str) -> Follower {
    Follower::of(app.open(call(app, query)).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_come_as_they_are_made() {
    let app = TestApp::new().await;
    let start = now(&app).await;
    let mut follower = follow(&app, "").await;
    let (name, id, data) = follower.next().await.unwrap();
    assert_eq!((name.as_str(), &id), ("hello", &start));
    assert_eq!(data, json!({"cursor": start}));

    let ada = user(&app, json!({"userId": "u", "note": "two\nlines"})).await;
    let (name, first, data) = follower.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["sessionId"]),
        ("changed", &json!(ada))
    );
    assert_eq!(data["session"], app.session("u").await);

    let (gone, _) = guest(&app).await;
    assert_eq!(follower.next().await.unwrap().2["sessionId"], gone);
    merged(&app, &ada, &gone).await;
    let mut told = [
        follower.next().await.unwrap(),
        follower.next().await.unwrap(),
    ];
    told.sort_by_key(|(name, ..)| name.clone());
    let [changed, merged] = told;
    assert_eq!(
        (changed.0.as_str(), &changed.2["sessionId"]),
        ("changed", &json!(ada))
    );
    assert_eq!(merged.0, "merged");
    assert_eq!(
        (&merged.2["sessionId"], &merged.2["into"]),
        (&json!(gone), &json!(ada))
    );

    let path = format!("/v3/sessions/{ada}");
    app.send(app.owner(Call::delete(&path))).await;
    let (name, _, data) = follower.next().await.unwrap();
    assert_eq!(
        (name.as_str(), &data["sessionId"]),
        ("deleted", &json!(ada))
    );

    // Who comes back with the id of an event is told what came after it.
    let back = call(&app, "since=beginning").header("last-event-id", &first);
    let mut again = Follower::of(app.open(back).await);
    assert_eq!(again.next().await.unwrap().1, first);
    let mut after = [again.next().await.unwrap(), again.next().await.unwrap()].map(|it| it.0);
    after.sort();
    assert_eq!(after, ["deleted", "merged"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_there_is_told_first() {
    let app = TestApp::new().await;
    for n in 0..5 {
        user(&app, json!({"userId": format!("u{n}")})).await;
    }
    let mut follower = follow(&app, "since=beginning&limit=2").await;
    assert_eq!(follower.next().await.unwrap().0, "hello");
    let mut cursors = Vec::new();
    for n in 0..5 {
        let (name, cursor, data) = follower.next().await.unwrap();
        assert_eq!(name, "changed");
        assert_eq!(data["session"]["userId"], format!("u{n}"));
        cursors.push(cursor);
    }
    user(&app, json!({"userId": "new"})).await;
    assert_eq!(follower.next().await.unwrap().2["session"]["userId"], "new");
    // Broken off in the middle, it goes on there.
    let mut again = follow(&app, &format!("since={}", cursors[2])).await;
    again.next().await.unwrap();
    for user in ["u3", "u4", "new"] {
        assert_eq!(again.next().await.unwrap().2["session"]["userId"], user);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_the_server_stops() {
    let app = TestApp::new().await;
    let mut follower = follow(&app, "").await;
    follower.next().await.unwrap();
    app.app.session_waiters.stop();
    assert_eq!(follower.next().await, None);
}

#[tokio::test]
async fn a_stream_needs_a_place_and_a_cursor() {
    let app = TestApp::with(&[("live.watchers_max", "1")]).await;
    let gone = "since=6650f0c2a1b2c3d4e5f60718-7";
    let refused = Answer::read(app.open(call(&app, gone)).await).await;
    assert_eq!(refused.error(), (410, "cursor_gone".into()));
    let follower = follow(&app, "").await;
    let second = Answer::read(app.open(call(&app, "")).await).await;
    assert_eq!(second.error(), (503, "too_many_connections".into()));
    drop(follower);
    follow(&app, "").await;
}
