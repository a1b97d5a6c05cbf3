//! As many as there may be, and one more.

use axum::extract::ws::Utf8Bytes;
use serde_json::json;

use super::{events_call, guest, notify, set_unread, sockets_are};
use crate::support::{Runs, Socket, TestApp};

#[tokio::test]
async fn the_process_has_a_limit_of_sockets() {
    let app = TestApp::with(&[("live.sockets_max", "2")]).await;
    let (_, ada) = guest(&app, "Ada").await;
    let (_, grace) = guest(&app, "Grace").await;
    let live = app.live().await;
    let one = Socket::page(&live, &ada).await;
    let mut two = Socket::page(&live, &grace).await;
    sockets_are(&app, 2).await;
    let third = Socket::open(&live, &ada.at("/ws"), Runs::InPage).await;
    assert_eq!(third.err(), Some(503));
    two.frame().await;
    drop(one);
    sockets_are(&app, 1).await;
    let mut three = Socket::page(&live, &ada).await;
    three.frame().await;
}

#[tokio::test]
async fn a_session_has_a_limit_of_sockets() {
    let app = TestApp::with(&[("live.sockets_per_session_max", "3")]).await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut socket = Socket::page(&live, &credential).await;
        socket.frame().await;
        open.push(socket);
    }
    set_unread(&app, session, 1).await;
    for socket in &mut open {
        assert_eq!(socket.frame().await["data"]["u"], 1, "three may be open");
    }
    open.push(Socket::page(&live, &credential).await);
    open.remove(0).assert_dropped().await;
    sockets_are(&app, 3).await;
    set_unread(&app, session, 2).await;
    for socket in &mut open {
        while socket.frame().await["data"]["u"] != 2 {}
    }
}

#[tokio::test]
async fn merging_keeps_to_the_limit_of_a_session() {
    let app = TestApp::with(&[("live.sockets_per_session_max", "2")]).await;
    let (gone, guest_credential) = guest(&app, "Guest").await;
    let (survivor, user_credential) = guest(&app, "User").await;
    let live = app.live().await;
    let mut open = Vec::new();
    for credential in [
        &user_credential,
        &guest_credential,
        &user_credential,
        &guest_credential,
    ] {
        let mut socket = Socket::page(&live, credential).await;
        socket.frame().await;
        open.push(socket);
    }
    super::join(&app, survivor, gone).await;
    for oldest in open.drain(..2) {
        oldest.assert_dropped().await;
    }
    set_unread(&app, survivor, 1).await;
    for socket in &mut open {
        assert_eq!(socket.frame().await["data"]["u"], 1);
    }
}

#[tokio::test]
async fn who_does_not_read_is_dropped_and_holds_nobody_up() {
    let app = TestApp::with(&[("live.queue_max", "4")]).await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut reader = Socket::page(&live, &credential).await;
    reader.frame().await;
    let deaf = Socket::page(&live, &credential).await;
    sockets_are(&app, 2).await;
    let place = (app.project(), session);
    let large = json!({"name": "checklist", "data": {"id": "x".repeat(200_000)}}).to_string();
    let large = Utf8Bytes::from(large);
    let mut pushed = 0;
    while app.app.live.push_to_pages(place, &large) == 2 {
        assert_eq!(reader.frame().await["name"], "checklist");
        pushed += 1;
        assert!(pushed < 1000, "the queue has no end");
    }
    assert!(
        pushed > 4,
        "a queue and the buffers of the kernel were used"
    );
    assert_eq!(reader.frame().await["name"], "checklist");
    sockets_are(&app, 1).await;
    set_unread(&app, session, 9).await;
    assert_eq!(reader.frame().await["data"]["u"], 9);
    deaf.assert_dropped().await;
}

#[tokio::test]
async fn the_largest_frame_arrives() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    let wide = "🙂";
    let rule = json!({"pageFilter": wide.repeat(500), "pageFilterType": "notcontains"});
    let largest = json!({
        "text": wide.repeat(2000),
        "sender": {"name": wide.repeat(200), "profileImageUrl": format!("https://example.com/{}", "'".repeat(1980))},
        "conversation": {"shareToken": "x".repeat(200)},
        "sound": true,
        "pageRules": vec![rule; 10],
        "unread": 1_000_000,
    });
    for _ in 0..20 {
        notify(&app, session, largest.clone()).await.ok();
    }
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    events_call(&app, session);
    let frame = socket.frame().await;
    let bytes = frame.to_string().len();
    assert!((600_000..1 << 20).contains(&bytes), "{bytes}");
    assert_eq!(frame["data"]["a"].as_array().unwrap().len(), 20);
}
