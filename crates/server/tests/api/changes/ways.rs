//! Whatever changes a session is told, because all of it goes through one place.

use serde_json::{Value, json};
use server::jobs::empty_guests;

use super::{now, pairs, since, told};
use crate::merge::{guest, merge, merged, undo, user};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn what_the_api_and_client_sdks_write_is_told() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let guest = app.guest().await;
    let guest_id = crate::merge::id_of(&app, &guest).await;
    let changed = pairs(&[("changed", &id)]);

    let cursor = now(&app).await;
    crate::merge::put(&app, &id, json!({"name": "Ada"})).await;
    assert_eq!(told(&app, &cursor).await, changed);

    let cursor = now(&app).await;
    let entry = json!({"name": "n", "description": "d", "content": "c"});
    let path = format!("/v3/sessions/{id}/memory");
    app.send(app.owner(Call::post(&path).json(&entry)))
        .await
        .ok();
    assert_eq!(told(&app, &cursor).await, changed);

    let cursor = now(&app).await;
    let event = json!([{"userId": "u", "name": "paid", "date": app.clock.at(0)}]);
    app.track(event).await.ok();
    assert_eq!(told(&app, &cursor).await, changed);

    let cursor = now(&app).await;
    let all = json!({"sessions": [{"userId": "u"}]});
    let unsubscribe = Call::post("/v3/sessions/unsubscribe").json(&all);
    app.send(app.owner(unsubscribe)).await.ok();
    assert_eq!(told(&app, &cursor).await, changed);

    let cursor = now(&app).await;
    let ticket = json!({"title": "It broke", "type": "BUG", "session": id});
    app.send(app.owner(Call::post("/v3/tickets").json(&ticket)))
        .await
        .ok();
    assert_eq!(told(&app, &cursor).await, changed, "it counts reports");

    let cursor = now(&app).await;
    app.sdk_events(
        &guest,
        json!([{"name": "clicked", "date": app.clock.at(0)}]),
    )
    .await;
    assert_eq!(told(&app, &cursor).await, pairs(&[("changed", &guest_id)]));
}

#[tokio::test]
async fn a_merge_and_its_undoing_are_told() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (gone, _) = guest(&app).await;
    let cursor = now(&app).await;
    app.clock.advance_seconds(1);
    let record = merged(&app, &id, &gone).await;
    let (changes, next) = since(&app, &cursor, 100).await;
    let expected =
        json!({"type": "merged", "sessionId": gone, "into": id, "date": app.clock.at(0)});
    assert_eq!(changes.len(), 2);
    assert!(changes.contains(&expected), "{changes:?}");
    let survivor = changes.iter().find(|change| **change != expected).unwrap();
    assert_eq!(
        (&survivor["type"], &survivor["sessionId"]),
        (&json!("changed"), &json!(id))
    );
    assert_eq!(survivor["session"], app.session("u").await);

    undo(&app, &record).await.ok();
    let mut both = pairs(&[("changed", &gone), ("changed", &id)]);
    let mut told = told(&app, &next).await;
    both.sort();
    told.sort();
    assert_eq!(told, both);
}

#[tokio::test]
async fn a_merge_that_was_only_planned_tells_nothing() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (other, _) = guest(&app).await;
    let cursor = now(&app).await;
    let path = format!("/v3/sessions/{id}/merge");
    crate::merge::post(&app, &path, json!({"with": other, "dryRun": true}))
        .await
        .ok();
    assert_eq!(merge(&app, &id, &id).await.status, 409);
    assert_eq!(told(&app, &cursor).await, []);
}

#[tokio::test]
async fn a_merge_by_identifying_is_told() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (gone, session) = guest(&app).await;
    let cursor = now(&app).await;
    app.sdk_identify(&session, json!({"userId": "u"})).await;
    let (changes, _) = since(&app, &cursor, 100).await;
    let merged = changes
        .iter()
        .find(|change| change["type"] == "merged")
        .unwrap();
    assert_eq!(
        (&merged["sessionId"], &merged["into"]),
        (&json!(gone), &json!(id))
    );
}

#[tokio::test]
async fn a_chain_of_merges_leads_to_who_is_left() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (first, _) = guest(&app).await;
    let (second, _) = guest(&app).await;
    let cursor = now(&app).await;
    merged(&app, &second, &first).await;
    merged(&app, &id, &second).await;
    let (changes, _) = since(&app, &cursor, 100).await;
    let into = |gone: &str| {
        let of = |change: &&Value| change["sessionId"] == *gone;
        changes.iter().find(of).unwrap()["into"].clone()
    };
    assert_eq!((into(&first), into(&second)), (json!(second), json!(id)));
}

#[tokio::test]
async fn what_is_erased_is_told_without_a_word_about_it() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    let id = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    app.clock.advance_seconds(1);
    let path = format!("/v3/sessions/{id}");
    assert_eq!(app.send(app.owner(Call::delete(&path))).await.status, 204);
    let (changes, _) = since(&app, &cursor, 100).await;
    let expected = json!({"type": "deleted", "sessionId": id, "date": app.clock.at(0)});
    assert_eq!(changes, [expected]);
    let (all, _) = since(&app, "beginning", 100).await;
    assert_eq!(all, [] as [Value; 0], "who begins now never knew it");
}

#[tokio::test]
async fn an_import_and_its_undoing_are_told() {
    let app = TestApp::new().await;
    let kept = user(&app, json!({"userId": "u", "name": "Old"})).await;
    let cursor = now(&app).await;
    let file = json!([{"userId": "u", "name": "New"}, {"userId": "v"}]);
    let done = crate::import::import(&app, "", file.to_string()).await;
    let made = app.session("v").await["id"].as_str().unwrap().to_owned();
    let (changes, next) = since(&app, &cursor, 100).await;
    let names: Vec<_> = changes
        .iter()
        .map(|change| &change["session"]["name"])
        .collect();
    assert_eq!((changes.len(), names.contains(&&json!("New"))), (2, true));
    crate::import::undone(&app, &done).await;
    let mut expected = pairs(&[("changed", &kept), ("deleted", &made)]);
    let mut told = told(&app, &next).await;
    expected.sort();
    told.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn guests_that_are_cleared_away_are_told() {
    let app = TestApp::new().await;
    let cursor = now(&app).await;
    let (empty, _) = guest(&app).await;
    app.clock.advance_seconds(31 * 24 * 3600);
    let (_, next) = since(&app, &cursor, 100).await;
    assert_eq!(empty_guests::sweep(&app.app).await.unwrap(), 1);
    assert_eq!(told(&app, &next).await, pairs(&[("deleted", &empty)]));
}
