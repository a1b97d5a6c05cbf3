//! The limits of events, at their edges.

use serde_json::{Value, json};

use super::counts;
use crate::support::TestApp;

fn events(count: usize) -> Value {
    let event = |n: usize| json!({"userId": "u", "name": "x", "data": n});
    (0..count).map(event).collect()
}

#[tokio::test]
async fn two_thousand_five_hundred_a_call() {
    let app = TestApp::new().await;
    let refused = app.track(events(2501)).await;
    assert_eq!(refused.error(), (422, "too_many_events".into()));
    assert!(
        refused.faults()[0].starts_with("events: 2501 are more than the 2500"),
        "{:?}",
        refused.faults()
    );
    assert_eq!(app.lookup("u").await.status, 404);
    assert_eq!(counts(&app, events(2500)).await, [2500, 0, 0]);
    assert_eq!(app.session("u").await["eventData"]["x"]["count"], 2500);
}

#[tokio::test]
async fn no_events_are_no_fault() {
    let app = TestApp::new().await;
    assert_eq!(counts(&app, json!([])).await, [0, 0, 0]);
}

#[tokio::test]
async fn two_hundred_and_fifty_six_characters_a_name() {
    let app = TestApp::new().await;
    for letter in ["x", "é", "🙂"] {
        let (longest, longer) = (letter.repeat(256), letter.repeat(257));
        let batch = json!([{"userId": "u", "name": longest}, {"userId": "u", "name": longer}]);
        assert_eq!(counts(&app, batch).await, [1, 0, 1]);
        assert_eq!(app.session("u").await["eventData"][&longest]["count"], 1);
    }
}

#[tokio::test]
async fn eight_kibibytes_of_data() {
    let app = TestApp::new().await;
    let event = |bytes: usize| json!({"userId": "u", "name": "x", "data": "x".repeat(bytes - 2)});
    assert_eq!(
        counts(&app, json!([event(8192), event(8193)])).await,
        [1, 0, 1]
    );
}

#[tokio::test]
async fn five_hundred_names_are_summed_up() {
    let app = TestApp::new().await;
    let named = |n: usize| json!({"userId": "u", "name": format!("event {n}")});
    let batch: Value = (0..500).map(named).collect();
    assert_eq!(counts(&app, batch).await, [500, 0, 0]);
    // The name too many is stored, but has no sum; names that have one go on counting.
    app.clock.advance_ms(1);
    assert_eq!(counts(&app, json!([named(500), named(0)])).await, [2, 0, 0]);
    let sums = app.session("u").await["eventData"]
        .as_object()
        .unwrap()
        .clone();
    assert_eq!(sums.len(), 500);
    assert_eq!(
        (sums.get("event 500"), &sums["event 0"]["count"]),
        (None, &json!(2))
    );
    let rows = app.rows();
    assert!(rows.contains(&("event".into(), 502)), "{rows:?}");
}

#[tokio::test]
async fn limits_are_options() {
    let options = [
        ("limits.events_per_track_max", "3"),
        ("limits.event_names_max", "1"),
        ("limits.event_name_chars_max", "2"),
        ("limits.event_data_bytes_max", "16"),
    ];
    let app = TestApp::with(&options).await;
    assert_eq!(app.track(events(4)).await.status, 422);
    let batch = json!([{"userId": "u", "name": "ab"}, {"userId": "u", "name": "abc"}, {"userId": "u", "name": "c", "data": "x".repeat(15)}]);
    assert_eq!(counts(&app, batch).await, [1, 0, 2]);
    assert_eq!(
        counts(
            &app,
            json!([{"userId": "u", "name": "d", "data": "x".repeat(14)}])
        )
        .await,
        [1, 0, 0]
    );
    assert_eq!(
        app.session("u").await["eventData"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
}
