//! How old what other nodes wrote may be: not at all, or a bounded time, whatever became of notifications.

use std::time::{Duration, Instant};

use serde_json::json;
use server::accounts::api_key::revoke_api_key;
use server::auth::roles::Role;

use super::DEAF;
use crate::support::{Accounts, Call, TestApp, cut_connections};

/// Long enough for a test to end within it on any machine.
const LONG: (&str, &str) = ("postgres.max_stale_ms", "600000");
const SHORT: (&str, &str) = ("postgres.max_stale_ms", "300");
const BOUND: Duration = Duration::from_millis(300);

async fn name_of(node: &TestApp) -> String {
    let session = node.session("u").await;
    session["name"].as_str().unwrap().to_owned()
}

async fn call_it(node: &TestApp, name: &str) {
    node.identify(json!({"userId": "u", "name": name}))
        .await
        .ok();
}

#[tokio::test]
async fn within_the_bound_memory_answers_alone() {
    let options = [DEAF[0], LONG];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    call_it(&one, "first").await;
    let shown = two.session("u").await;
    let path = format!("/v3/sessions/{}", shown["_id"].as_str().unwrap());
    assert_eq!(two.get(&path).await.ok(), shown);
    call_it(&one, "second").await;
    assert_eq!(
        two.session("u").await,
        shown,
        "nobody told, and nobody asked"
    );
    assert_eq!(two.get(&path).await.ok(), shown);
    assert_eq!(name_of(&one).await, "second", "its own writes a node shows");
    assert_eq!(two.sessions().await[0]["name"], "second", "lists are exact");
    call_it(&two, "third").await;
    assert_eq!(name_of(&two).await, "third");
}

#[tokio::test]
async fn beyond_the_bound_it_is_asked() {
    let options = [DEAF[0], SHORT];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    call_it(&one, "0").await;
    let path = format!(
        "/v3/sessions/{}",
        two.session("u").await["_id"].as_str().unwrap()
    );
    for round in 1..4 {
        let name = round.to_string();
        call_it(&one, &name).await;
        let written = Instant::now();
        // It goes on asking, so that what is asked for often is not kept for longer.
        while written.elapsed() < BOUND {
            name_of(&two).await;
            two.get(&path).await.ok();
        }
        assert_eq!(name_of(&two).await, name);
        assert_eq!(two.get(&path).await.ok()["name"], *name);
    }
}

/// The one that a user id finds is asked for by itself: a session that was just seen may have lost it.
#[tokio::test]
async fn beyond_the_bound_a_user_id_finds_who_has_it() {
    let options = [DEAF[0], SHORT];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    call_it(&one, "first").await;
    let first = two.session("u").await;
    let path = format!("/v3/sessions/{}", first["_id"].as_str().unwrap());
    let changed = one
        .send(one.owner(Call::put(&path).json(&json!({"userId": "v"}))))
        .await;
    assert_eq!(changed.status, 200);
    call_it(&one, "second").await;
    let written = Instant::now();
    while written.elapsed() < BOUND {
        two.get(&path).await.ok(); // which keeps the first one in memory
    }
    assert_eq!(name_of(&two).await, "second");
}

#[tokio::test]
async fn a_revoked_key_opens_for_no_longer_than_the_bound() {
    let options = [DEAF[0], SHORT];
    let one = TestApp::with(&options).await;
    let Some(two) = one.node(&options).await else {
        return;
    };
    call_it(&one, "first").await;
    let key = Accounts::key(&one.app, one.project(), Role::Owner, None).await;
    let lookup = || {
        let call = Call::get("/v3/sessions/by-user-id/u");
        call.bearer(&key.token).project(one.project())
    };
    assert_eq!(two.send(lookup()).await.status, 200);
    revoke_api_key(&one.app, key.id, None).await.unwrap();
    let revoked = Instant::now();
    assert_eq!(one.send(lookup()).await.error().0, 401);
    while revoked.elapsed() < BOUND {
        two.send(lookup()).await;
    }
    assert_eq!(two.send(lookup()).await.error().0, 401);
}

/// With notifications it takes no longer than they do, and when they are cut, no longer than the bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_are_heard_before_the_bound_ends() {
    let one = TestApp::with(&[LONG]).await;
    let Some(two) = one.node(&[LONG]).await else {
        return;
    };
    for round in 0..3 {
        call_it(&one, &round.to_string()).await;
        while name_of(&two).await != round.to_string() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    cut_connections(&one.app.config);
    // Whatever was missed meanwhile: when it listens again, it forgets all.
    while one
        .identify(json!({"userId": "u", "name": "unheard"}))
        .await
        .status
        != 200
    {}
    loop {
        let answer = two.lookup("u").await;
        if answer.status == 200 && answer.ok()["name"] == "unheard" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A credential in memory is confirmed by the statement that reads the session.
#[tokio::test]
async fn a_lookup_confirms_its_caller() {
    let one = TestApp::with(&DEAF).await;
    let Some(two) = one.node(&DEAF).await else {
        return;
    };
    call_it(&one, "first").await;
    let key = Accounts::key(&one.app, one.project(), Role::Owner, None).await;
    let id = two.session("u").await["_id"].as_str().unwrap().to_owned();
    let by_id = format!("/v3/sessions/{id}");
    let paths = [
        "/v3/sessions/by-user-id/u",
        by_id.as_str(),
        "/v3/sessions/by-user-id/nobody",
        "/v3/sessions/000000000000000000000000",
    ];
    let send = |path| {
        let call = Call::get(path).bearer(&key.token).project(one.project());
        two.send(call)
    };
    for _ in 0..2 {
        for path in &paths[..2] {
            assert_eq!(send(path).await.status, 200);
        }
        for path in &paths[2..] {
            assert_eq!(send(path).await.status, 404);
        }
    }
    revoke_api_key(&one.app, key.id, None).await.unwrap();
    for path in paths.iter().rev() {
        assert_eq!(send(path).await.error().0, 401, "{path}");
    }
}

/// Whom memory does not know as a member is asked for too.
#[tokio::test]
async fn a_member_that_another_node_made_may_look_up_at_once() {
    let one = TestApp::with(&DEAF).await;
    let Some(two) = one.node(&DEAF).await else {
        return;
    };
    call_it(&one, "first").await;
    let (sister, email) = (one.accounts.sister.id, "newcomer@example.com");
    Accounts::member(&one.app, sister, email, Role::Viewer).await;
    let token = two.sign_in(email).await;
    let send = || {
        let call = Call::get("/v3/sessions/by-user-id/u");
        two.send(call.bearer(&token).project(one.project()))
    };
    assert_eq!(send().await.status, 403);
    Accounts::member(&one.app, one.project(), email, Role::Viewer).await;
    assert_eq!(send().await.status, 200);
}
