//! `GET /v3/sessions/search`: who is found, in which order, and what is refused.

mod gone;
mod refusals;

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp, encoded};

async fn ask(app: &TestApp, raw: &str) -> Answer {
    app.get(&format!("/v3/sessions/search?{raw}")).await
}

/// The user ids of those found, in their order.
async fn found(app: &TestApp, term: &str) -> Vec<String> {
    let answer = ask(app, &format!("searchTerm={}", encoded(term))).await;
    users(&answer.ok())
}

fn users(sessions: &Value) -> Vec<String> {
    let sessions = sessions.as_array().unwrap().iter();
    sessions
        .map(|session| session["userId"].as_str().unwrap_or("-").to_owned())
        .collect()
}

async fn three() -> TestApp {
    let app = TestApp::new().await;
    for body in [
        json!({"userId": "a-1", "name": "Ada Lovelace", "email": "Ada@Example.com", "phone": "+43 1 5331234", "plan": "pro"}),
        json!({"userId": "team/2", "name": "Zoë Straße", "email": "zoe@mail.example.com", "companyId": "c-7", "companyName": "Ünïted Ltd"}),
        json!({"userId": "c3", "name": "Cyd", "role": "owner of ada", "seats": 77, "on": true}),
    ] {
        app.identify(body).await.ok();
        app.clock.advance_seconds(1);
    }
    app
}

#[tokio::test]
async fn every_searched_attribute_finds_its_session() {
    let app = three().await;
    for (term, expected) in [
        ("lovelace", vec!["a-1"]),
        ("LOVE ada", vec!["a-1"]),
        ("pro", vec!["a-1"]),
        ("a-1", vec!["a-1"]),
        ("ada@exa", vec!["a-1"]),
        ("zoe", vec!["team/2"]),
        ("Zoe\u{308} strasse", vec!["team/2"]),
        ("mail.exam", vec!["team/2"]),
        ("united", vec!["team/2"]),
        ("c-7", vec!["team/2"]),
        ("team/2", vec!["team/2"]),
        ("OWNER", vec!["c3"]),
        ("example.com", vec!["team/2", "a-1"]),
        // No text.
        ("77", vec![]),
        ("true", vec![]),
        // Not the start of a word.
        ("ovelace", vec![]),
        ("ada zoe", vec![]),
    ] {
        assert_eq!(found(&app, term).await, expected, "{term}");
    }
}

#[tokio::test]
async fn a_phone_number_is_found_in_any_grouping() {
    let app = three().await;
    for term in [
        "+43 1 5331234",
        "+4315331234",
        "0043 1 533-1234",
        "(01) 533 12 34",
        "5331234",
        "533 12",
        "+43 153",
        "01/5331",
        "43.1.533.1234",
    ] {
        assert_eq!(found(&app, term).await, ["a-1"], "{term}");
    }
    for term in ["1234", "+44 1 5331234", "331234"] {
        assert!(found(&app, term).await.is_empty(), "{term}");
    }
}

#[tokio::test]
async fn a_key_comes_first_then_its_beginning_then_the_text() {
    let app = TestApp::new().await;
    for body in [
        json!({"userId": "vip"}),
        json!({"userId": "vip-2"}),
        json!({"userId": "mail", "email": "vip@example.com"}),
        json!({"userId": "text", "name": "A vip"}),
        json!({"userId": "later", "role": "vips"}),
    ] {
        app.identify(body).await.ok();
        app.clock.advance_seconds(1);
    }
    assert_eq!(
        found(&app, "vip").await,
        ["vip", "vip-2", "mail", "later", "text"]
    );
    assert_eq!(found(&app, " vip@example.com ").await, ["mail"]);
    assert_eq!(found(&app, "VIP@Example.COM").await, ["mail"]);
    // The user id is exact; in the text, case makes no difference.
    assert_eq!(
        found(&app, "VIP").await,
        ["mail", "later", "text", "vip-2", "vip"]
    );
    let limited = ask(&app, "searchTerm=vip&limit=2").await.ok();
    assert_eq!(users(&limited), ["vip", "vip-2"]);
}

#[tokio::test]
async fn ids_find_their_session() {
    let app = three().await;
    let ada = app.session("a-1").await;
    let (id, gleap_id) = (
        ada["_id"].as_str().unwrap(),
        ada["gleapId"].as_str().unwrap(),
    );
    for term in [id, &id.to_uppercase(), &id[..20], gleap_id, &gleap_id[..12]] {
        assert_eq!(found(&app, term).await, ["a-1"], "{term}");
    }
    // Fewer characters of what a program made up begin too many.
    for term in [&id[..7], &gleap_id[..7]] {
        assert!(found(&app, term).await.is_empty(), "{term}");
    }
}

#[tokio::test]
async fn sessions_look_as_in_lists() {
    let app = three().await;
    let answer = ask(&app, "q=lovelace").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let listed = app.get("/v3/sessions?userId=a-1").await.ok();
    assert_eq!(answer.ok(), listed);
    assert_eq!(ask(&app, "searchTerm=nobody").await.ok(), json!([]));
    // `q` is another name.
    assert_eq!(
        users(&ask(&app, "q=zoe&searchTerm=lovelace").await.ok()),
        ["a-1"]
    );
    assert_eq!(
        users(&ask(&app, "searchTerm=zoe+stra").await.ok()),
        ["team/2"]
    );
}

#[tokio::test]
async fn thirty_are_found_unless_more_are_asked_for() {
    let app = TestApp::new().await;
    for n in 0..101 {
        app.identify(json!({"userId": format!("u{n:03}"), "plan": "pro"}))
            .await
            .ok();
    }
    for (raw, count) in [
        ("", 30),
        ("&limit=1", 1),
        ("&limit=99", 99),
        ("&limit=100", 100),
    ] {
        let sessions = ask(&app, &format!("q=pro{raw}")).await.ok();
        assert_eq!(sessions.as_array().unwrap().len(), count, "{raw}");
    }
}

#[tokio::test]
async fn a_write_is_found_by_the_next_search() {
    let app = TestApp::new().await;
    for n in 0..50 {
        let name = format!("name{n}x");
        app.identify(json!({"userId": "u", "name": name}))
            .await
            .ok();
        assert_eq!(found(&app, &name).await, ["u"]);
        if n > 0 {
            assert!(found(&app, &format!("name{}x", n - 1)).await.is_empty());
        }
    }
    let change = Call::post("/v3/sessions")
        .json(&json!({"userId": "u", "name": null, "customData": {"role": "boss"}}));
    app.send(app.owner(change)).await.ok();
    assert_eq!(found(&app, "boss").await, ["u"]);
    assert!(found(&app, "name").await.is_empty());
}

#[tokio::test]
async fn of_a_long_text_the_start_is_searched() {
    let app = TestApp::new().await;
    let text = format!("first {} last", "x ".repeat(1_100));
    app.identify(json!({"userId": "u", "role": text}))
        .await
        .ok();
    assert_eq!(found(&app, "first").await, ["u"]);
    assert!(found(&app, "last").await.is_empty());
}
