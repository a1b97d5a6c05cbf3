//! From the outbox to sockets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{events_call, gauge, guest, join, nothing_new, notify, set_unread, sockets_are, texts};
use crate::support::{Runs, Socket, TestApp};

/// So long that only an events call makes a socket ready.
const NEVER: [(&str, &str); 1] = [("live.notification_delay_ms", "600000")];

const QUIET: Duration = Duration::from_millis(300);

#[tokio::test]
async fn notifications_wait_for_the_first_events_call() {
    let app = TestApp::with(&NEVER).await;
    let (session, credential) = guest(&app, "Ada").await;
    let early = notify(&app, session, json!({"text": "early", "unread": 1})).await;
    assert_eq!(early.ok()["pushed"], false);
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    let opening = json!({"name": "update", "data": {"a": [], "u": 1}});
    assert_eq!(socket.frame().await, opening, "the number is told at once");
    let second = notify(&app, session, json!({"text": "second", "unread": 2})).await;
    assert_eq!(second.ok()["pushed"], false);
    let number = json!({"name": "update", "data": {"a": [], "u": 2}});
    assert_eq!(socket.frame().await, number);
    assert!(socket.is_silent(QUIET).await);

    events_call(&app, session);
    let frame = socket.frame().await;
    assert_eq!(texts(&frame), ["early", "second"]);
    assert_eq!(frame["data"]["u"], 2);

    let third = notify(&app, session, json!({"text": "third"})).await;
    assert_eq!(third.ok()["pushed"], true);
    assert_eq!(texts(&socket.frame().await), ["third"]);
    events_call(&app, session);
    assert!(socket.is_silent(QUIET).await, "each is pushed once");
}

#[tokio::test]
async fn a_socket_without_events_gets_them_after_a_while() {
    let app = TestApp::with(&[("live.notification_delay_ms", "1000")]).await;
    let (session, credential) = guest(&app, "Ada").await;
    notify(&app, session, json!({"text": "Hi"})).await.ok();
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await, nothing_new());
    assert_eq!(texts(&socket.frame().await), ["Hi"]);
}

#[tokio::test]
async fn all_sockets_of_a_session_get_what_is_pushed() {
    let app = TestApp::with(&NEVER).await;
    let (session, credential) = guest(&app, "Ada").await;
    let (_, other) = guest(&app, "Grace").await;
    let live = app.live().await;
    let mut tab = Socket::page(&live, &credential).await;
    let mut phone = Socket::open(&live, &credential.at("/"), Runs::InApp)
        .await
        .unwrap();
    let mut other = Socket::page(&live, &other).await;
    for socket in [&mut tab, &mut phone, &mut other] {
        assert_eq!(socket.frame().await, nothing_new());
    }
    events_call(&app, session);
    let mut late = Socket::page(&live, &credential).await;
    assert_eq!(late.frame().await, nothing_new());

    notify(&app, session, json!({"text": "Hi", "unread": 7}))
        .await
        .ok();
    for socket in [&mut tab, &mut phone] {
        let frame = socket.frame().await;
        assert_eq!(
            (texts(&frame), &frame["data"]["u"]),
            (vec!["Hi"], &json!(7))
        );
    }
    let number = json!({"name": "update", "data": {"a": [], "u": 7}});
    assert_eq!(late.frame().await, number, "its page is not ready yet");
    assert!(
        other.is_silent(QUIET).await,
        "another session hears nothing"
    );
}

#[tokio::test]
async fn what_waits_survives_a_restart() {
    let mut app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    for text in ["one", "two"] {
        notify(&app, session, json!({"text": text, "unread": 2}))
            .await
            .ok();
    }
    app.restart();
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await["data"]["u"], 2);
    events_call(&app, session);
    assert_eq!(texts(&socket.frame().await), ["one", "two"]);
}

#[tokio::test]
async fn the_newest_twenty_wait() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    for number in 0..21 {
        app.clock.advance_ms(1);
        notify(&app, session, json!({"text": format!("{number}")}))
            .await
            .ok();
    }
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    events_call(&app, session);
    let expected: Vec<_> = (1..21).map(|number| number.to_string()).collect();
    assert_eq!(texts(&socket.frame().await), expected);
}

#[tokio::test]
async fn nothing_waits_longer_than_thirty_days() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    notify(&app, session, json!({"text": "old"})).await.ok();
    app.clock.advance_ms(1);
    notify(&app, session, json!({"text": "new"})).await.ok();
    app.clock.advance_ms(30 * DAY_MS - 1);
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    events_call(&app, session);
    assert_eq!(texts(&socket.frame().await), ["new"]);
}

#[tokio::test]
async fn a_client_without_a_socket_takes_them_itself() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    notify(&app, session, json!({"text": "Hi", "unread": 3}))
        .await
        .ok();
    let take = move |tx: &mut store::Tx<'_>| server::live::outbox::take(tx, session);
    let taken = app.write(take).await.unwrap();
    assert_eq!((taken.actions.len(), taken.unread), (1, 3));
    let again = app.write(take).await.unwrap();
    assert_eq!((again.actions.len(), again.unread), (0, 3));
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await["data"]["u"], 3);
    events_call(&app, session);
    assert!(socket.is_silent(QUIET).await);
}

#[tokio::test]
async fn merging_joins_what_waits() {
    let app = TestApp::new().await;
    let (gone, _) = guest(&app, "Guest").await;
    let (survivor, credential) = guest(&app, "User").await;
    for (session, text) in [(gone, "one"), (survivor, "two"), (gone, "three")] {
        app.clock.advance_ms(1);
        notify(&app, session, json!({"text": text})).await.ok();
    }
    set_unread(&app, gone, 1).await;
    set_unread(&app, survivor, 2).await;
    join(&app, survivor, gone).await;
    app.clock.advance_ms(1);
    // The id of the guest finds the user.
    notify(&app, gone, json!({"text": "four"})).await.ok();
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await["data"]["u"], 3);
    events_call(&app, survivor);
    let frame = socket.frame().await;
    assert_eq!(texts(&frame), ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn the_number_is_told_when_it_changes() {
    let app = TestApp::new().await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    assert_eq!(socket.frame().await, nothing_new());
    for unread in [5, 0, 1_000_000] {
        set_unread(&app, session, unread).await;
        assert_eq!(socket.frame().await["data"], json!({"a": [], "u": unread}));
    }
    set_unread(&app, session, 1_000_000).await;
    assert!(socket.is_silent(QUIET).await, "it is known already");
}

#[tokio::test]
async fn what_is_pushed_while_the_only_socket_goes_waits() {
    let app = TestApp::with(&NEVER).await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    events_call(&app, session);
    drop(socket);
    sockets_are(&app, 0).await;
    let answer: Value = notify(&app, session, json!({"text": "Hi"})).await.ok();
    assert_eq!(answer["pushed"], false);
    let mut back = Socket::page(&live, &credential).await;
    assert_eq!(back.frame().await, nothing_new());
    events_call(&app, session);
    assert_eq!(texts(&back.frame().await), ["Hi"]);
}

#[tokio::test]
async fn what_no_socket_took_is_put_back() {
    let app = TestApp::with(&[("live.queue_max", "1")]).await;
    let (session, credential) = guest(&app, "Ada").await;
    let live = app.live().await;
    let deaf = Socket::page(&live, &credential).await;
    sockets_are(&app, 1).await;
    events_call(&app, session);
    let rules = vec![json!({"pageFilter": "🙂".repeat(500)}); 10];
    // Until the buffers of the kernel are full, and then the queue: the next one finds no room.
    let (mut sent, mut waiting) = (0, 0);
    while gauge(&app, "hark_live_sockets").await == 1 {
        let body = json!({"text": format!("{sent}"), "pageRules": rules});
        let answer = notify(&app, session, body).await.ok();
        waiting += usize::from(answer["pushed"] == false);
        sent += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(sent < 1000, "the queue has no end");
    }
    let mut reader = Socket::page(&live, &credential).await;
    assert_eq!(reader.frame().await, nothing_new());
    events_call(&app, session);
    let frame = reader.frame().await;
    let texts = texts(&frame);
    assert!(texts.len() > waiting, "{texts:?}");
    assert_eq!(texts.last(), Some(&format!("{}", sent - 1).as_str()));
    deaf.assert_dropped().await;
}
