//! `POST /sessions/events` and `/sessions/ping` (wire note §4.4, §4.5, §13.7).

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

const PATHS: [&str; 2] = ["/sessions/events", "/sessions/ping"];

async fn summary(app: &TestApp, guest: &Value, name: &str) -> Value {
    let all = app.sessions().await;
    let own = all
        .iter()
        .find(|session| session["gleapId"] == guest["gleapId"]);
    own.unwrap()["eventData"][name].clone()
}

#[tokio::test]
async fn both_addresses_take_events() {
    let app = TestApp::new().await;
    for path in PATHS {
        let guest = app.guest().await;
        let date = app.clock.at(-60_000);
        let events = json!([{"name": "bought", "date": date, "data": {"sku": "A1"}}]);
        let answer = app.sdk(path, Some(&guest), json!({"events": events})).await;
        assert_eq!(answer.ok(), json!({"a": [], "u": 0}));
        let expected =
            json!({"count": 1, "firstAt": date, "lastAt": date, "lastData": {"sku": "A1"}});
        assert_eq!(summary(&app, &guest, "bought").await, expected);
    }
}

#[tokio::test]
async fn dates_are_read_in_all_the_forms_of_clients() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let events = json!([
        {"name": "utc", "date": "2026-03-01T11:00:00.000Z"},
        {"name": "offset", "date": "2026-03-01T12:00:00+01:00"},
        {"name": "no ms", "date": "2026-03-01T11:00:00Z"},
        {"name": "odd", "date": "Sun Mar 01 2026 11:00:00 GMT+0000"},
        {"name": "none"},
        {"name": "number", "date": 5},
    ]);
    app.sdk_events(&guest, events).await;
    for name in ["utc", "offset", "no ms"] {
        assert_eq!(
            summary(&app, &guest, name).await["lastAt"],
            "2026-03-01T11:00:00.000Z",
            "{name}"
        );
    }
    for name in ["odd", "none", "number"] {
        assert_eq!(
            summary(&app, &guest, name).await["lastAt"],
            app.clock.at(0),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_bad_event_does_not_cost_its_neighbours() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let events = json!([
        5, null, "text", [], {}, {"name": ""}, {"name": 5}, {"name": "x".repeat(257)},
        {"name": "large", "data": "x".repeat(8 * 1024)},
        {"name": "good"}, {"name": "with null", "data": null},
    ]);
    app.sdk_events(&guest, events).await;
    let all = app.sessions().await;
    let names: Vec<_> = all[0]["eventData"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["good", "with null"]);
}

#[tokio::test]
async fn limits_of_an_event_at_their_edges() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let name = "é".repeat(256);
    let data = "x".repeat(8 * 1024 - 2); // and two quotes
    app.sdk_events(
        &guest,
        json!([{"name": name}, {"name": "large", "data": data}]),
    )
    .await;
    assert_eq!(summary(&app, &guest, &name).await["count"], 1);
    assert_eq!(summary(&app, &guest, "large").await["count"], 1);
}

#[tokio::test]
async fn of_too_many_the_newest_are_taken() {
    let app = TestApp::with(&[("limits.events_per_ping_max", "3")]).await;
    let guest = app.guest().await;
    let events: Vec<_> = (0..4)
        .map(|number| json!({"name": format!("e{number}")}))
        .collect();
    app.sdk_events(&guest, json!(events[..3])).await;
    assert_eq!(summary(&app, &guest, "e0").await["count"], 1);
    app.sdk_events(&guest, json!(events)).await;
    let counts: Vec<_> = ["e0", "e1", "e2", "e3"].into();
    let mut seen = Vec::new();
    for name in counts {
        seen.push(summary(&app, &guest, name).await["count"].clone());
    }
    assert_eq!(json!(seen[0]), 1, "the oldest of four was left out");
    assert_eq!(seen[3], 1);
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_stored_once() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let (first, second) = (app.clock.at(-2000), app.clock.at(-1000));
    let events = json!([
        {"name": "click", "date": first}, {"name": "click", "date": first}, {"name": "click", "date": second},
    ]);
    for _ in 0..3 {
        app.sdk_events(&guest, events.clone()).await;
    }
    assert_eq!(
        summary(&app, &guest, "click").await["count"],
        3,
        "twice in one millisecond is twice"
    );
}

/// A client that got no answer sends what it has got since with what it sent before.
#[tokio::test]
async fn a_batch_that_has_grown_adds_what_is_new() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let at = app.clock.at(-1000);
    let click = json!({"name": "click", "date": at});
    app.sdk_events(&guest, json!([click, click])).await;
    app.sdk_events(
        &guest,
        json!([click, click, click, {"name": "other", "date": at}]),
    )
    .await;
    assert_eq!(summary(&app, &guest, "click").await["count"], 3);
    assert_eq!(summary(&app, &guest, "other").await["count"], 1);
}

#[tokio::test]
async fn bodies_without_events_are_fine() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    for body in [
        "",
        "{}",
        r#"{"events":[]}"#,
        r#"{"events":null,"time":1.5}"#,
        r#"{"events":"x"}"#,
    ] {
        for path in PATHS {
            let call = app.client(Call::post(path).body(body), Some(&guest));
            assert_eq!(
                app.send(call).await.ok(),
                json!({"a": [], "u": 0}),
                "{body}"
            );
        }
    }
}

/// On an error Android sends the same events for ever.
#[tokio::test]
async fn what_comes_for_no_session_is_dropped_with_200() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let forged = json!({"gleapId": guest["gleapId"], "gleapHash": "wrong"});
    for path in PATHS {
        for session in [None, Some(&forged)] {
            let answer = app
                .sdk(path, session, json!({"events": [{"name": "x"}]}))
                .await;
            assert_eq!(answer.ok(), json!({"a": [], "u": 0}));
        }
    }
    assert_eq!(app.sessions().await[0].get("eventData"), None);
}

#[tokio::test]
async fn page_views_are_the_last_page() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let (early, late) = (app.clock.at(-2000), app.clock.at(-1000));
    let view =
        |page: &str, date: &str| json!({"name": "pageView", "date": date, "data": {"page": page}});
    app.sdk_events(&guest, json!([view("https://example.com/b", &late)]))
        .await;
    app.sdk_events(&guest, json!([view("https://example.com/a", &early)]))
        .await;
    let expected = json!({"page": "https://example.com/b", "date": late});
    assert_eq!(app.sessions().await[0]["lastPageView"], expected);
}

/// A client without a socket gets in the answer what a socket would be pushed.
#[tokio::test]
async fn without_a_socket_the_answer_has_what_waits() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let id = app.sessions().await[0]["_id"].as_str().unwrap().to_owned();
    let body = json!({"text": "Hello", "unread": 2});
    let path = format!("/v3/sessions/{id}/notifications");
    app.send(app.owner(Call::post(&path).json(&body)))
        .await
        .ok();
    let ping = async |ws: Value| {
        app.sdk("/sessions/ping", Some(&guest), json!({"ws": ws}))
            .await
            .ok()
    };
    assert_eq!(
        ping(json!(true)).await,
        json!({"a": [], "u": 2}),
        "its socket will get it"
    );
    let answer = ping(json!(false)).await;
    assert_eq!(answer["u"], 2);
    assert_eq!(answer["a"].as_array().unwrap().len(), 1);
    assert_eq!(answer["a"][0]["data"]["text"], "Hello");
    assert_eq!(
        ping(json!("false")).await,
        json!({"a": [], "u": 2}),
        "it is given once"
    );
}

/// What no JSON of ours may hold costs its event alone.
#[tokio::test]
async fn events_that_break_the_rules_of_json_do_not_cost_their_neighbours() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let keys: Vec<_> = (0..10_001).map(|n| format!("\"{n}\":0")).collect();
    let body = format!(
        r#"{{"events":[{{"name":"good"}},{{"name":"deep","data":{deep}}},{{"name":"twice","name":"again"}},{{"name":"keys","data":{{{}}}}},{{"name":"also good"}}]}}"#,
        keys.join(",")
    );
    let call = app.client(Call::post("/sessions/events").raw_json(body), Some(&guest));
    app.send(call).await.ok();
    let all = app.sessions().await;
    let names: Vec<_> = all[0]["eventData"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["good", "also good"]);
}

/// A clock that is wrong: what it says is bounded to one instant, and is two events all the same.
#[tokio::test]
async fn events_of_a_wrong_clock_are_told_apart() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let minutes = 60_000;
    let year = 366 * 24 * 60 * minutes;
    let events = json!([
        {"name": "fast", "date": app.clock.at(10 * minutes)}, {"name": "fast", "date": app.clock.at(11 * minutes)},
        {"name": "slow", "date": app.clock.at(-year)}, {"name": "slow", "date": app.clock.at(-year - 1)},
    ]);
    for _ in 0..2 {
        app.sdk_events(&guest, events.clone()).await;
    }
    for name in ["fast", "slow"] {
        assert_eq!(summary(&app, &guest, name).await["count"], 2, "{name}");
    }
}

#[tokio::test]
async fn stored_events_move_the_last_activity() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    app.clock.advance_seconds(30);
    app.sdk_events(&guest, json!([{"name": "click"}])).await;
    assert_eq!(app.sessions().await[0]["lastActivity"], app.clock.at(0));
}

#[tokio::test]
async fn a_batch_of_nothing_but_numbers_is_passed_over() {
    let app = TestApp::new().await;
    let guest = app.guest().await;
    let body = format!(
        "{{\"events\":[{}{{\"name\":\"last\"}}]}}",
        "0,".repeat(3 << 20)
    );
    let call = app.client(Call::post("/sessions/events").raw_json(body), Some(&guest));
    app.send(call).await.ok();
    assert_eq!(summary(&app, &guest, "last").await["count"], 1);
}
