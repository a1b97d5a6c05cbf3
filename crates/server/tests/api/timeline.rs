//! `GET /v3/sessions/{sessionId}/events`.

use serde_json::{Value, json};

use crate::support::TestApp;

async fn tracked(app: &TestApp, count: usize) -> String {
    let event = |number: usize| {
        let date = app.clock.at(-1000 * (count - number) as i64);
        json!({"userId": "u", "name": if number.is_multiple_of(2) { "even" } else { "odd" }, "date": date, "data": {"n": number}})
    };
    app.track(json!((0..count).map(event).collect::<Vec<_>>()))
        .await
        .ok();
    app.session("u").await["_id"].as_str().unwrap().to_owned()
}

fn numbers(events: &Value) -> Vec<u64> {
    let events = events.as_array().unwrap();
    events
        .iter()
        .map(|event| event["data"]["n"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn events_come_newest_first() {
    let app = TestApp::new().await;
    let id = tracked(&app, 3).await;
    app.track(json!([{"userId": "v", "name": "other"}]))
        .await
        .ok();
    let events = app.get(&format!("/v3/sessions/{id}/events")).await.ok();
    assert_eq!(numbers(&events), [2, 1, 0]);
    let first = &events[0];
    let expected = json!({"id": first["id"], "name": "even", "date": app.clock.at(-1000), "data": {"n": 2}, "session": id});
    assert_eq!(*first, expected);
}

#[tokio::test]
async fn they_are_filtered_and_sorted() {
    let app = TestApp::new().await;
    let id = tracked(&app, 6).await;
    let list = async |query: &str| {
        numbers(
            &app.get(&format!("/v3/sessions/{id}/events?{query}"))
                .await
                .ok(),
        )
    };
    assert_eq!(list("name=odd").await, [5, 3, 1]);
    assert_eq!(list("data.n%3E=4").await, [5, 4]);
    assert_eq!(list("sort=date&limit=2&skip=1").await, [1, 2]);
    let since = app.clock.at(-2000);
    assert_eq!(list(&format!("date%3E={since}")).await, [5, 4]);
    // Nothing in the query leads to events of others.
    assert_eq!(list("session=6650f0c2a1b2c3d4e5f60718").await, [0; 0]);
}

#[tokio::test]
async fn the_link_leads_through_all_of_them() {
    let app = TestApp::new().await;
    let id = tracked(&app, 25).await;
    let mut path = format!("/v3/sessions/{id}/events?limit=10");
    let mut seen = Vec::new();
    loop {
        let answer = app.get(&path).await;
        seen.extend(numbers(&answer.ok()));
        let link = answer.header("link").to_owned();
        match link.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            Some((next, _)) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn an_unknown_session_is_not_found_and_a_merged_one_is() {
    let app = TestApp::new().await;
    let unknown = app
        .get("/v3/sessions/6650f0c2a1b2c3d4e5f60718/events")
        .await;
    assert_eq!(unknown.error(), (404, "session_not_found".into()));
    tracked(&app, 1).await;
    let guest = app.guest().await;
    let all = app.sessions().await;
    let guest_id = all
        .iter()
        .find(|session| session["gleapId"] == guest["gleapId"])
        .unwrap()["_id"]
        .clone();
    app.sdk_identify(&guest, json!({"userId": "u"})).await;
    let events = app
        .get(&format!(
            "/v3/sessions/{}/events",
            guest_id.as_str().unwrap()
        ))
        .await
        .ok();
    assert_eq!(numbers(&events), [0]);
}
