//! The feed of a session.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use server::live::{self, Activity};
use store::ObjectId;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{guest, join, nothing_new};
use crate::support::{Live, Socket, TestApp};

/// A watcher that reads event by event.
pub struct Feed {
    status: u16,
    reader: BufReader<TcpStream>,
}

impl Feed {
    pub async fn open(app: &TestApp, live: &Live, session: impl std::fmt::Display) -> Self {
        let mut stream = TcpStream::connect(live.address).await.unwrap();
        let (key, project) = (&app.accounts.owner_key, app.project());
        let request = format!(
            "GET /v3/sessions/{session}/live HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer {key}\r\nProject: {project}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut feed = Self {
            status: 0,
            reader: BufReader::new(stream),
        };
        let mut head = Vec::new();
        loop {
            match feed.line().await.as_deref() {
                Some("") => break,
                Some(line) => head.push(line.to_lowercase()),
                None => panic!("no head"),
            }
        }
        feed.status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        if feed.status == 200 {
            assert!(
                head.contains(&"content-type: text/event-stream".to_owned()),
                "{head:?}"
            );
        }
        feed
    }

    /// The next line; `None` when the connection ended.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(Duration::from_secs(10), self.reader.read_line(&mut line));
        let count = read.await.expect("nothing came").unwrap_or(0);
        (count > 0).then(|| line.trim_end().to_owned())
    }

    /// Name and data of the next event; `None` when there are no more. Sizes of chunks are passed over.
    pub async fn event(&mut self) -> Option<(String, Value)> {
        let mut name = None;
        loop {
            let line = self.line().await?;
            if let Some(event) = line.strip_prefix("event: ") {
                name = Some(event.to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name?, serde_json::from_str(data).unwrap()));
            } else if line == "0" {
                return None;
            }
        }
    }
}

pub fn activity(app: &TestApp, kind: &'static str, data: Option<&str>) -> Activity {
    Activity {
        kind: kind.into(),
        date: app.app.now(),
        data: data.map(|text| RawValue::from_string(text.to_owned()).unwrap()),
    }
}

pub fn report(app: &TestApp, session: ObjectId, activity: Activity) {
    live::report(&app.app, app.project(), session, activity);
}

#[tokio::test]
async fn what_a_session_does_is_told() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await, nothing_new());
    report(&app, session, activity(&app, "event", None));
    let mut feed = Feed::open(&app, &live, session).await;
    let now = app.clock.at(0);
    let hello = json!({"date": now, "data": {"session": session, "sockets": 1}});
    assert_eq!(
        feed.event().await,
        Some(("hello".into(), hello)),
        "what was before is not told"
    );

    app.clock.advance_seconds(1);
    let now = app.clock.at(0);
    report(
        &app,
        session,
        activity(&app, "event", Some("{\r\n \"name\":\n\"pageView\"}")),
    );
    let data = json!({"date": now, "data": {"name": "pageView"}});
    assert_eq!(feed.event().await, Some(("event".into(), data)));
    report(&app, session, activity(&app, "identified", None));
    assert_eq!(
        feed.event().await,
        Some(("identified".into(), json!({"date": now})))
    );

    let second = Socket::page(&live, &credential).await;
    let count = |count: u64| json!({"date": now, "data": {"sockets": count}});
    assert_eq!(feed.event().await, Some(("connected".into(), count(2))));
    drop(second);
    assert_eq!(feed.event().await, Some(("disconnected".into(), count(1))));
    drop(socket);
    assert_eq!(feed.event().await, Some(("disconnected".into(), count(0))));
}

#[tokio::test]
async fn the_id_of_a_merged_session_watches_the_survivor() {
    let app = TestApp::new().await;
    let (gone, _) = guest(&app, "Guest").await;
    let (survivor, _) = guest(&app, "User").await;
    let live = app.live().await;
    let mut before = Feed::open(&app, &live, gone).await;
    assert_eq!(
        before.event().await.unwrap().1["data"]["session"],
        gone.to_string()
    );
    join(&app, survivor, gone).await;
    app.app.live.merged(app.project(), gone, survivor);
    let mut after = Feed::open(&app, &live, gone).await;
    assert_eq!(
        after.event().await.unwrap().1["data"]["session"],
        survivor.to_string()
    );
    report(&app, survivor, activity(&app, "merged", None));
    for feed in [&mut before, &mut after] {
        assert_eq!(feed.event().await.unwrap().0, "merged");
    }
}

#[tokio::test]
async fn watchers_have_a_limit() {
    let app = TestApp::with(&[("live.watchers_max", "2")]).await;
    let (session, _) = guest(&app, "Ada").await;
    let live = app.live().await;
    let one = Feed::open(&app, &live, session).await;
    let two = Feed::open(&app, &live, session).await;
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(Feed::open(&app, &live, session).await.status, 503);
    drop(one);
    for _ in 0..1000 {
        if Feed::open(&app, &live, session).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the place of one who went is not given to another");
}

#[tokio::test]
async fn slow_watchers_are_dropped() {
    let app = TestApp::with(&[("live.watcher_queue_max", "8")]).await;
    let (session, _) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut fast = Feed::open(&app, &live, session).await;
    let mut slow = Feed::open(&app, &live, session).await;
    fast.event().await.unwrap();
    slow.event().await.unwrap();
    let large = format!("\"{}\"", "x".repeat(100_000));
    for _ in 0..400 {
        report(&app, session, activity(&app, "event", Some(&large)));
        assert_eq!(fast.event().await.unwrap().0, "event");
    }
    let mut told = 0;
    while slow.event().await.is_some() {
        told += 1;
    }
    assert!((8..400).contains(&told), "{told}");
}

#[tokio::test]
async fn feeds_end_when_the_server_stops() {
    let app = TestApp::new().await;
    let (session, _) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut feed = Feed::open(&app, &live, session).await;
    feed.event().await.unwrap();
    assert_eq!(live.stop().await, 0, "no connection had to be cut");
    assert_eq!(feed.event().await, None);
}

#[tokio::test]
async fn what_servers_say_of_a_session_is_told() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let session = app.session("u").await["_id"].as_str().unwrap().to_owned();
    let live = app.live().await;
    let mut feed = Feed::open(&app, &live, &session).await;
    assert_eq!(feed.event().await.unwrap().0, "hello");
    app.track(json!([{"userId": "other", "name": "not heard"}]))
        .await
        .ok();
    app.track(json!([{"userId": "u", "name": "paid", "data": {"amount": 49}}]))
        .await
        .ok();
    let (name, told) = feed.event().await.unwrap();
    assert_eq!(name, "event");
    assert_eq!(
        told["data"],
        json!({"name": "paid", "data": {"amount": 49}})
    );
    app.identify(json!({"userId": "u", "plan": "pro"}))
        .await
        .ok();
    assert_eq!(feed.event().await.unwrap().0, "updated");
}

#[tokio::test]
async fn feeds_end_when_the_session_is_erased() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u"})).await.ok();
    let session = app.session("u").await["_id"].as_str().unwrap().to_owned();
    let live = app.live().await;
    let mut feed = Feed::open(&app, &live, &session).await;
    feed.event().await.unwrap();
    let delete = app.server(crate::support::Call::delete("/admin/contacts/u"));
    assert_eq!(app.send(delete).await.status, 204);
    assert_eq!(feed.event().await, None);
    assert_eq!(Feed::open(&app, &live, &session).await.status, 404);
}
