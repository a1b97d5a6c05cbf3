//! `POST /admin/track`: what is stored of a batch, and how it is summed up.

mod limits;

use serde_json::{Value, json};

use crate::support::TestApp;

async fn counts(app: &TestApp, events: Value) -> [u64; 3] {
    let body = app.track(events).await.ok();
    ["stored", "repeated", "dropped"].map(|name| body[name].as_u64().unwrap())
}

async fn summary(app: &TestApp, name: &str) -> Value {
    app.session("u").await["eventData"][name].clone()
}

#[tokio::test]
async fn events_are_summed_up_by_name() {
    let app = TestApp::new().await;
    let (early, late) = (app.clock.at(-2000), app.clock.at(-1000));
    let events = json!([
        {"userId": "u", "name": "paid", "date": late, "data": {"amount": 2}},
        {"userId": "u", "name": "paid", "date": early, "data": {"amount": 1}},
        {"userId": "u", "name": "seen"},
        {"userId": "v", "name": "seen", "data": null},
    ]);
    assert_eq!(counts(&app, events).await, [4, 0, 0]);
    let expected = json!({"count": 2, "firstAt": early, "lastAt": late, "lastData": {"amount": 2}});
    assert_eq!(summary(&app, "paid").await, expected);
    let now = app.clock.at(0);
    assert_eq!(
        summary(&app, "seen").await,
        json!({"count": 1, "firstAt": now, "lastAt": now})
    );
    assert_eq!(
        app.session("v").await["eventData"]["seen"].get("lastData"),
        None
    );
}

#[tokio::test]
async fn an_unknown_user_is_made() {
    let app = TestApp::new().await;
    assert_eq!(
        counts(&app, json!([{"userId": 7, "name": "seen"}])).await,
        [1, 0, 0]
    );
    let session = app.session("7").await;
    assert_eq!(
        (&session["userId"], &session["lang"]),
        (&json!("7"), &json!("en"))
    );
    let made = app.identify(json!({"userId": "7"})).await.ok();
    assert_eq!(made["created"], false);
}

#[tokio::test]
async fn a_batch_that_comes_twice_is_stored_once() {
    let app = TestApp::new().await;
    let event = |n: i64| json!({"userId": format!("u{}", n % 3), "name": "seen", "date": app.clock.at(-n), "data": {"n": n}});
    let batch: Value = (0..30).map(event).collect();
    assert_eq!(counts(&app, batch.clone()).await, [30, 0, 0]);
    let before = app.lookup("u0").await;
    app.clock.advance_seconds(3600);
    assert_eq!(counts(&app, batch.clone()).await, [0, 30, 0]);
    assert_eq!(app.lookup("u0").await.body, before.body);
    // With one event more, only that one is new.
    let mut more = batch.as_array().unwrap().clone();
    more.push(json!({"userId": "u0", "name": "seen", "date": app.clock.at(0)}));
    assert_eq!(counts(&app, json!(more)).await, [1, 30, 0]);
    assert_eq!(app.session("u0").await["eventData"]["seen"]["count"], 11);
}

#[tokio::test]
async fn what_differs_in_anything_is_another_event() {
    let app = TestApp::new().await;
    let at = |ms: i64| app.clock.at(ms);
    let events = json!([
        {"userId": "u", "name": "a", "date": at(0), "data": {"n": 1}},
        {"userId": "u", "name": "a", "date": at(0), "data": {"n": 2}},
        {"userId": "u", "name": "a", "date": at(0)},
        {"userId": "u", "name": "a", "date": at(-1), "data": {"n": 1}},
        {"userId": "u", "name": "b", "date": at(0), "data": {"n": 1}},
        {"userId": "v", "name": "a", "date": at(0), "data": {"n": 1}},
        {"userId": "u", "name": "a", "date": at(0), "data": {"n": 1}},
    ]);
    assert_eq!(counts(&app, events).await, [6, 1, 0]);
}

#[tokio::test]
async fn a_bad_event_does_not_spoil_its_neighbours() {
    let app = TestApp::new().await;
    let good = |n: u32| json!({"userId": "u", "name": "good", "data": {"n": n}});
    let bad = [
        json!(null),
        json!(5),
        json!("event"),
        json!([]),
        json!({}),
        json!({"userId": "u"}),
        json!({"name": "nobody"}),
        json!({"userId": "u", "name": ""}),
        json!({"userId": "u", "name": 5}),
        json!({"userId": "u", "name": null}),
        json!({"userId": "guest", "name": "x"}),
        json!({"userId": {"id": 1}, "name": "x"}),
        json!({"userId": "u", "name": "x", "date": "soon"}),
        json!({"userId": "u", "name": "x", "date": 1_772_366_400_000_i64}),
        json!({"userId": "u", "name": "x", "date": {}}),
        json!({"userId": "u", "name": "x".repeat(257)}),
        json!({"userId": "x".repeat(257), "name": "x"}),
        json!({"userId": "u", "name": "x", "data": "x".repeat(8191)}),
    ];
    for (n, bad) in bad.iter().enumerate() {
        let n = n as u32;
        let answer = app
            .track(json!([good(2 * n), bad, good(2 * n + 1)]))
            .await
            .ok();
        assert_eq!(
            (&answer["stored"], &answer["dropped"]),
            (&json!(2), &json!(1)),
            "{bad}"
        );
        let errors = answer["errors"].as_array().unwrap();
        let said = errors[0].as_str().unwrap();
        assert!(errors.len() == 1 && said.starts_with("events[1]"), "{said}");
        assert!(
            !said.contains("struct") && !said.contains("RawEvent"),
            "speaks of the inside: {said}"
        );
    }
    assert_eq!(summary(&app, "good").await["count"], 2 * bad.len());
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn the_fault_of_an_event_names_its_field() {
    let app = TestApp::new().await;
    let events = json!([
        {"userId": "u", "name": 5},
        {"userId": "u", "name": "x", "date": 5},
        {"userId": "u", "name": "x", "date": "soon"},
        {"userId": "u"},
        {"name": "x"},
    ]);
    let answer = app.track(events).await.ok();
    let said: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| said.as_str().unwrap())
        .collect();
    for (n, field) in ["name", "date", "date", "name", "userId"]
        .iter()
        .enumerate()
    {
        assert!(
            said[n].starts_with(&format!("events[{n}].{field}")),
            "{}",
            said[n]
        );
    }
}

#[tokio::test]
async fn the_first_twenty_faults_are_told_and_all_are_counted() {
    let app = TestApp::new().await;
    let answer = app
        .track((0..50).map(|n| json!({"userId": "u", "n": n})).collect())
        .await
        .ok();
    assert_eq!(
        (&answer["stored"], &answer["dropped"]),
        (&json!(0), &json!(50))
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20);
    assert_eq!(app.lookup("u").await.status, 404);
}

#[tokio::test]
async fn the_clock_of_a_client_is_kept_within_bounds() {
    let app = TestApp::new().await;
    const YEAR: i64 = 365 * 86_400_000;
    const AHEAD: i64 = 5 * 60_000;
    for (n, (given, kept)) in [
        (-1, -1),
        (AHEAD, AHEAD),
        (AHEAD + 1, AHEAD),
        (-YEAR, -YEAR),
        (-YEAR - 1, -YEAR),
        (-40 * YEAR, -YEAR),
        (100 * YEAR, AHEAD),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("event {n}");
        let event = json!([{"userId": "u", "name": name, "date": app.clock.at(given)}]);
        assert_eq!(counts(&app, event).await, [1, 0, 0]);
        assert_eq!(
            summary(&app, &name).await["lastAt"],
            app.clock.at(kept),
            "{given}"
        );
    }
}

#[tokio::test]
async fn a_page_view_is_the_last_page_until_a_later_one() {
    let app = TestApp::new().await;
    let view = |page: Value, ms: i64| json!({"userId": "u", "name": "pageView", "date": app.clock.at(ms), "data": {"page": page}});
    app.track(json!([view(json!("/b"), -10), view(json!("/a"), -20)]))
        .await
        .ok();
    assert_eq!(
        app.session("u").await["lastPageView"],
        json!({"page": "/b", "date": app.clock.at(-10)})
    );
    app.track(json!([view(json!(5), -5), view(json!(null), -4)]))
        .await
        .ok();
    assert_eq!(app.session("u").await["lastPageView"]["page"], "/b");
}

#[tokio::test]
async fn data_is_kept_as_it_was_written() {
    let app = TestApp::new().await;
    let body = "{\"events\":[{\"userId\":\"u\",\"name\":\"x\",\"data\":{ \"z\" : 1.50, \"a\":\n[ 12345678901234567890123 ] , \"t\": \" a  b \" } }]}";
    let call = app.server(crate::support::Call::post("/admin/track").raw_json(body));
    app.send(call).await.ok();
    let answer = app.lookup("u").await;
    let expected = r#""lastData":{"z":1.50,"a":[12345678901234567890123],"t":" a  b "}"#;
    assert!(answer.text().contains(expected), "{}", answer.text());
}

#[tokio::test]
async fn any_value_may_be_data() {
    let app = TestApp::new().await;
    for data in [
        json!(5),
        json!("text"),
        json!([1, {"a": null}]),
        json!(false),
        json!({}),
    ] {
        app.clock.advance_ms(1);
        assert_eq!(
            counts(&app, json!([{"userId": "u", "name": "x", "data": data}])).await,
            [1, 0, 0]
        );
        assert_eq!(summary(&app, "x").await["lastData"], data);
    }
}
