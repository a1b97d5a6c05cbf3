//! The life of a socket.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;

use super::{guest, join, nothing_new, set_unread, sockets_are};
use crate::merge::{merged, undo};
use crate::support::{Runs, Socket, TestApp};

#[tokio::test]
async fn what_clients_send_is_not_answered() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await, nothing_new());
    for text in ["PING", "9", "", "{}", "{\"name\":\"update\"}", "🙂"] {
        socket.send(text).await;
    }
    assert!(socket.is_silent(Duration::from_millis(300)).await);
    set_unread(&app, session, 1).await;
    assert_eq!(socket.frame().await["data"]["u"], 1, "it is still there");
}

#[tokio::test]
async fn pings_of_clients_are_answered() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::open(&live, &credential.at("/ws"), Runs::InApp)
        .await
        .unwrap();
    socket.frame().await;
    socket.ping(b"40 s").await;
    let pong = socket.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(b"40 s".as_slice().into()));
}

#[tokio::test]
async fn the_server_pings_and_keeps_those_who_answer() {
    let app = TestApp::with(&[("live.ping_interval_ms", "300")]).await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    // For longer than three intervals, after which one that does not answer is dropped.
    for _ in 0..6 {
        let ping = socket.next().await.unwrap().unwrap();
        assert!(matches!(ping, Message::Ping(_)), "{ping:?}");
    }
}

#[tokio::test]
async fn who_is_not_heard_of_is_dropped() {
    let app = TestApp::with(&[("live.ping_interval_ms", "500")]).await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let socket = Socket::page(&live, &credential).await;
    sockets_are(&app, 1).await;
    // The client does not read, so it answers no ping.
    sockets_are(&app, 0).await;
    drop(socket);
}

#[tokio::test]
async fn a_client_may_go_in_any_way() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut polite = Socket::page(&live, &credential).await;
    let rude = Socket::page(&live, &credential).await;
    sockets_are(&app, 2).await;
    drop(rude);
    sockets_are(&app, 1).await;
    polite.close().await;
    sockets_are(&app, 0).await;
}

#[tokio::test]
async fn a_long_message_of_a_client_ends_its_socket() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    socket.send(&"x".repeat(4096)).await;
    assert!(socket.is_silent(Duration::from_millis(200)).await);
    socket.send(&"x".repeat(4097)).await;
    socket.assert_dropped().await;
}

#[tokio::test]
async fn a_stop_drops_sockets_without_a_close_frame() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut one = Socket::page(&live, &credential).await;
    let mut other = Socket::open(&live, &credential.at("/"), Runs::InApp)
        .await
        .unwrap();
    one.frame().await;
    other.frame().await;
    let started = Instant::now();
    assert_eq!(live.stop().await, 0, "no connection is left to be cut");
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(one.rest().await, b"", "the connection ends without a byte");
    other.assert_dropped().await;
    sockets_are(&app, 0).await;
}

#[tokio::test]
async fn who_comes_while_the_server_stops_is_dropped() {
    let app = TestApp::new().await;
    let (_, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    app.app.live.stop();
    let socket = Socket::page(&live, &credential).await;
    socket.assert_dropped().await;
}

#[tokio::test]
async fn merging_moves_sockets_and_leaves_them_open() {
    let app = TestApp::new().await;
    let (gone, old) = guest(&app, "Guest").await;
    let (survivor, new) = guest(&app, "User").await;
    let live = app.live().await;
    set_unread(&app, survivor, 3).await;
    let mut old = Socket::page(&live, &old).await;
    assert_eq!(old.frame().await, nothing_new());
    join(&app, survivor, gone).await;
    assert_eq!(
        old.frame().await["data"]["u"],
        3,
        "what the user has is told"
    );
    let mut new = Socket::page(&live, &new).await;
    assert_eq!(new.frame().await["data"]["u"], 3);
    set_unread(&app, survivor, 5).await;
    assert_eq!(old.frame().await["data"]["u"], 5);
    assert_eq!(new.frame().await["data"]["u"], 5);
}

#[tokio::test]
async fn announcing_a_merge_twice_changes_nothing() {
    let app = TestApp::new().await;
    let (gone, old) = guest(&app, "Guest").await;
    let (survivor, _) = guest(&app, "User").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &old).await;
    assert_eq!(socket.frame().await, nothing_new());
    join(&app, survivor, gone).await;
    app.app.live.merged(app.project(), gone, survivor);
    set_unread(&app, survivor, 1).await;
    assert_eq!(socket.frame().await["data"]["u"], 1);
    assert!(socket.is_silent(Duration::from_millis(200)).await);
}

#[tokio::test]
async fn erasing_a_session_drops_its_sockets() {
    let app = TestApp::new().await;
    app.identify(serde_json::json!({"userId": "u"})).await.ok();
    let found = app.session("u").await;
    let credential = crate::support::Credential {
        gleap_id: found["gleapId"].as_str().unwrap().into(),
        gleap_hash: found["gleapHash"].as_str().unwrap().into(),
        sdk_key: app.accounts.first.sdk_key.clone(),
    };
    let live = app.live().await;
    let socket = Socket::page(&live, &credential).await;
    let session = found["_id"].as_str().unwrap().parse().unwrap();
    super::notify(&app, session, serde_json::json!({"text": "Hi"}))
        .await
        .ok();
    let delete = app.server(crate::support::Call::delete("/admin/contacts/u"));
    assert_eq!(app.send(delete).await.status, 204);
    socket.assert_dropped().await;
    let outboxes = app.rows().into_iter().find(|(name, _)| name == "outbox");
    assert_eq!(outboxes.unwrap().1, 0);
}

#[tokio::test]
async fn who_is_parted_connects_again() {
    let app = TestApp::new().await;
    let (one, own) = guest(&app, "Ada").await;
    let (two, theirs) = guest(&app, "Guest").await;
    set_unread(&app, two, 3).await;
    let live = app.live().await;
    let (first, second) = (
        Socket::page(&live, &own).await,
        Socket::page(&live, &theirs).await,
    );
    sockets_are(&app, 2).await;
    let merge = merged(&app, &one.to_string(), &two.to_string()).await;
    undo(&app, &merge).await.ok();
    first.assert_dropped().await;
    second.assert_dropped().await;
    let mut again = Socket::page(&live, &theirs).await;
    assert_eq!(again.frame().await["data"]["u"], 3);
    let mut again = Socket::page(&live, &own).await;
    assert_eq!(again.frame().await, nothing_new());
}
