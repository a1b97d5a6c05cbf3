//! Two nodes over one PostgreSQL. On SQLite, which has one process, there is nothing to test.

mod imports;
mod leases;
mod limits;
mod presence;
mod round_trips;
mod stale;
mod unanswered;
mod watching;

use std::time::Duration;

use serde_json::json;
use server::accounts::api_key::revoke_api_key;
use server::auth::roles::Role;

use crate::live::{guest, notify, texts};
use crate::support::{Accounts, Answer, Call, Socket, TestApp, cut_connections, run_by_hand};

/// Behind a pooler in transaction mode a node hears nothing of the others: each of their notifications is lost.
pub const DEAF: [(&str, &str); 1] = [("postgres.prepared", "false")];

/// Runs a statement by hand.
fn run(node: &TestApp, sql: &str) -> Vec<String> {
    run_by_hand(&node.app.config, sql)
}

/// The minute of the clock of the database.
fn minute(node: &TestApp) -> Vec<String> {
    run(node, "SELECT floor(extract(epoch FROM now()) / 60)::text")
}

#[tokio::test]
async fn what_one_node_acknowledged_every_node_shows() {
    for options in [&DEAF[..], &[]] {
        let one = TestApp::with(options).await;
        let Some(two) = one.node(options).await else {
            return;
        };
        for round in 0..20 {
            for (writer, reader) in [(&one, &two), (&two, &one)] {
                let name = format!("{round}");
                let body = json!({"userId": "u", "name": name});
                writer.identify(body).await.ok();
                let shown = reader.session("u").await;
                assert_eq!(shown["name"], *name);
                let id = shown["_id"].as_str().unwrap();
                let by_id = reader.get(&format!("/v3/sessions/{id}")).await.ok();
                assert_eq!(by_id, shown);
                // From memory now, and still true.
                assert_eq!(reader.session("u").await, shown);
                assert_eq!(writer.session("u").await, shown);
            }
        }
    }
}

#[tokio::test]
async fn a_user_id_that_went_to_another_session_finds_that_one_on_every_node() {
    let one = TestApp::with(&DEAF).await;
    let Some(two) = one.node(&DEAF).await else {
        return;
    };
    one.identify(json!({"userId": "u", "name": "first"}))
        .await
        .ok();
    let first = two.session("u").await;
    let path = format!("/v3/sessions/{}", first["_id"].as_str().unwrap());
    let deleted = one.send(one.owner(Call::delete(&path))).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(two.lookup("u").await.status, 404);
    assert_eq!(two.get(&path).await.status, 404);
    one.identify(json!({"userId": "u", "name": "second"}))
        .await
        .ok();
    let second = two.session("u").await;
    assert_eq!(second["name"], "second");
    assert_ne!(second["_id"], first["_id"]);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_on_any_node() {
    let one = TestApp::with(&DEAF).await;
    let Some(two) = one.node(&DEAF).await else {
        return;
    };
    let key = Accounts::key(&one.app, one.project(), Role::Owner, None).await;
    let list = || {
        Call::get("/v3/sessions")
            .bearer(&key.token)
            .project(one.project())
    };
    for _ in 0..2 {
        assert_eq!(two.send(list()).await.status, 200);
    }
    revoke_api_key(&one.app, key.id, None).await.unwrap();
    assert_eq!(two.send(list()).await.error().0, 401);
    assert_eq!(one.send(list()).await.error().0, 401);
}

#[tokio::test]
async fn a_socket_gets_what_another_node_pushed() {
    let one = TestApp::with(&[("live.notification_delay_ms", "0")]).await;
    let Some(two) = one.node(&[("live.notification_delay_ms", "0")]).await else {
        return;
    };
    let (session, credential) = guest(&one, "Ada").await;
    let live = two.live().await;
    let mut socket = Socket::page(&live, &credential).await;
    socket.frame().await;
    for text in ["first", "second"] {
        notify(&one, session, json!({"text": text})).await.ok();
        assert_eq!(texts(&socket.frame().await), [text]);
    }
    assert!(socket.is_silent(Duration::from_millis(100)).await);
}

#[tokio::test]
async fn what_is_sent_to_two_nodes_at_once_is_done_once() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    for round in 0..10 {
        let key = format!("k-{round}");
        let call = |node: &TestApp| {
            let call = Call::post("/v3/sessions").header("idempotency-key", &key);
            node.owner(call.json(&json!({"name": "guest"})))
        };
        let (first, second) = tokio::join!(one.send(call(&one)), two.send(call(&two)));
        let is_answer = |answer: &Answer| {
            answer.status == 200 || answer.error() == (409, "idempotency_in_progress".into())
        };
        assert!(is_answer(&first) && is_answer(&second));
        assert!(first.status == 200 || second.status == 200);
        assert_eq!(two.sessions().await.len(), round + 1);
    }
}

#[tokio::test]
async fn many_calls_to_two_nodes_make_one_session() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let calls = (0..20).map(|n| {
        let node = if n % 2 == 0 { &one } else { &two };
        node.identify(json!({"userId": "u", format!("key{n}"): n}))
    });
    for answer in futures_util::future::join_all(calls).await {
        answer.ok();
    }
    let session = two.session("u").await;
    assert_eq!(session["customData"].as_object().unwrap().len(), 20);
    assert_eq!(one.sessions().await.len(), 1);
}

#[tokio::test]
async fn writes_go_on_after_their_connections_were_cut() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    one.identify(json!({"userId": "u", "round": 0})).await.ok();
    for round in 1..4 {
        cut_connections(&one.app.config);
        let mut answer = one.identify(json!({"userId": "u", "round": round})).await;
        // What only reads is not tried again by itself: the caller is told to.
        for _ in 0..100 {
            if answer.status == 200 {
                break;
            }
            assert_eq!(answer.error(), (503, "database_unavailable".into()));
            answer = one.identify(json!({"userId": "u", "round": round})).await;
        }
        assert_eq!(answer.status, 200);
        let shown = loop {
            let answer = two.lookup("u").await;
            if answer.status == 200 {
                break answer.ok();
            }
            assert_eq!(answer.status, 503);
        };
        assert_eq!(shown["customData"]["round"], round);
    }
}

/// This runtime reads that a connection ended no earlier than it sends the lookup: the lookup is lost with it, and asked once more.
#[tokio::test]
async fn a_lookup_whose_connection_was_cut_is_answered() {
    let app = TestApp::new().await;
    if !app.app.store.is_shared() {
        return;
    }
    app.identify(json!({"userId": "u"})).await.ok();
    for _ in 0..3 {
        app.session("u").await;
        cut_connections(&app.app.config);
        app.session("u").await;
    }
}

#[tokio::test]
async fn who_is_seen_by_one_node_gets_tickets_that_another_makes() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (id, token) = one.member("agent@example.com", Role::Agent).await;
    let team =
        json!({"name": "Support", "assignmentMethod": "circular", "members": [id.to_string()]});
    let made = one.send(one.owner(Call::post("/v3/teams").json(&team)));
    let body = json!({"processingTeam": made.await.ok()["id"]});
    let give = || two.send(two.owner(Call::post("/v3/tickets").json(&body)));
    let waits = give().await.ok();
    assert_eq!(waits["queued"], true);
    let seen = Call::get("/v3/teams").bearer(&token).project(one.project());
    one.send(seen).await.ok();
    two.run_jobs().await;
    let path = format!("/v3/tickets/{}", waits["id"].as_str().unwrap());
    for ticket in [two.get(&path).await.ok(), give().await.ok()] {
        assert_eq!(ticket["processingUser"]["id"], id.to_string());
    }
}
