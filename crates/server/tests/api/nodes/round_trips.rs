//! How often a call waits for the database: what a network between them costs.

use serde_json::json;

use crate::support::TestApp;

/// Other work may be counted too: the least of some times is that of the call alone.
const TIMES: usize = 10;

async fn least(app: &TestApp, mut call: impl AsyncFnMut(usize)) -> u64 {
    let mut least = u64::MAX;
    for time in 0..TIMES {
        let before = app.app.store.round_trips();
        call(time).await;
        least = least.min(app.app.store.round_trips() - before);
    }
    least
}

#[tokio::test]
async fn calls_wait_for_the_database_as_often_as_it_is_said() {
    let app = TestApp::new().await;
    if !app.app.store.is_shared() {
        return;
    }
    app.identify(json!({"userId": "u", "email": "u@example.com"}))
        .await
        .ok();
    app.session("u").await;
    // Not one of the instants at which old entries of the history are forgotten.
    app.clock.advance_ms(1);
    let lookup = least(&app, async |_| drop(app.session("u").await)).await;
    assert_eq!(lookup, 1, "a lookup");
    let attributes = async |time: usize| {
        let body = json!({"userId": "u", "plan": format!("plan {time}"), "seats": time});
        app.identify(body).await.ok();
    };
    assert_eq!(
        least(&app, attributes).await,
        2,
        "an identify that changes attributes"
    );
    let searched = async |time: usize| {
        let body = json!({"userId": "u", "name": format!("name {time}")});
        app.identify(body).await.ok();
    };
    assert_eq!(
        least(&app, searched).await,
        2,
        "an identify that changes what the search finds"
    );
    let same = async |_| {
        drop(
            app.identify(json!({"userId": "u", "plan": "same"}))
                .await
                .ok(),
        )
    };
    assert_eq!(
        least(&app, same).await,
        2,
        "an identify that changes nothing"
    );
    let events = async |time: usize| {
        let event = |number: usize| json!({"userId": "u", "name": "clicked", "data": {"time": time, "number": number}});
        let events: Vec<_> = (0..10).map(event).collect();
        app.track(json!(events)).await.ok();
    };
    assert_eq!(least(&app, events).await, 3, "ten events");
    let new = async |time: usize| {
        app.identify(json!({"userId": format!("new-{time}"), "plan": "pro"}))
            .await
            .ok();
    };
    let new = least(&app, new).await;
    assert!(new <= 7, "an identify of a new user waits {new} times");
}

#[tokio::test]
async fn within_the_bound_a_lookup_does_not_wait() {
    let app = TestApp::with(&[("postgres.max_stale_ms", "60000")]).await;
    if !app.app.store.is_shared() {
        return;
    }
    app.identify(json!({"userId": "u"})).await.ok();
    app.session("u").await;
    assert_eq!(least(&app, async |_| drop(app.session("u").await)).await, 0);
}
