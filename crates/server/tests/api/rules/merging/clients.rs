//! What clients say of who their user is, in whichever order and however often.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::id;
use crate::merge::{guest, id_of, undo, user};
use crate::support::TestApp;

async fn merges(app: &TestApp, id: &str) -> Vec<Value> {
    let merges = app
        .get(&format!("/v3/sessions/{id}/merges?limit=1000"))
        .await
        .ok();
    merges.as_array().unwrap().clone()
}

/// However many devices say at once, and again, that they are one user: it is one session, into which each was merged once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_identifies_is_one_session() {
    let one = TestApp::new().await;
    let two = one.node(&[]).await;
    let mut devices = Vec::new();
    for number in 0..20 {
        let (_, device) = guest(&one).await;
        let common = json!({"name": "common", "date": one.clock.at(-1000), "data": {"n": 0}});
        let own = json!({"name": "own", "date": one.clock.at(-500), "data": {"n": number}});
        one.sdk_events(&device, json!([common, own])).await;
        devices.push(device);
    }
    let calls = (0..60).map(|n: usize| {
        let app = two.as_ref().filter(|_| n.is_multiple_of(2)).unwrap_or(&one);
        let device = &devices[n % devices.len()];
        app.sdk_identify(device, json!({"userId": "u", "plan": "pro"}))
    });
    let sessions = join_all(calls).await;
    let session = one.session("u").await;
    assert_eq!(one.sessions().await.len(), 1);
    assert!(sessions.iter().all(|answer| answer["userId"] == "u"));
    let counts = ["common", "own"].map(|name| session["eventData"][name]["count"].clone());
    assert_eq!(counts, [json!(1), json!(20)], "each event once");
    assert_eq!(
        merges(&one, id(&session)).await.len(),
        devices.len() - 1,
        "the first became the user"
    );
    for device in &devices {
        let resumed = one.sdk("/sessions", Some(device), json!({})).await.ok();
        assert_eq!(resumed["gleapId"], session["gleapId"]);
    }
}

/// Signing out and in again, any number of times, leaves one person, with all that was done.
#[tokio::test]
async fn signing_out_and_in_again_leaves_one_person() {
    let app = TestApp::new().await;
    for round in 0..4 {
        app.clock.advance_seconds(10);
        let (_, device) = guest(&app).await;
        app.sdk_events(&device, json!([{"name": "before", "data": round}]))
            .await;
        for _ in 0..2 {
            app.sdk_identify(&device, json!({"userId": "u"})).await;
        }
        app.sdk_events(&device, json!([{"name": "after", "data": round}]))
            .await;
        app.sdk("/sessions", Some(&device), json!({})).await.ok();
    }
    let all = app.sessions().await;
    assert_eq!(all.len(), 1);
    let counts = ["before", "after"].map(|name| all[0]["eventData"][name]["count"].clone());
    assert_eq!(counts, [json!(4), json!(4)]);
}

/// Another user on the same device is another person, also under a credential that a merge handed on.
#[tokio::test]
async fn another_login_on_one_device_is_another_person() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let ada = app
        .sdk_identify(&guest, json!({"userId": "ada", "plan": "pro"}))
        .await;
    app.sdk_events(&ada, json!([{"name": "seen"}])).await;
    let ben = app.sdk_identify(&ada, json!({"userId": "ben"})).await;
    assert_ne!(ben["gleapId"], ada["gleapId"]);
    assert_eq!(ben.get("plan"), None);
    assert_eq!(app.session("ben").await.get("eventData"), None);
    let back = app.sdk_identify(&ben, json!({"userId": "ada"})).await;
    assert_eq!(back["gleapId"], ada["gleapId"]);
    assert_eq!(app.session("ada").await["eventData"]["seen"]["count"], 1);
    // A device that was merged into Ada's session.
    let merged = app.guest().await;
    app.sdk_identify(&merged, json!({"userId": "ada"})).await;
    for (user, known) in [("ben", Some(&ben)), ("cyd", None)] {
        let switched = app.sdk_identify(&merged, json!({ "userId": user })).await;
        assert_ne!(switched["gleapId"], ada["gleapId"], "{user}");
        assert_eq!(switched.get("plan"), None, "{user}");
        if let Some(known) = known {
            assert_eq!(switched["gleapId"], known["gleapId"], "{user}");
        }
    }
    assert_eq!(app.sessions().await.len(), 3);
    assert_eq!(app.session("ada").await["plan"], "pro");
}

/// Whoever signs out is a new guest, who sees nothing of the user; the user stays what it was.
#[tokio::test]
async fn whoever_signs_out_is_a_new_guest() {
    let app = TestApp::new().await;
    let device = app.guest().await;
    let body = json!({"userId": "u", "name": "Ada", "email": "u@example.com", "seats": 3});
    let user = app.sdk_identify(&device, body).await;
    let before = app.session("u").await;
    // What clients do then: they forget the credential and start anew.
    let (fresh, session) = guest(&app).await;
    assert_ne!(session["gleapId"], user["gleapId"]);
    assert_ne!(session["gleapHash"], user["gleapHash"]);
    for field in ["userId", "name", "email", "customData"] {
        assert_eq!(session.get(field), None, "{field}");
    }
    app.sdk_events(&session, json!([{"name": "alone"}])).await;
    app.sdk(
        "/sessions/partialupdate",
        Some(&session),
        json!({"data": {"plan": "x"}}),
    )
    .await
    .ok();
    assert_eq!(app.session("u").await, before);
    assert_eq!(id_of(&app, &session).await, fresh);
}

/// A merge that nobody asked for in so many words, because a client identified its user, is taken back like any other.
#[tokio::test]
async fn every_merge_can_be_taken_back() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    let (gone, device) = guest(&app).await;
    app.sdk_events(&device, json!([{"name": "clicked"}])).await;
    app.sdk_identify(&device, json!({"userId": "u"})).await;
    let record = merges(&app, &own).await.remove(0);
    assert_eq!(record["merged"], gone);
    assert!(record["undoableUntil"].is_string());
    undo(&app, record["id"].as_str().unwrap()).await.ok();
    assert_eq!(app.session("u").await.get("eventData"), None);
    let resumed = app.sdk("/sessions", Some(&device), json!({})).await.ok();
    assert_eq!(
        (&resumed["gleapId"], resumed.get("userId")),
        (&device["gleapId"], None)
    );
    let events = app.get(&format!("/v3/sessions/{gone}/events")).await.ok();
    assert_eq!(events.as_array().unwrap().len(), 1);
}
