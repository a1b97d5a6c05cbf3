//! Who is with a ticket by one node is there by all.

use std::time::Duration;

use serde_json::{Value, json};
use server::auth::roles::Role;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::support::{Call, Live, TestApp};
use crate::tickets::feed::Feed;
use crate::tickets::{path, ticket};

/// What the owner is told of who is there, as long as somebody takes it; and what it was told first.
async fn watched(node: &TestApp, live: &Live) -> (UnboundedReceiver<Value>, Value) {
    let (mut feed, hello) = Feed::greeted(node, live, &node.accounts.owner_key).await;
    let (sender, told) = unbounded_channel();
    tokio::spawn(async move {
        while !sender.is_closed() {
            let event = feed.event().await;
            if event.get("doing").is_some() {
                let _ = sender.send(event);
            }
        }
    });
    (told, hello)
}

async fn next(told: &mut UnboundedReceiver<Value>) -> Value {
    let next = timeout(Duration::from_secs(5), told.recv());
    next.await.expect("nothing came").expect("it ended")
}

/// Has somebody say what they do; gives who is there.
async fn say(node: &TestApp, ticket: &Value, token: &str, what: &str, is: bool) -> Value {
    let call = Call::post(&path(ticket, &format!("/{what}"))).json(&json!({what: is}));
    let said = node.send(call.bearer(token).project(node.project()));
    said.await.ok()["present"].clone()
}

#[tokio::test]
async fn who_is_with_a_ticket_by_one_node_is_told_by_the_other() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (agent, token) = one.member("agent@example.com", Role::Agent).await;
    let ticket = ticket(&one, json!({})).await;
    let there = |doing: &str| json!({"ticket": ticket["id"], "user": agent.to_string(), "doing": doing, "active": true});
    let event = |doing: &str, active: bool| json!({"type": doing, "ticket": ticket["id"], "user": agent.to_string(), "doing": doing, "active": active});
    let live = two.live().await;
    let (mut told, hello) = watched(&two, &live).await;
    assert_eq!(hello["present"], json!([]));

    // A node that was just started does not hear at once.
    let first = loop {
        say(&one, &ticket, &token, "viewing", true).await;
        if let Ok(first) = timeout(Duration::from_millis(100), told.recv()).await {
            break first.unwrap();
        }
    };
    assert_eq!(first, event("viewing", true));
    say(&one, &ticket, &token, "typing", true).await;
    let second = next(&mut told).await;
    assert_eq!(second, event("typing", true), "what holds is told once");
    let (_, hello) = watched(&two, &live).await;
    assert_eq!(
        hello["present"],
        json!([there("typing"), there("viewing")]),
        "who comes later is told who is there"
    );
    say(&one, &ticket, &token, "typing", false).await;
    assert_eq!(next(&mut told).await, event("typing", false));

    let owner = &two.accounts.owner_key;
    let answer = say(&two, &ticket, owner, "viewing", false).await;
    assert_eq!(answer, json!([there("viewing")]));
    two.clock.advance_seconds(60);
    let answer = say(&two, &ticket, owner, "viewing", false).await;
    assert_eq!(answer, json!([]), "it holds no longer than here");
}

#[tokio::test]
async fn what_is_said_again_by_one_node_goes_on_by_the_other() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (_, token) = one.member("agent@example.com", Role::Agent).await;
    let ticket = ticket(&one, json!({})).await;
    let seen = async || {
        let owner = &two.accounts.owner_key;
        let there = say(&two, &ticket, owner, "viewing", false).await;
        there.as_array().unwrap().len()
    };
    let until_seen = async || {
        for _ in 0..200 {
            say(&one, &ticket, &token, "viewing", true).await;
            if seen().await == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the other node never heard of it");
    };
    until_seen().await;
    for node in [&one, &two] {
        node.clock.advance_seconds(59);
    }
    say(&one, &ticket, &token, "viewing", true).await;
    // A word after that one: when it is heard, that one was.
    let (_, other) = one.member("other@example.com", Role::Agent).await;
    for _ in 0..200 {
        say(&one, &ticket, &other, "viewing", true).await;
        if seen().await == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for node in [&one, &two] {
        node.clock.advance_seconds(59);
    }
    assert_eq!(seen().await, 2, "it holds from when it was said again");
}

#[tokio::test]
async fn other_projects_are_not_told() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let (_, token) = one.member("agent@example.com", Role::Agent).await;
    let ticket = ticket(&one, json!({})).await;
    let live = two.live().await;
    let (mut told, _) = watched(&two, &live).await;
    loop {
        say(&one, &ticket, &token, "viewing", true).await;
        if timeout(Duration::from_millis(100), told.recv())
            .await
            .is_ok()
        {
            break;
        }
    }
    let sister = two.accounts.sister.id;
    let key = crate::support::Accounts::key(&two.app, sister, Role::Owner, None).await;
    let call = Call::get("/v3/live").bearer(&key.token).project(sister);
    let mut body = two.open(call).await.into_body();
    let hello = http_body_util::BodyExt::frame(&mut body).await;
    let hello = hello.unwrap().unwrap().into_data().unwrap();
    let hello = String::from_utf8(hello.to_vec()).unwrap();
    assert!(hello.contains(r#""present":[]"#), "{hello}");
}
