//! What is blocked finds nobody, makes nobody one, and is nobody's identity.

use serde_json::{Value, json};

use super::block;
use crate::merge::{guest, id_of, merge, post, put, undo, user};
use crate::support::{Call, TestApp};

const OFFICE: &str = "+43 1 5331234";
const TESTS: &str = "test@example.com";

async fn upsert(app: &TestApp, body: Value) -> Value {
    let call = Call::post("/v3/sessions").json(&body);
    app.send(app.owner(call)).await.ok()
}

fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_blocked_address_is_an_attribute_alone_and_the_answer_names_it() {
    let app = TestApp::new().await;
    block(&app, &[("email", TESTS), ("phone", OFFICE)])
        .await
        .ok();
    let first = app
        .identify(json!({"userId": "a", "email": "TEST@example.com", "phone": OFFICE}))
        .await;
    assert_eq!(first.header("hark-not-identifying"), "email, phone");
    first.ok();
    let shown = app.session("a").await;
    assert_eq!(shown["email"], "TEST@example.com");
    // It finds nobody: each call without another identity makes another session.
    let body = json!({"email": TESTS, "name": "Tester"});
    let call = app.owner(Call::post("/v3/sessions").json(&body));
    let answer = app.send(call).await;
    assert_eq!(answer.header("hark-not-identifying"), "email");
    let second = answer.ok();
    assert_ne!(id(&second), id(&shown));
    assert_ne!(id(&upsert(&app, body).await), id(&second));
    let change = json!({"phone": OFFICE});
    let call = Call::put(&format!("/v3/sessions/{}", id(&second))).json(&change);
    assert_eq!(
        app.send(app.owner(call))
            .await
            .header("hark-not-identifying"),
        "phone"
    );
    // What says nothing new of it names nothing.
    let again = app
        .identify(json!({"userId": "a", "email": "TEST@example.com"}))
        .await;
    assert_eq!(again.header("hark-not-identifying"), "");
    let search = app
        .get("/v3/sessions/search?searchTerm=test@example.com")
        .await
        .ok();
    assert_eq!(
        search.as_array().unwrap().len(),
        3,
        "a search finds all of them"
    );
}

#[tokio::test]
async fn a_blocked_user_id_is_refused_where_somebody_can_read_it() {
    let app = TestApp::new().await;
    block(&app, &[("userId", "test")]).await.ok();
    let refused = app.identify(json!({"userId": "test"})).await;
    assert_eq!(refused.error(), (422, "blocked_value".into()));
    assert!(
        refused.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("userId: ")
    );
    for path in ["/v3/sessions"] {
        let refused = post(&app, path, json!({"userId": "test"})).await;
        assert_eq!(refused.error(), (422, "blocked_value".into()));
    }
    let (guest, _) = guest(&app).await;
    let call = Call::put(&format!("/v3/sessions/{guest}")).json(&json!({"userId": "test"}));
    assert_eq!(
        app.send(app.owner(call)).await.error(),
        (422, "blocked_value".into())
    );
    let date = app.clock.at(0);
    let events = json!([{"userId": "test", "name": "a", "date": date}, {"userId": "u", "name": "a", "date": date}]);
    let tracked = app.track(events).await.ok();
    assert_eq!(
        (&tracked["stored"], &tracked["dropped"]),
        (&json!(1), &json!(1))
    );
    assert!(tracked["errors"][0].as_str().unwrap().contains("\"test\""));
    assert_eq!(app.lookup("test").await.status, 404);
    let erase = app.server(Call::delete("/admin/contacts/test"));
    assert!(app.send(erase).await.status < 500);
}

#[tokio::test]
async fn clients_go_on_as_guests() {
    let app = TestApp::new().await;
    block(&app, &[("userId", "test"), ("email", TESTS)])
        .await
        .ok();
    let session = app.guest().await;
    let answer = app
        .sdk_identify(
            &session,
            json!({"userId": "test", "email": TESTS, "name": "Ada"}),
        )
        .await;
    assert_eq!(answer["gleapId"], session["gleapId"]);
    let path = format!("/v3/sessions/{}", id_of(&app, &session).await);
    let shown = app.get(&path).await.ok();
    assert_eq!(
        (&shown["userId"], &shown["email"]),
        (&Value::Null, &json!(TESTS))
    );
    assert_eq!(shown["name"], "Ada");
    // Another client with the same word is another guest.
    let other = app.guest().await;
    app.sdk_identify(&other, json!({"userId": "test", "email": TESTS}))
        .await;
    assert_ne!(id_of(&app, &other).await, id(&shown));
    // Without a session, one is made.
    let made = app
        .sdk("/sessions/identify", None, json!({"userId": "test"}))
        .await;
    assert_eq!(made.status, 200);
    assert_eq!(app.lookup("test").await.status, 404);
    // Somebody who is known by another id is found all the same.
    let known = app
        .sdk_identify(&session, json!({"userId": "ada", "email": TESTS}))
        .await;
    assert_eq!(known["gleapId"], session["gleapId"]);
    assert_eq!(app.session("ada").await["id"], shown["id"]);
    // Of whoever was there before nothing is changed.
    let next = app
        .sdk_identify(&session, json!({"userId": "test", "name": "Bob"}))
        .await;
    assert_ne!(next["gleapId"], session["gleapId"]);
    assert_eq!(app.session("ada").await["name"], "Ada");
}

#[tokio::test]
async fn who_shares_a_blocked_address_is_not_merged() {
    let app = TestApp::new().await;
    let one = user(&app, json!({"userId": "a", "phone": OFFICE})).await;
    let two = upsert(&app, json!({"name": "Bob", "phone": OFFICE})).await;
    block(&app, &[("phone", OFFICE)]).await.ok();
    let path = format!("/v3/sessions/{one}/merge");
    let body = json!({"with": id(&two), "dryRun": true});
    let plan = post(&app, &path, body).await.ok();
    assert_eq!(plan["refused"]["code"], "blocked_value");
    assert!(
        plan["refused"]["message"]
            .as_str()
            .unwrap()
            .contains("phone")
    );
    assert_eq!(
        merge(&app, &one, id(&two)).await.error(),
        (409, "blocked_value".into())
    );
    // Once one of them does not show it, there may be another reason.
    put(&app, id(&two), json!({"phone": null})).await;
    let done = merge(&app, &one, id(&two)).await.ok();
    undo(&app, done["mergeId"].as_str().unwrap()).await.ok();
}

#[tokio::test]
async fn rows_of_imports_are_found_by_other_values_or_refused() {
    let app = TestApp::new().await;
    block(&app, &[("email", TESTS), ("userId", "test")])
        .await
        .ok();
    let file = "userId,email,name\nu,test@example.com,Ada\n,test@example.com,Bob\ntest,,Cleo\n,cleo@example.com,Cleo\n";
    let call = || {
        let call =
            Call::post("/v3/sessions/importer?partial=true").header("content-type", "text/csv");
        app.owner(call.body(file))
    };
    for round in ["created", "unchanged"] {
        let texts = app.send(call()).await.ok();
        let text = |n: usize| texts[n].as_str().unwrap();
        assert!(text(0).contains(round), "{texts}");
        assert!(
            text(1).contains("line 3: failed: its addresses are on the list"),
            "{texts}"
        );
        assert!(
            text(2).contains("line 4: failed: userId: is on the list"),
            "{texts}"
        );
        assert!(text(3).contains(round), "{texts}");
    }
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn what_is_taken_off_the_list_finds_again_whom_it_found() {
    let app = TestApp::new().await;
    let kept = user(&app, json!({"userId": "a", "email": TESTS})).await;
    let moved = user(&app, json!({"userId": "b", "phone": OFFICE})).await;
    let gone = user(&app, json!({"userId": "c", "email": "c@example.com"})).await;
    let addresses = [
        ("email", TESTS),
        ("phone", OFFICE),
        ("email", "c@example.com"),
    ];
    block(&app, &addresses).await.ok();
    app.assert_sound();
    assert_ne!(upsert(&app, json!({"email": TESTS})).await["id"], kept);
    put(&app, &moved, json!({"phone": null})).await;
    app.send(app.owner(Call::delete(&format!("/v3/sessions/{gone}"))))
        .await;
    block(&app, &[]).await.ok();
    app.assert_sound();
    assert_eq!(upsert(&app, json!({"email": TESTS})).await["id"], kept);
    let fresh = upsert(&app, json!({"email": "c@example.com"})).await;
    assert_ne!(fresh["id"], gone);
    assert_eq!(
        upsert(&app, json!({"email": "c@example.com"})).await["id"],
        fresh["id"]
    );
    // A user id is free again.
    block(&app, &[("userId", "test")]).await.ok();
    assert_eq!(app.identify(json!({"userId": "test"})).await.status, 422);
    block(&app, &[]).await.ok();
    app.identify(json!({"userId": "test"})).await.ok();
    assert_eq!(app.lookup("test").await.status, 200);
}

#[tokio::test]
async fn who_was_merged_meanwhile_is_found_where_it_lives_on() {
    let app = TestApp::new().await;
    let survivor = user(&app, json!({"userId": "a"})).await;
    let gone = upsert(&app, json!({"name": "Ada", "email": TESTS})).await;
    block(&app, &[("email", TESTS)]).await.ok();
    merge(&app, &survivor, id(&gone)).await.ok();
    block(&app, &[]).await.ok();
    let found = upsert(&app, json!({"email": TESTS})).await;
    assert_eq!(found["id"], survivor);
}
