//! What is pushed: sockets of client SDKs over a real port, what waits for them, and the feed of a session.

mod delivery;
pub mod feed;
mod life;
mod limits;
pub mod operations;
mod refusals;

use serde_json::{Value, json};
use server::resources::session::document::Session;
use server::resources::session::history::Origin;
use server::resources::session::identify::insert_as;
use server::resources::session::merge::merge;
use store::ObjectId;

use crate::support::{Answer, Call, Credential, TestApp};

/// What a socket is told when it opens and there is nothing new.
pub fn nothing_new() -> Value {
    json!({"name": "update", "data": {"a": [], "u": 0}})
}

/// A session without a user id, as a client SDK makes one.
pub async fn guest(app: &TestApp, name: &'static str) -> (ObjectId, Credential) {
    let unit = move |tx: &mut store::Tx<'_>| {
        let id = tx.new_id();
        let session = Session {
            gleap_id: format!("gleap-{id}"),
            gleap_hash: format!("hash-{id}"),
            name: Some(name.to_owned()),
            ..Session::default()
        };
        insert_as(tx, id, session).map(|row| row.id)
    };
    let id: ObjectId = app.write(unit).await.unwrap();
    let credential = Credential {
        gleap_id: format!("gleap-{id}"),
        gleap_hash: format!("hash-{id}"),
        sdk_key: app.accounts.first.sdk_key.clone(),
    };
    (id, credential)
}

/// Merges two sessions.
async fn join(app: &TestApp, survivor: ObjectId, gone: ObjectId) {
    let unit = move |tx: &mut store::Tx<'_>| {
        let origin = Origin {
            source: "merge".into(),
            method: None,
            original_url: None,
            user_id: None,
            has_api_key: false,
        };
        merge(tx, survivor, gone, &origin, 500).map(drop)
    };
    app.write(unit).await.unwrap();
}

/// What the client does when it sends its first events.
fn events_call(app: &TestApp, session: ObjectId) {
    app.app.live.ready(app.project(), session);
}

pub async fn notify(app: &TestApp, session: ObjectId, body: Value) -> Answer {
    let path = format!("/v3/sessions/{session}/notifications");
    app.send(app.owner(Call::post(&path).json(&body))).await
}

async fn set_unread(app: &TestApp, session: ObjectId, unread: u64) {
    let path = format!("/v3/sessions/{session}/unread");
    let call = Call::new("PUT", &path).json(&json!({"unread": unread}));
    app.send(app.owner(call)).await.ok();
}

/// The texts of the notifications of a frame.
pub fn texts(frame: &Value) -> Vec<&str> {
    assert_eq!(frame["name"], "update");
    let actions = frame["data"]["a"].as_array().unwrap();
    for action in actions {
        assert_eq!(action["actionType"], "notification");
    }
    let texts = actions.iter().map(|action| action["data"]["text"].as_str());
    texts.map(Option::unwrap).collect()
}

/// The value of a gauge in `/metrics`.
async fn gauge(app: &TestApp, name: &str) -> u64 {
    let metrics = app.send(Call::get("/metrics")).await;
    let line = metrics.text().lines().find(|line| line.starts_with(name));
    let value = line.unwrap().rsplit(' ').next().unwrap();
    value.parse().unwrap()
}

/// Waits until so many sockets are open.
async fn sockets_are(app: &TestApp, count: u64) {
    for _ in 0..1000 {
        if gauge(app, "hark_live_sockets").await == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{} sockets", gauge(app, "hark_live_sockets").await);
}
