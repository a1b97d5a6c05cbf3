//! Who is made one, who is not, and what becomes of what they had.

mod clients;
mod undoing;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{by_id, id, ids, import_rows, listed, searched, upsert};
use crate::blocked::block;
use crate::changes::{now, since};
use crate::merge::side::side;
use crate::merge::{guest, merge, merged, post, put, undo, user};
use crate::support::{Call, TestApp};

async fn preview(app: &TestApp, id: &str, with: &str) -> Value {
    let path = format!("/v3/sessions/{id}/merge");
    post(app, &path, json!({"with": with, "dryRun": true}))
        .await
        .ok()
}

/// A user with an event, a ticket and a merged guest.
async fn busy(app: &TestApp) -> (String, String, Value) {
    let made = user(app, json!({"userId": "u", "name": "Ada", "seats": 3})).await;
    let (gone, device) = guest(app).await;
    app.sdk_identify(&device, json!({"userId": "u"})).await;
    app.sdk_events(&device, json!([{"name": "clicked"}])).await;
    app.sdk("/bugs/v2", Some(&device), json!({"formData": {"a": "b"}}))
        .await;
    (made, gone, device)
}

/// A session is never merged with itself, under whichever of its ids: nothing of it changes.
#[tokio::test]
async fn who_is_merged_with_itself_is_left_as_it_was() {
    let app = TestApp::new().await;
    let (own, gone, device) = busy(&app).await;
    let before = side(&app, &own).await;
    for (survivor, with, code) in [
        (&own, &own, "merge_itself"),
        (&own, &own.to_uppercase(), "merge_itself"),
        (&own, &gone, "merge_already"),
        (&gone, &own, "merge_itself"),
    ] {
        let answer = merge(&app, survivor, with).await;
        assert_eq!(
            answer.status,
            409,
            "{survivor} and {with}: {}",
            answer.text()
        );
        let refused = preview(&app, survivor, with).await["refused"]["code"].clone();
        assert_eq!(refused, *answer.error().1);
        assert_eq!(refused, code);
    }
    for _ in 0..2 {
        app.sdk_identify(&device, json!({"userId": "u"})).await;
    }
    assert_eq!(side(&app, &own).await, before);
    assert_eq!(app.sessions().await.len(), 1);
}

/// What gives way to another value is kept in the record of the merge, and told before.
#[tokio::test]
async fn nothing_that_gives_way_is_lost() {
    let app = TestApp::new().await;
    let own = user(
        &app,
        json!({"userId": "u", "name": "Ada", "plan": "pro", "seats": 3}),
    )
    .await;
    let (gone, _) = guest(&app).await;
    let body = json!({"name": "Guest", "plan": "free", "email": "g@example.com", "customData": {"seats": 9, "theme": "dark"}});
    put(&app, &gone, body).await;
    let plan = preview(&app, &own, &gone).await;
    let kept: Vec<_> = plan["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|attribute| attribute["outcome"] == "kept")
        .map(|attribute| attribute["name"].as_str().unwrap())
        .collect();
    for name in ["name", "plan", "customData.seats"] {
        assert!(kept.contains(&name), "{name}: {kept:?}");
    }
    let record = merged(&app, &own, &gone).await;
    let session = app.session("u").await;
    assert_eq!(
        json!([session["name"], session["plan"], session["email"]]),
        json!(["Ada", "pro", "g@example.com"])
    );
    assert_eq!(session["customData"], json!({"seats": 3, "theme": "dark"}));
    let before = app.get(&format!("/v3/merges/{record}")).await.ok()["before"].clone();
    assert_eq!(
        json!([before["name"], before["plan"]]),
        json!(["Guest", "free"])
    );
    assert_eq!(before["customData"], json!({"seats": 9, "theme": "dark"}));
}

/// The caller says who goes on, whoever was there first and however much the other has.
#[tokio::test]
async fn the_caller_says_who_goes_on() {
    for turned in [false, true] {
        let app = TestApp::new().await;
        let old = upsert(
            &app,
            json!({"email": "a@example.com", "name": "Old", "tags": ["imported"]}),
        )
        .await;
        app.clock.advance_seconds(3600);
        let new = upsert(&app, json!({"email": "b@example.com", "name": "New"})).await;
        let (stays, goes) = if turned { (&old, &new) } else { (&new, &old) };
        let plan = preview(&app, id(stays), id(goes)).await;
        assert_eq!(
            (&plan["session"], &plan["with"]),
            (&stays["id"], &goes["id"])
        );
        merged(&app, id(stays), id(goes)).await;
        let session = by_id(&app, id(goes)).await;
        for field in ["id", "gleapId", "createdAt", "name", "email"] {
            assert_eq!(session[field], stays[field], "{field}");
        }
        assert_eq!(session["tags"], json!(["imported"]));
    }
}

/// Whatever is written to a session that is gone arrives at the one that it lives on in.
#[tokio::test]
async fn what_is_written_to_a_merged_session_arrives_where_it_lives_on() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u"})).await;
    let (gone, device) = guest(&app).await;
    merged(&app, &own, &gone).await;
    assert_eq!(id(&put(&app, &gone, json!({"plan": "pro"})).await), own);
    let entry = json!({"name": "n", "description": "d", "content": "c"});
    post(&app, &format!("/v3/sessions/{gone}/memory"), entry)
        .await
        .ok();
    post(
        &app,
        "/v3/tickets",
        json!({"title": "t", "type": "BUG", "session": gone}),
    )
    .await
    .ok();
    post(
        &app,
        &format!("/v3/sessions/{gone}/notifications"),
        json!({"text": "hello"}),
    )
    .await
    .ok();
    let call = Call::put(&format!("/v3/sessions/{gone}/checklists/c1"));
    let progress =
        call.json(&json!({"outboundId": "c1", "status": "active", "completedSteps": ["one"]}));
    let progress = app.send(app.owner(progress)).await;
    app.sdk_events(&device, json!([{"name": "late"}])).await;
    app.sdk(
        "/sessions/partialupdate",
        Some(&device),
        json!({"data": {"seats": 3}}),
    )
    .await
    .ok();
    let report = app
        .sdk("/bugs/v2", Some(&device), json!({"formData": {"a": "b"}}))
        .await;
    assert_eq!(
        (report.status, progress.status),
        (201, 200),
        "{}",
        progress.text()
    );
    let session = app.session("u").await;
    assert_eq!(
        json!([session["id"], session["plan"], session["customData"]]),
        json!([own, "pro", {"seats": 3}])
    );
    assert_eq!(session["eventData"]["late"]["count"], 1);
    assert_eq!(session["countFeedbackReports"], 2);
    assert_eq!(session["memory"][0]["content"], "c");
    assert!(!session["checklistTasks"]["c1"].is_null());
    assert_eq!(
        side(&app, &own).await["outbox"][0]["pending"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(app.sessions().await, [session]);
}

/// An address that two users share makes them neither one nor wrong, whichever call says it.
#[tokio::test]
async fn an_address_alone_makes_no_two_users_one() {
    let app = TestApp::new().await;
    let both = json!({"email": "shared@example.com", "phone": "+43 1 5331234"});
    let of = |user: &str| {
        let mut body = both.clone();
        body["userId"] = json!(user);
        body
    };
    app.identify(of("a")).await.ok();
    app.identify(of("b")).await.ok();
    upsert(&app, of("c")).await;
    import_rows(&app, json!([of("d")])).await;
    let (_, device) = guest(&app).await;
    app.sdk_identify(&device, of("e")).await;
    let users = ["a", "b", "c", "d", "e"];
    let mut ids = Vec::new();
    for user in users {
        let session = app.session(user).await;
        assert_eq!(session["email"], "shared@example.com", "{user}");
        ids.push(id(&session).to_owned());
    }
    let mut found = listed(&app, "email", "shared@example.com").await;
    found.reverse();
    assert_eq!(found, ids);
    // When the first lets go of it, nothing breaks; when the second changes it, neither.
    app.identify(json!({"userId": "a", "email": "other@example.com"}))
        .await
        .ok();
    app.identify(json!({"userId": "b", "email": "SHARED@example.com", "phone": null}))
        .await
        .ok();
    assert_eq!(app.sessions().await.len(), users.len());
    app.assert_sound();
}

/// However many a session took in, it is as quick to read, and each of their ids finds it.
#[tokio::test]
async fn a_session_that_took_in_many_has_no_larger_answers() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u", "name": "Ada"})).await;
    let mut gone = Vec::new();
    let mut sizes = Vec::new();
    for number in 0..101 {
        let (id, device) = guest(&app).await;
        app.sdk_identify(&device, json!({"userId": "u"})).await;
        gone.push(id);
        if number % 50 == 0 {
            sizes.push(app.lookup("u").await.body.len());
        }
    }
    // The number of visits has more digits.
    assert!(sizes[2] - sizes[0] < 5, "{sizes:?}");
    for id in [&gone[0], &gone[50], &gone[100]] {
        assert_eq!(by_id(&app, id).await["id"], *own);
    }
    let first = app.get(&format!("/v3/sessions/{own}/merges")).await;
    assert_eq!(first.ok().as_array().unwrap().len(), 100);
    let next = first
        .header("link")
        .trim_start_matches('<')
        .split('>')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(app.get(&next).await.ok().as_array().unwrap().len(), 1);
}

/// Those who are merged into one are the same in the end in whichever order they are.
#[tokio::test]
async fn the_order_of_merges_makes_no_difference() {
    let mut outcomes = Vec::new();
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        outcomes.push(merged_in(order).await);
    }
    for outcome in &outcomes {
        assert_eq!(*outcome, outcomes[0]);
    }
    assert_eq!(
        outcomes[0]["seen"]["count"], 4,
        "one that all have, and one of each"
    );
}

async fn merged_in(order: [usize; 3]) -> Value {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u"})).await;
    let mut guests = Vec::new();
    for number in 0..3_i64 {
        app.clock.advance_seconds(60);
        let (id, device) = guest(&app).await;
        let body = json!({"tags": ["all", format!("t{number}")], "customData": {format!("k{number}"): number}});
        put(&app, &id, body).await;
        let common = json!({"name": "seen", "date": "2026-03-01T11:00:00.000Z", "data": 0});
        let single = json!({"name": "seen", "date": format!("2026-03-01T11:0{number}:30.000Z"), "data": number});
        app.sdk_events(&device, json!([common, single])).await;
        app.sdk(
            "/bugs/v2",
            Some(&device),
            json!({"formData": {"number": number}}),
        )
        .await;
        guests.push(id);
    }
    for number in order {
        merged(&app, &own, &guests[number]).await;
    }
    let session = app.session("u").await;
    let sorted = |value: &Value| {
        let mut parts: Vec<_> = match value {
            Value::Array(parts) => parts.iter().map(ToString::to_string).collect(),
            other => other
                .as_object()
                .unwrap()
                .iter()
                .map(|part| format!("{part:?}"))
                .collect(),
        };
        parts.sort();
        parts
    };
    json!({
        "seen": session["eventData"]["seen"], "tags": sorted(&session["tags"]), "custom": sorted(&session["customData"]),
        "reports": session["countFeedbackReports"], "visits": session["sessions"],
        "times": [session["firstActivity"], session["lastActivity"], session["lastFeedbackReport"]],
    })
}

/// What sessions merely have in common joins nobody: a device, a name, an attribute, an address of the network.
#[tokio::test]
async fn what_is_no_key_joins_nobody() {
    let app = TestApp::new().await;
    let common = json!({
        "name": "Ada", "avatar": "https://example.com/a.png", "companyId": "acme", "companyName": "ACME",
        "facebookId": "fb", "instagramId": "ig", "telegramChatId": "tg", "deviceType": "desktop", "platform": "web",
        "customData": {"ga_client_id": "GA1.2.3", "advertisingId": "x"},
    });
    let of = |user: &str| {
        let mut body = common.clone();
        body["userId"] = json!(user);
        body
    };
    upsert(&app, of("a")).await;
    upsert(&app, of("b")).await;
    import_rows(&app, json!([of("c")])).await;
    upsert(&app, common.clone()).await;
    for _ in 0..2 {
        let (_, device) = guest(&app).await;
        let data = json!({"data": {"name": "Ada", "ga_client_id": "GA1.2.3"}});
        app.sdk("/sessions/partialupdate", Some(&device), data)
            .await
            .ok();
    }
    let refused = post(&app, "/v3/sessions/importer", json!([common])).await;
    assert_eq!(refused.error(), (422, "import_refused".into()));
    assert_eq!(app.sessions().await.len(), 6);
}

/// What many say makes none of them one: words that name nobody, and what a project lists.
#[tokio::test]
async fn a_value_that_many_share_joins_none_of_them() {
    let app = TestApp::new().await;
    block(
        &app,
        &[
            ("userId", "qa"),
            ("email", "qa@example.com"),
            ("phone", "+4315331234"),
        ],
    )
    .await
    .ok();
    let words = json!([
        "",
        null,
        "0",
        0,
        "undefined",
        "null",
        "anonymous",
        "-1",
        "guest",
        "NaN",
        "[object Object]",
        "qa"
    ]);
    let words = words.as_array().unwrap();
    let mut devices = Vec::new();
    for _ in words {
        devices.push(guest(&app).await.1);
    }
    let calls = devices.iter().zip(words).map(|(device, word)| {
        let body = json!({"userId": word, "email": "qa@example.com", "phone": "+43 1 5331234"});
        app.sdk("/sessions/identify", Some(device), body)
    });
    for (answer, device) in join_all(calls).await.iter().zip(&devices) {
        let session = answer.ok();
        assert_eq!(session["gleapId"], device["gleapId"]);
        assert_eq!(session.get("userId"), None);
    }
    assert_eq!(app.sessions().await.len(), words.len());
    for word in words {
        let body = json!({"userId": word, "email": "qa@example.com"});
        assert_eq!(app.identify(body).await.status, 422, "{word}");
    }
    for _ in 0..3 {
        upsert(&app, json!({"email": "qa@example.com"})).await;
    }
    assert_eq!(app.sessions().await.len(), words.len() + 3);
    // Of two who show one of them, neither is merged by hand.
    let all = app.sessions().await;
    assert_eq!(
        merge(&app, id(&all[0]), id(&all[1])).await.error().1,
        "blocked_value"
    );
}

/// A merge that looks wrong is refused, and the preview says so before; who knows better takes the reason away.
#[tokio::test]
async fn a_merge_is_previewed_refused_and_insisted_on() {
    let app = TestApp::new().await;
    let (one, two) = (
        user(&app, json!({"userId": "a"})).await,
        user(&app, json!({"userId": "b", "plan": "pro"})).await,
    );
    let refused = preview(&app, &one, &two).await["refused"].clone();
    assert_eq!(refused["code"], "merge_two_users");
    assert_eq!(
        merge(&app, &one, &two).await.error(),
        (409, "merge_two_users".into())
    );
    put(&app, &two, json!({"userId": null})).await;
    let plan = preview(&app, &one, &two).await;
    assert_eq!(plan.get("refused"), None);
    let record = merged(&app, &one, &two).await;
    assert_eq!(app.session("a").await["plan"], "pro");
    undo(&app, &record).await.ok();
    assert_eq!(app.session("a").await.get("plan"), None);
}

/// Whoever kept the id of a session that was merged is led on: by every call with it, and by the changes.
#[tokio::test]
async fn whoever_kept_the_id_of_a_merged_session_is_led_on() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u"})).await;
    let (gone, _) = guest(&app).await;
    let cursor = now(&app).await;
    merged(&app, &own, &gone).await;
    let (changes, _) = since(&app, &cursor, 100).await;
    let told = changes
        .iter()
        .find(|change| change["sessionId"] == *gone)
        .unwrap();
    assert_eq!(
        (&told["type"], &told["into"]),
        (&json!("merged"), &json!(own))
    );
    let canonical = app.get(&format!("/v3/sessions/{own}")).await;
    let old = app.get(&format!("/v3/sessions/{gone}")).await;
    assert_eq!((old.status, &old.body), (200, &canonical.body));
    assert_eq!(old.header("etag"), canonical.header("etag"));
    for part in [
        "events",
        "activities",
        "identity-history",
        "merges",
        "memory",
        "checklists",
    ] {
        let of = async |id: &str| app.get(&format!("/v3/sessions/{id}/{part}")).await.ok();
        assert_eq!(of(&gone).await, of(&own).await, "{part}");
    }
    assert_eq!(searched(&app, &gone).await, [&*own]);
    let exported = app.get("/v3/sessions/export").await.ok();
    assert_eq!(ids(&exported), [&*own], "it is one row");
}

/// Every refusal to merge, or to undo one, has a word of its own for programs, and one for people.
#[tokio::test]
async fn every_refusal_of_a_merge_says_why() {
    let app = TestApp::new().await;
    let (a, b) = (
        user(&app, json!({"userId": "a"})).await,
        user(&app, json!({"userId": "b"})).await,
    );
    let (first, _) = guest(&app).await;
    let (second, _) = guest(&app).await;
    let one = merged(&app, &a, &first).await;
    let two = merged(&app, &a, &second).await;
    let mut answers = vec![
        merge(&app, &a, &a).await,
        merge(&app, &a, &b).await,
        merge(&app, &b, &first).await,
        undo(&app, &one).await,
        merge(&app, &a, "6650f0c2a1b2c3d4e5f60718").await,
        undo(&app, "6650f0c2a1b2c3d4e5f60718").await,
    ];
    undo(&app, &two).await.ok();
    answers.push(undo(&app, &two).await);
    app.clock.advance_seconds(91 * 86_400);
    answers.push(undo(&app, &one).await);
    let mut codes: Vec<_> = answers.iter().map(|answer| answer.error().1).collect();
    for answer in &answers {
        assert!(matches!(answer.status, 404 | 409), "{}", answer.text());
        assert!(
            answer.json()["message"].as_str().unwrap().len() > 20,
            "{}",
            answer.text()
        );
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), answers.len(), "{codes:?}");
}

/// Nothing of a session that was merged stays behind: all it had is the survivor's, and as much as before.
#[tokio::test]
async fn a_merge_leaves_nothing_behind() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u", "email": "same@example.com"})).await;
    let (gone, device) = guest(&app).await;
    put(
        &app,
        &gone,
        json!({"email": "same@example.com", "phone": "+4315331234"}),
    )
    .await;
    app.sdk_events(&device, json!([{"name": "clicked"}, {"name": "paid"}]))
        .await;
    let ticket = app
        .sdk("/bugs/v2", Some(&device), json!({"formData": {"a": "b"}}))
        .await
        .json();
    let message = json!({"ticket": ticket["id"], "comment": "hello"});
    post(&app, "/v3/messages", message).await;
    let count = |table: &str| {
        let rows = app.rows();
        rows.into_iter().find(|(name, _)| name == table).unwrap().1
    };
    let tables = ["event", "ticket", "message", "file"];
    let before = tables.map(count);
    merged(&app, &own, &gone).await;
    assert_eq!(tables.map(count), before);
    let left = side(&app, &gone).await;
    for (part, rows) in left.as_object().unwrap() {
        assert!(rows.is_null() || *rows == json!([]), "{part}: {rows}");
    }
    let ticket = app
        .get(&format!("/v3/tickets/{}", ticket["id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(ticket["session"]["id"], own);
    app.assert_sound();
}

/// A wrong address is taken away with one call, and is free for whom it belongs to.
#[tokio::test]
async fn a_wrong_address_can_be_taken_away() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u"})).await;
    let gone = upsert(
        &app,
        json!({"email": "wrong@example.com", "phone": "+4315331234"}),
    )
    .await;
    merged(&app, &own, id(&gone)).await;
    assert_eq!(searched(&app, "wrong@example.com").await, [&*own]);
    put(&app, &own, json!({"email": null, "phone": null})).await;
    for address in ["wrong@example.com", "+4315331234"] {
        assert_eq!(searched(&app, address).await, [] as [&str; 0]);
    }
    let body = json!({"userId": "v", "email": "wrong@example.com", "phone": "+4315331234"});
    let right = app.identify(body).await;
    assert_eq!(right.header("hark-not-identifying"), "");
    assert_eq!(
        searched(&app, "wrong@example.com").await,
        [right.ok()["sessionId"].as_str().unwrap()]
    );
}
