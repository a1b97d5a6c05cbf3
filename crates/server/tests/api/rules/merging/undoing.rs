//! An undo happens as it was acknowledged, for the merge that it names, and everywhere.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::{by_id, id, ids, listed, searched, upsert};
use crate::merge::side::side;
use crate::merge::{guest, merged, put, undo, user};
use crate::support::TestApp;

/// Of many who undo one merge at once, one does, and both sessions are whole afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_is_asked_for_often_happens_once() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    let (gone, device) = guest(&app).await;
    put(
        &app,
        &gone,
        json!({"email": "g@example.com", "customData": {"theme": "dark"}}),
    )
    .await;
    app.sdk_events(&device, json!([{"name": "clicked"}])).await;
    let before = (side(&app, &own).await, side(&app, &gone).await);
    let record = merged(&app, &own, &gone).await;
    let answers = join_all((0..8).map(|_| undo(&app, &record))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.error(), (409, "merge_undone".into()));
    }
    assert_eq!((side(&app, &own).await, side(&app, &gone).await), before);
}

/// What was separated is found apart by every way of reading, at once.
#[tokio::test]
async fn what_was_separated_is_found_apart_everywhere() {
    let app = TestApp::new().await;
    let one = upsert(
        &app,
        json!({"email": "one@example.com", "name": "Uno", "facebookId": "fb-1"}),
    )
    .await;
    let two = upsert(
        &app,
        json!({"userId": "two", "email": "two@example.com", "name": "Due", "facebookId": "fb-2"}),
    )
    .await;
    let record = merged(&app, id(&one), id(&two)).await;
    assert_eq!(app.session("two").await["id"], one["id"]);
    undo(&app, &record).await.ok();
    for (session, number) in [(&one, 1), (&two, 2)] {
        let own = [id(session)];
        let email = session["email"].as_str().unwrap();
        assert_eq!(id(&by_id(&app, own[0]).await), own[0]);
        assert_eq!(searched(&app, email).await, own);
        assert_eq!(searched(&app, own[0]).await, own);
        assert_eq!(searched(&app, session["name"].as_str().unwrap()).await, own);
        assert_eq!(listed(&app, "email", email).await, own);
        assert_eq!(
            listed(&app, "facebookId", &format!("fb-{number}")).await,
            own
        );
        assert_eq!(
            listed(&app, "gleapId", session["gleapId"].as_str().unwrap()).await,
            own
        );
        assert_eq!(id(&upsert(&app, json!({"email": email})).await), own[0]);
        let export = app
            .get(&format!("/v3/sessions/export?email={email}"))
            .await
            .ok();
        assert_eq!(ids(&export), own);
        let resumed = app.sdk("/sessions", Some(session), json!({})).await.ok();
        assert_eq!(resumed["gleapId"], session["gleapId"]);
    }
    assert_eq!(app.session("two").await["id"], two["id"]);
}

/// One merge of many is undone; those before it, and those of other sessions, stay.
#[tokio::test]
async fn one_merge_of_many_is_undone_and_the_others_stay() {
    let app = TestApp::new().await;
    let (own, other) = (
        user(&app, json!({"userId": "u"})).await,
        user(&app, json!({"userId": "v"})).await,
    );
    let mut gone = Vec::new();
    let mut records = Vec::new();
    for number in 0..4 {
        let (id, device) = guest(&app).await;
        app.sdk_events(&device, json!([{"name": "seen", "data": number}]))
            .await;
        let survivor = if number == 1 { &other } else { &own };
        records.push(merged(&app, survivor, &id).await);
        gone.push(id);
    }
    let lives_in = async |number: usize| by_id(&app, &gone[number]).await["id"].clone();
    let seen = async |user: &str| app.session(user).await["eventData"]["seen"]["count"].clone();
    undo(&app, &records[3]).await.ok();
    assert_eq!(
        [
            lives_in(0).await,
            lives_in(1).await,
            lives_in(2).await,
            lives_in(3).await
        ],
        [json!(own), json!(other), json!(own), json!(gone[3])]
    );
    assert_eq!((seen("u").await, seen("v").await), (json!(2), json!(1)));
    undo(&app, &records[1]).await.ok();
    assert_eq!(
        (lives_in(1).await, seen("v").await),
        (json!(gone[1]), Value::Null)
    );
    assert_eq!((lives_in(0).await, seen("u").await), (json!(own), json!(2)));
}
