//! One session by user id or by id.

mod conditional;
mod erased;
mod fresh;
mod history;
mod merged;

use serde_json::json;

use crate::support::{Call, TestApp, encoded};

/// Ids that must survive a URL.
const AWKWARD: [&str; 20] = [
    "plain",
    "a/b",
    "/",
    "a+b",
    "a b",
    " ",
    "100%",
    "%2F",
    "%",
    "a?b#c",
    "a&b=c;d",
    ".",
    "..",
    "../admin/auth",
    "\"quoted\" 'too' \\",
    "🙂",
    "é",
    "user@example.com",
    "{userId}",
    "line\nbreak\ttab\u{7f}",
];

#[tokio::test]
async fn awkward_ids_are_found_under_their_percent_encoding() {
    let app = TestApp::new().await;
    for id in AWKWARD {
        let made = app.identify(json!({ "userId": id })).await.ok();
        let found = app.session(id).await;
        assert_eq!(found["userId"], id);
        assert_eq!(found["_id"], made["sessionId"], "{id:?}");
        assert_eq!(found["id"], found["_id"]);
    }
    assert_eq!(app.sessions().await.len(), AWKWARD.len());
}

#[tokio::test]
async fn letters_that_need_no_encoding_may_come_bare() {
    let app = TestApp::new().await;
    for (id, path) in [
        ("a+b", "a+b"),
        ("user@example.com", "user@example.com"),
        ("a:b,c;d=e", "a:b,c;d=e"),
        ("%", "%25"),
        ("%zz", "%zz"),
        ("é", "%C3%A9"),
        ("é", "%c3%a9"),
    ] {
        app.identify(json!({ "userId": id })).await.ok();
        let found = app
            .get(&format!("/v3/sessions/by-user-id/{path}"))
            .await
            .ok();
        assert_eq!(found["userId"], id, "{path}");
    }
}

#[tokio::test]
async fn ids_are_exact() {
    let app = TestApp::new().await;
    let precomposed = "\u{e9}";
    for id in ["User", precomposed, "12", "pad"] {
        app.identify(json!({ "userId": id })).await.ok();
    }
    let decomposed = "e\u{301}";
    for other in [
        "user", "USER", decomposed, "012", "12.0", " pad", "pad ", "pa", "pad%",
    ] {
        assert_eq!(
            app.lookup(other).await.error(),
            (404, "session_not_found".into()),
            "{other:?}"
        );
    }
    app.identify(json!({"userId": "user"})).await.ok();
    assert_ne!(
        app.session("User").await["_id"],
        app.session("user").await["_id"]
    );
}

#[tokio::test]
async fn ids_have_a_longest_length() {
    let app = TestApp::new().await;
    for letter in ["x", "é", "🙂"] {
        let longest = letter.repeat(256);
        app.identify(json!({ "userId": longest })).await.ok();
        assert_eq!(app.session(&longest).await["userId"], longest);
        let longer = letter.repeat(257);
        assert_eq!(app.identify(json!({ "userId": longer })).await.status, 422);
        assert_eq!(app.lookup(&longer).await.status, 404);
    }
    assert_eq!(app.sessions().await.len(), 3);
}

#[tokio::test]
async fn a_number_is_an_id_too() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": 4711})).await.ok();
    let again = app.identify(json!({"userId": "4711"})).await.ok();
    assert_eq!(again["created"], false);
    assert_eq!(app.session("4711").await["userId"], "4711");
}

#[tokio::test]
async fn what_is_elsewhere_looks_like_what_is_nowhere() {
    let app = TestApp::new().await;
    let identify = Call::post("/admin/identify").json(&json!({"userId": "theirs"}));
    let call = identify.api_token(&app.accounts.foreign.api_token);
    let theirs = app.send(call).await.ok();
    let id = theirs["sessionId"].as_str().unwrap();
    let nowhere = "6650f0c2a1b2c3d4e5f60718";
    for (foreign, unknown, known, other) in [
        (
            "/v3/sessions/by-user-id/theirs",
            "/v3/sessions/by-user-id/nobody",
            "theirs",
            "nobody",
        ),
        (
            &*format!("/v3/sessions/{id}"),
            &*format!("/v3/sessions/{nowhere}"),
            id,
            nowhere,
        ),
        (
            &*format!("/v3/sessions/{id}/identity-history"),
            &*format!("/v3/sessions/{nowhere}/identity-history"),
            id,
            nowhere,
        ),
    ] {
        let (foreign, unknown) = (app.get(foreign).await, app.get(unknown).await);
        assert_eq!(foreign.error(), (404, "session_not_found".into()));
        let renamed = foreign.told().to_string().replace(known, other);
        assert_eq!(renamed, unknown.told().to_string());
        let names = |answer: &crate::support::Answer| {
            let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            names
        };
        assert_eq!(names(&foreign), names(&unknown));
    }
}

#[tokio::test]
async fn bad_ids_and_unknown_ids_are_told_apart() {
    let app = TestApp::new().await;
    for bad in [
        "x",
        "6650f0c2a1b2c3d4e5f6071",
        "6650f0c2a1b2c3d4e5f607181",
        "zz50f0c2a1b2c3d4e5f60718",
        "by-user-id",
    ] {
        let answer = app.get(&format!("/v3/sessions/{bad}")).await;
        assert_eq!(answer.error(), (400, "invalid_id".into()), "{bad}");
    }
    for (id, code) in [("%ff", "bad_request"), ("a%ffb", "bad_request")] {
        let answer = app.get(&format!("/v3/sessions/by-user-id/{id}")).await;
        assert_eq!(answer.error(), (400, code.into()), "{id}");
    }
    let answer = app.get("/v3/sessions/by-user-id/").await;
    assert_eq!(answer.error(), (404, "route_not_found".into()));
    let answer = app.get("/v3/sessions/by-user-id/a/b").await;
    assert_eq!(answer.error(), (404, "route_not_found".into()));
}

#[tokio::test]
async fn both_ways_give_the_same_answer() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Ada", "plan": "pro"}))
        .await
        .ok();
    let by_user_id = app.lookup("u").await;
    let id = by_user_id.ok()["_id"].as_str().unwrap().to_owned();
    for path in [id.clone(), id.to_uppercase()] {
        let by_id = app.get(&format!("/v3/sessions/{path}")).await;
        assert_eq!(by_id.body, by_user_id.body);
        assert_eq!(by_id.header("etag"), by_user_id.header("etag"));
    }
    assert_eq!(app.sessions().await, [by_user_id.json()]);
    assert_eq!(
        app.get(&format!("/v3/sessions?userId={}", encoded("u")))
            .await
            .ok()[0],
        by_user_id.json()
    );
}
