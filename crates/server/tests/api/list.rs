//! `GET /v3/sessions`: which sessions, in which order, and how many.

mod filters;
mod pages;
mod refusals;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, encoded};

/// The part of a URL after `?`, with everything encoded that some client encodes.
fn query(raw: &str) -> String {
    let piece = |piece: &str| match piece.split_once('=') {
        Some((key, value)) => format!("{}={}", encoded(key), encoded(value)),
        None => encoded(piece),
    };
    raw.split('&').map(piece).collect::<Vec<_>>().join("&")
}

async fn list(app: &TestApp, raw: &str) -> Answer {
    app.get(&format!("/v3/sessions?{}", query(raw))).await
}

fn user_ids(sessions: &Value) -> Vec<&str> {
    let sessions = sessions.as_array().unwrap().iter();
    sessions
        .map(|session| session["userId"].as_str().unwrap_or("-"))
        .collect()
}

/// The user ids of an answer, as they come.
async fn users(app: &TestApp, raw: &str) -> Vec<String> {
    let answer = list(app, raw).await.ok();
    user_ids(&answer).into_iter().map(str::to_owned).collect()
}

/// Five users who differ in everything, a day apart.
async fn five() -> TestApp {
    let app = TestApp::new().await;
    let bodies = [
        json!({"userId": "a", "email": "ada@example.com", "plan": "pro", "value": 10, "customData": {"seats": 5, "vip": true, "tag": "x"}}),
        json!({"userId": "b", "email": "bob@example.com", "plan": "free", "value": 20, "customData": {"seats": 50, "vip": false}}),
        json!({"userId": "c", "email": "cyd@example.com", "plan": "team", "value": -1, "customData": {"seats": "5", "deep": {"er": 1}}}),
        json!({"userId": "d", "plan": "pro,team", "phone": "+4315331234", "lang": "de"}),
        json!({"userId": "e", "name": "Ünïcode & co = 100%"}),
    ];
    for body in bodies {
        app.identify(body).await.ok();
        app.clock.advance_seconds(86_400);
    }
    app
}

#[tokio::test]
async fn newest_first_unless_sorted() {
    let app = five().await;
    assert_eq!(users(&app, "").await, ["e", "d", "c", "b", "a"]);
    for (sort, expected) in [
        ("createdAt", ["a", "b", "c", "d", "e"]),
        ("-createdAt", ["e", "d", "c", "b", "a"]),
        ("_id", ["a", "b", "c", "d", "e"]),
        ("-_id", ["e", "d", "c", "b", "a"]),
        ("userId", ["a", "b", "c", "d", "e"]),
        ("-userId", ["e", "d", "c", "b", "a"]),
        // Missing values come last, whichever the direction.
        ("email", ["a", "b", "c", "d", "e"]),
        ("-email", ["c", "b", "a", "e", "d"]),
        ("updatedAt", ["a", "b", "c", "d", "e"]),
        ("-lastActivity", ["e", "d", "c", "b", "a"]),
        ("email,-createdAt", ["a", "b", "c", "e", "d"]),
        ("", ["e", "d", "c", "b", "a"]),
    ] {
        assert_eq!(
            users(&app, &format!("sort={sort}")).await,
            expected,
            "{sort}"
        );
    }
}

#[tokio::test]
async fn limits_and_skips_have_edges() {
    let app = five().await;
    for (raw, expected) in [
        ("limit=1", "e"),
        ("limit=2", "ed"),
        ("limit=5", "edcba"),
        ("limit=1000", "edcba"),
        ("skip=0", "edcba"),
        ("skip=4", "a"),
        ("skip=5", ""),
        ("skip=4294967295", ""),
        ("limit=2&skip=1", "dc"),
        ("limit=2&skip=4", "a"),
    ] {
        assert_eq!(users(&app, raw).await.concat(), expected, "{raw}");
    }
}

#[tokio::test]
async fn a_page_has_a_hundred_and_at_most_a_thousand() {
    let app = TestApp::new().await;
    let events: Value = (0..1001)
        .map(|n| json!({"userId": format!("u{n}"), "name": "x"}))
        .collect();
    app.track(events).await.ok();
    for (raw, expected) in [("", 100), ("limit=999", 999), ("limit=1000", 1000)] {
        assert_eq!(
            list(&app, raw).await.ok().as_array().unwrap().len(),
            expected,
            "{raw}"
        );
    }
    let counted = list(&app, "withCount=true&limit=1").await.ok();
    assert_eq!(
        (&counted["totalCount"], user_ids(&counted["data"]).len()),
        (&json!(1001), 1)
    );
}

#[tokio::test]
async fn all_that_match_are_counted() {
    let app = five().await;
    for (raw, matching, shown) in [
        ("withCount=true", 5, 5),
        ("withCount", 5, 5),
        ("withCount=true&limit=2", 5, 2),
        ("withCount=true&limit=2&skip=4", 5, 1),
        ("withCount=true&plan=pro,free&limit=1", 2, 1),
        ("withCount=true&plan=none", 0, 0),
    ] {
        let answer = list(&app, raw).await.ok();
        assert_eq!(answer["totalCount"], matching, "{raw}");
        assert_eq!(answer["data"].as_array().unwrap().len(), shown, "{raw}");
    }
    assert!(list(&app, "withCount=false").await.ok().is_array());
}

#[tokio::test]
async fn what_was_written_is_listed_at_once() {
    let app = TestApp::new().await;
    for n in 0..20 {
        app.identify(json!({"userId": "u", "seats": n})).await.ok();
        assert_eq!(users(&app, &format!("customData.seats={n}")).await, ["u"]);
    }
}

#[tokio::test]
async fn a_project_lists_its_own_alone() {
    let app = five().await;
    for other in [&app.accounts.sister, &app.accounts.foreign] {
        let call = crate::support::Call::post("/admin/identify")
            .json(&json!({"userId": "theirs", "plan": "pro"}));
        app.send(call.api_token(&other.api_token)).await.ok();
    }
    assert_eq!(users(&app, "plan=pro").await, ["a"]);
    assert_eq!(users(&app, "userId=theirs").await, Vec::<String>::new());
    let other = app.accounts.sister.id;
    assert_eq!(
        users(&app, &format!("project={other}")).await,
        Vec::<String>::new()
    );
    assert_eq!(list(&app, "withCount=true").await.ok()["totalCount"], 5);
}
