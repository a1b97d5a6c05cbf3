//! When a merge is undone, and what is refused.

use serde_json::json;

use super::side::side;
use super::{guest, id_of, merged, put, undo, user};
use crate::reports::client::{Client, PNG, fetch};
use crate::support::{Call, TestApp};

const DAY_S: i64 = 86_400;

#[tokio::test]
async fn a_guest_is_back_with_its_credential() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    let (gone, session) = guest(&app).await;
    put(&app, &gone, json!({"email": "g@example.com"})).await;
    let (own, theirs) = (side(&app, &id).await, side(&app, &gone).await);
    let etag = app
        .get(&format!("/v3/sessions/{gone}"))
        .await
        .header("etag")
        .to_owned();
    let merge = merged(&app, &id, &gone).await;
    let undone = undo(&app, &merge).await.ok();
    assert!(undone["undone"]["at"].is_string());
    assert_eq!(undone.get("undoableUntil"), None);
    assert_eq!(undone.get("before"), None);
    assert_eq!(side(&app, &gone).await, theirs);
    assert_eq!(side(&app, &id).await, own);
    let found = app.get(&format!("/v3/sessions/{gone}")).await;
    assert_ne!(found.header("etag"), etag, "another version");
    // The credential opens the guest again.
    let started = app.sdk("/sessions", Some(&session), json!({})).await.ok();
    assert_eq!(started["gleapId"], session["gleapId"]);
    assert_eq!(app.sessions().await.len(), 2);
    assert_eq!(
        undo(&app, &merge).await.error(),
        (409, "merge_undone".into())
    );
    // And it can be merged again.
    merged(&app, &id, &gone).await;
    assert_eq!(id_of_alias(&app, &gone).await, id);
}

async fn id_of_alias(app: &TestApp, id: &str) -> String {
    let found = app.get(&format!("/v3/sessions/{id}")).await.ok();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_id_goes_back_to_whom_it_belongs() {
    let app = TestApp::new().await;
    let (survivor, _) = guest(&app).await;
    let gone = user(&app, json!({"userId": "u", "email": "u@example.com"})).await;
    let (own, theirs) = (side(&app, &survivor).await, side(&app, &gone).await);
    let merge = merged(&app, &survivor, &gone).await;
    assert_eq!(app.session("u").await["id"], *survivor);
    undo(&app, &merge).await.ok();
    assert_eq!(app.session("u").await["id"], *gone);
    assert_eq!(side(&app, &survivor).await, own);
    assert_eq!(side(&app, &gone).await, theirs);
}

#[tokio::test]
async fn a_user_id_that_somebody_took_is_in_the_way() {
    let app = TestApp::new().await;
    let (survivor, _) = guest(&app).await;
    let gone = user(&app, json!({"userId": "u"})).await;
    let merge = merged(&app, &survivor, &gone).await;
    put(&app, &survivor, json!({"userId": "v"})).await;
    let other = user(&app, json!({"userId": "u"})).await;
    let before = side(&app, &survivor).await;
    let refused = undo(&app, &merge).await;
    assert_eq!(refused.status, 409);
    let conflict = json!({"key": "userId", "sessionId": other});
    assert_eq!(refused.json()["conflict"], conflict);
    assert_eq!(side(&app, &survivor).await, before, "nothing changed");
}

#[tokio::test]
async fn merges_are_undone_in_reverse_order() {
    let app = TestApp::new().await;
    let (a, b, c) = (
        guest(&app).await.0,
        guest(&app).await.0,
        guest(&app).await.0,
    );
    for (id, name) in [(&a, "A"), (&b, "B"), (&c, "C")] {
        let session = put(&app, id, json!({"name": name, "customData": {name: true}})).await;
        app.sdk_events(
            &session,
            json!([{"name": "same", "date": app.clock.at(-5)}, {"name": name}]),
        )
        .await;
    }
    let mut before = Vec::new();
    for id in [&a, &b, &c] {
        before.push(side(&app, id).await);
    }
    let first = merged(&app, &b, &a).await;
    let b_with_a = side(&app, &b).await;
    let second = merged(&app, &c, &b).await;
    let refused = undo(&app, &first).await;
    assert_eq!(refused.error(), (409, "merge_not_last".into()));
    assert!(refused.text().contains(&second));
    let third_guest = guest(&app).await.0;
    let third = merged(&app, &c, &third_guest).await;
    assert_eq!(undo(&app, &second).await.error().1, "merge_not_last");
    undo(&app, &third).await.ok();
    undo(&app, &second).await.ok();
    assert_eq!(side(&app, &b).await, b_with_a);
    assert_eq!(side(&app, &c).await, before[2]);
    assert_eq!(id_of_alias(&app, &a).await, b);
    undo(&app, &first).await.ok();
    assert_eq!(side(&app, &a).await, before[0]);
    assert_eq!(side(&app, &b).await, before[1]);
}

#[tokio::test]
async fn it_is_possible_for_ninety_days() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let mut merges = Vec::new();
    for _ in 0..2 {
        app.clock.advance_seconds(1);
        merges.push(merged(&app, &id, &guest(&app).await.0).await);
    }
    app.clock.advance_ms(90 * DAY_S * 1000 - 1);
    undo(&app, &merges[1]).await.ok();
    assert_eq!(
        undo(&app, &merges[0]).await.error(),
        (409, "merge_too_old".into())
    );
}

#[tokio::test]
async fn days_are_configured() {
    let app = TestApp::with(&[("session.merge_undo_days", "0")]).await;
    let id = user(&app, json!({"userId": "u"})).await;
    let merge = merged(&app, &id, &guest(&app).await.0).await;
    assert_eq!(undo(&app, &merge).await.error().1, "merge_too_old");
}

#[tokio::test]
async fn what_was_erased_is_not_brought_back() {
    let app = TestApp::new().await;
    let empty = app.rows();
    let id = user(&app, json!({"userId": "u"})).await;
    let (gone, session) = guest(&app).await;
    put(&app, &gone, json!({"email": "g@example.com"})).await;
    let merge = merged(&app, &id, &gone).await;
    let erase = Call::delete(&format!("/v3/sessions/{gone}"));
    assert_eq!(app.send(app.owner(erase)).await.status, 204);
    assert_eq!(
        undo(&app, &merge).await.error(),
        (404, "merge_not_found".into())
    );
    assert_eq!(app.rows(), empty);
    let started = app.sdk("/sessions", Some(&session), json!({})).await.ok();
    assert_ne!(started["gleapId"], session["gleapId"]);
    assert_ne!(id_of(&app, &started).await, gone);
}

#[tokio::test]
async fn what_was_changed_since_stays() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u", "a": 1})).await;
    let (gone, session) = guest(&app).await;
    let body = json!({"email": "g@example.com", "plan": "pro", "tags": ["trial", "new"], "customData": {"b": 2, "c": 3}});
    put(&app, &gone, body).await;
    let clicked = |n: i64| json!({"name": "clicked", "date": app.clock.at(-n), "data": {"n": n}});
    app.sdk_events(&session, json!([clicked(900), clicked(100)]))
        .await;
    let theirs = side(&app, &gone).await;
    let merge = merged(&app, &id, &gone).await;
    put(
        &app,
        &id,
        json!({"plan": "team", "tags": ["trial", "vip"], "customData": {"b": 20, "d": 4}}),
    )
    .await;
    // By the credential of the guest, which is the user now.
    app.sdk_events(&session, json!([clicked(500), clicked(100)]))
        .await;
    undo(&app, &merge).await.ok();
    assert_eq!(side(&app, &gone).await, theirs);
    let found = app.session("u").await;
    assert_eq!(found.get("email"), None);
    assert_eq!(found["plan"], "team");
    assert_eq!(found["tags"], json!(["vip"]));
    assert_eq!(found["customData"], json!({"a": 1, "b": 20, "d": 4}));
    let sum = &found["eventData"]["clicked"];
    let expected = json!({"count": 1, "firstAt": app.clock.at(-500), "lastAt": app.clock.at(-500), "lastData": {"n": 500}});
    assert_eq!(*sum, expected);
}

#[tokio::test]
async fn a_merge_of_an_earlier_release_is_too_old() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let merge = merged(&app, &id, &guest(&app).await.0).await;
    let record: store::ObjectId = merge.parse().unwrap();
    let forget = move |tx: &mut store::Tx<'_>| {
        let mut row = tx
            .get_for_update::<server::resources::session::merge::Merge>(record)?
            .unwrap();
        row.doc.undo = None;
        tx.put(&mut row)
    };
    app.write(forget).await.unwrap();
    assert_eq!(
        undo(&app, &merge).await.error(),
        (409, "merge_too_old".into())
    );
}

#[tokio::test]
async fn files_follow_their_tickets() {
    let app = TestApp::new().await;
    let (survivor, _) = guest(&app).await;
    let client = Client::new(&app, "u").await;
    let claimed = client.upload("claimed.png", PNG).await;
    let (loose, later) = (
        client.upload("loose.png", PNG).await,
        client.upload("later.png", PNG).await,
    );
    let first = client.report(json!({"screenshotUrl": claimed})).await;
    let merge = merged(&app, &survivor, &client.id).await;
    // By the credential of the merged session: a report of the survivor, with a file from before.
    let second = client.report(json!({"screenshotUrl": later})).await;
    undo(&app, &merge).await.ok();
    let of = async |id: &str, part: &str| {
        let rows = side(&app, id).await[part].as_array().unwrap().clone();
        let text = |row: &serde_json::Value| row["_id"].as_str().unwrap().to_owned();
        rows.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(
        of(&client.id, "tickets").await,
        [first["id"].as_str().unwrap()]
    );
    assert_eq!(
        of(&survivor, "tickets").await,
        [second["id"].as_str().unwrap()]
    );
    assert_eq!(
        of(&client.id, "files").await.len(),
        2,
        "the claimed and the loose one"
    );
    assert_eq!(of(&survivor, "files").await.len(), 1);
    for url in [&claimed, &loose, &later] {
        assert_eq!(fetch(&app, url).await.status, 200);
    }
}

/// Both sides held more than an outbox takes, so that some of it had no room.
#[tokio::test]
async fn what_waited_waits_again_and_what_was_pushed_does_not() {
    let app = TestApp::new().await;
    let (survivor, gone) = (guest(&app).await.0, guest(&app).await.0);
    for (id, unread) in [(&survivor, 2), (&gone, 5)] {
        for number in 0..15 {
            app.clock.advance_ms(1);
            let call = Call::post(&format!("/v3/sessions/{id}/notifications"));
            let body = json!({"text": format!("n{number}")});
            app.send(app.owner(call.json(&body))).await.ok();
        }
        let call = Call::put(&format!("/v3/sessions/{id}/unread"));
        app.send(app.owner(call.json(&json!({"unread": unread}))))
            .await
            .ok();
    }
    let (own, theirs) = (side(&app, &survivor).await, side(&app, &gone).await);
    let merge = merged(&app, &survivor, &gone).await;
    assert_eq!(side(&app, &survivor).await["outbox"][0]["unread"], 7);
    undo(&app, &merge).await.ok();
    assert_eq!(side(&app, &survivor).await, own);
    assert_eq!(side(&app, &gone).await, theirs);
    // The survivor takes what waits before the merge is undone.
    let merge = merged(&app, &survivor, &gone).await;
    let id: store::ObjectId = survivor.parse().unwrap();
    let take = move |tx: &mut store::Tx<'_>| server::live::outbox::take(tx, id).map(drop);
    app.write(take).await.unwrap();
    undo(&app, &merge).await.ok();
    let waiting = async |id: &str| {
        let side = side(&app, id).await;
        side["outbox"][0]["pending"].as_array().unwrap().len()
    };
    // Of the thirty, the ten oldest had no room: all of them the survivor's.
    assert_eq!((waiting(&survivor).await, waiting(&gone).await), (10, 0));
}

#[tokio::test]
async fn an_address_that_both_have_finds_whom_it_found_before() {
    let app = TestApp::new().await;
    // A contact that a member made: of a guest's word the user would take the address over.
    let contact = super::post(&app, "/v3/sessions", json!({"email": "a@example.com"})).await;
    let gone = contact.ok()["id"].as_str().unwrap().to_owned();
    let id = user(&app, json!({"userId": "u", "email": "a@example.com"})).await;
    let by_email = async || {
        let body = json!({"email": "a@example.com"});
        let found = super::post(&app, "/v3/sessions", body).await.ok();
        found["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(by_email().await, gone, "the first has it");
    let merge = merged(&app, &id, &gone).await;
    assert_eq!(by_email().await, id);
    undo(&app, &merge).await.ok();
    assert_eq!(by_email().await, gone);
    assert_eq!(app.session("u").await["email"], "a@example.com");
}
