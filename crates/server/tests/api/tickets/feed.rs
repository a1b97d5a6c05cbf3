//! `GET /v3/live`, and who is there.

use std::time::Duration;

use serde_json::{Value, json};
use server::auth::roles::{Role, Scope, Scopes};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{call, path, ticket, update};
use crate::support::{Accounts, Live, TestApp};

pub struct Feed(BufReader<TcpStream>);

impl Feed {
    async fn open(app: &TestApp, live: &Live, key: &str) -> Self {
        Self::greeted(app, live, key).await.0
    }

    /// With what it is told first.
    pub async fn greeted(app: &TestApp, live: &Live, key: &str) -> (Self, Value) {
        let mut stream = TcpStream::connect(live.address).await.unwrap();
        let project = app.project();
        let request = format!(
            "GET /v3/live HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer {key}\r\nProject: {project}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut feed = Self(BufReader::new(stream));
        let hello = feed.event().await;
        assert_eq!(hello["type"], "hello");
        (feed, hello)
    }

    /// The data of the next event, whose name must be its type.
    pub async fn event(&mut self) -> Value {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            let read = timeout(Duration::from_secs(10), self.0.read_line(&mut line));
            assert!(read.await.expect("nothing came").unwrap() > 0, "it ended");
            if let Some(event) = line.strip_prefix("event: ") {
                event.trim().clone_into(&mut name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(data["type"], json!(name));
                return data;
            }
        }
    }
}

#[tokio::test]
async fn members_are_told_what_changes() {
    let app = TestApp::new().await;
    let live = app.live().await;
    let mut feed = Feed::open(&app, &live, &app.accounts.owner_key).await;
    let made = ticket(&app, json!({})).await;
    let id = &made["id"];
    assert_eq!(
        feed.event().await,
        json!({"type": "ticket.created", "id": id})
    );
    update(&app, &made, json!({"title": "a"})).await.ok();
    assert_eq!(
        feed.event().await,
        json!({"type": "ticket.updated", "id": id})
    );
    update(&app, &made, json!({"title": "a"})).await.ok();
    let session = app.identify(json!({"userId": "u"})).await.ok()["sessionId"].clone();
    assert_eq!(
        feed.event().await,
        json!({"type": "session.changed", "id": session})
    );
    call(&app, "DELETE", &path(&made, ""), json!({})).await.ok();
    assert_eq!(
        feed.event().await,
        json!({"type": "ticket.deleted", "id": id})
    );
}

#[tokio::test]
async fn members_are_told_of_their_own_project_and_of_what_they_may_see() {
    let app = TestApp::new().await;
    let live = app.live().await;
    let scopes = Scopes::from_iter([Scope::TicketsRead]);
    let key = Accounts::key(&app.app, app.project(), Role::Owner, Some(scopes))
        .await
        .token;
    let mut feed = Feed::open(&app, &live, &key).await;
    app.identify(json!({"userId": "u"})).await.ok();
    let sister = app.accounts.sister.id;
    let theirs = Accounts::key(&app.app, sister, Role::Owner, None)
        .await
        .token;
    let elsewhere = crate::support::Call::post("/v3/tickets").json(&json!({}));
    app.send(elsewhere.bearer(&theirs).project(sister))
        .await
        .ok();
    let made = ticket(&app, json!({})).await;
    assert_eq!(
        feed.event().await["id"],
        made["id"],
        "the first that it is told"
    );
}

#[tokio::test]
async fn members_see_who_else_is_there() {
    let app = TestApp::new().await;
    let live = app.live().await;
    let me = app.get("/v3/users/me").await.ok()["id"].clone();
    let made = ticket(&app, json!({})).await;
    let mut feed = Feed::open(&app, &live, &app.accounts.owner_key).await;
    let say = async |what: &str, is: bool| {
        call(
            &app,
            "POST",
            &path(&made, &format!("/{what}")),
            json!({what: is}),
        )
        .await
        .ok()
    };
    let told = |doing: &str, active: bool| json!({"type": doing, "ticket": made["id"], "user": me, "doing": doing, "active": active});
    let there = say("viewing", true).await;
    assert_eq!(
        there["present"],
        json!([{"ticket": made["id"], "user": me, "doing": "viewing", "active": true}])
    );
    assert_eq!(feed.event().await, told("viewing", true));
    say("viewing", true).await;
    assert_eq!(
        say("typing", true).await["present"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        feed.event().await,
        told("typing", true),
        "what is said again is not told again"
    );
    say("typing", false).await;
    assert_eq!(feed.event().await, told("typing", false));
    app.clock.advance_seconds(60);
    assert_eq!(
        say("typing", false).await["present"],
        json!([]),
        "what is not said again is over"
    );
}

#[tokio::test]
async fn as_many_watch_as_may() {
    let app = TestApp::with(&[("live.watchers_max", "1")]).await;
    let live = app.live().await;
    let first = Feed::open(&app, &live, &app.accounts.owner_key).await;
    let call = || app.owner(crate::support::Call::get("/v3/live"));
    assert_eq!(app.open(call()).await.status(), 503);
    drop(first);
    for _ in 0..1_000 {
        if app.open(call()).await.status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a place that was left is not given again");
}
