//! `GET /v3/sessions/{sessionId}/activities`.

use serde_json::{Value, json};

use crate::merge::{guest, merged, post, put, undo, user};
use crate::support::{Call, TestApp};

async fn timeline(app: &TestApp, id: &str) -> Vec<Value> {
    let path = format!("/v3/sessions/{id}/activities");
    app.get(&path).await.ok().as_array().unwrap().clone()
}

fn kinds(activities: &[Value]) -> Vec<&str> {
    activities
        .iter()
        .map(|one| one["type"].as_str().unwrap())
        .collect()
}

/// A user of whom there is one of everything, a second apart.
async fn busy(app: &TestApp) -> String {
    let tick = || app.clock.advance_seconds(1);
    let id = user(app, json!({"userId": "u"})).await;
    tick();
    let events = json!([{"userId": "u", "name": "paid", "data": {"amount": 49}}, {"userId": "u", "name": "pageView", "date": app.clock.at(500), "data": {"page": "/a"}}]);
    app.track(events).await.ok();
    tick();
    put(
        app,
        &id,
        json!({"name": "Ada", "plan": "pro", "customData": {"seats": 3}}),
    )
    .await;
    tick();
    put(app, &id, json!({"blocked": true})).await;
    tick();
    put(app, &id, json!({"blocked": false})).await;
    tick();
    post(
        app,
        "/v3/sessions/unsubscribe",
        json!({"sessions": [{"userId": "u"}]}),
    )
    .await
    .ok();
    tick();
    let call = Call::put(&format!("/v3/sessions/{id}/resubscribe")).json(&json!({}));
    app.send(app.owner(call)).await.ok();
    tick();
    let (_, session) = guest(app).await;
    app.sdk_identify(&session, json!({"userId": "u"})).await;
    tick();
    app.sdk("/bugs/v2", Some(&session), json!({"formData": {"a": "b"}}))
        .await;
    tick();
    app.identify(json!({"userId": "u", "email": "u@example.com"}))
        .await
        .ok();
    id
}

#[tokio::test]
async fn everything_that_happened_is_in_one_timeline() {
    let app = TestApp::new().await;
    let id = busy(&app).await;
    let found = timeline(&app, &id).await;
    assert_eq!(
        kinds(&found),
        [
            "attribute_changed",
            "report",
            "merged",
            "resubscribed",
            "unsubscribed",
            "unblocked",
            "blocked",
            "attribute_changed",
            "page_view",
            "event",
            "identified",
            "created",
        ]
    );
    let data = |n: usize| &found[n]["data"];
    assert_eq!(*data(0), json!({"fields": ["email"], "source": "admin"}));
    assert_eq!(data(1)["bugId"], 1);
    assert_eq!(data(2)["source"], "sdk");
    assert_eq!(
        data(7)["fields"],
        json!(["customData.seats", "name", "plan"])
    );
    assert!(data(7)["by"].is_string());
    assert_eq!(
        *data(8),
        json!({"name": "pageView", "data": {"page": "/a"}})
    );
    assert_eq!(*data(9), json!({"name": "paid", "data": {"amount": 49}}));
    assert_eq!(data(10)["userId"], "u");
    assert_eq!(found[11]["id"], *id);
    assert!(
        !found.iter().any(|one| one.to_string().contains("Ada")),
        "no values of attributes"
    );
}

#[tokio::test]
async fn the_pages_of_any_size_are_the_whole() {
    let app = TestApp::new().await;
    let id = busy(&app).await;
    let at_once: Vec<_> = (0..7)
        .map(|n| json!({"userId": "u", "name": "same time", "data": {"n": n}}))
        .collect();
    app.track(json!(at_once)).await.ok();
    let all = timeline(&app, &id).await;
    assert_eq!(all.len(), 19);
    for limit in [1, 2, 5, 18, 19] {
        let mut path = format!("/v3/sessions/{id}/activities?limit={limit}");
        let mut seen = Vec::new();
        loop {
            let answer = app.get(&path).await;
            seen.extend(answer.ok().as_array().unwrap().clone());
            let link = answer.header("link").to_owned();
            match link.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some((next, _)) => path = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, all, "{limit}");
    }
    let date = all[9]["date"].as_str().unwrap();
    let older = app
        .get(&format!("/v3/sessions/{id}/activities?before={date}"))
        .await
        .ok();
    let expected: Vec<_> = all
        .iter()
        .filter(|one| one["date"].as_str().unwrap() < date)
        .cloned()
        .collect();
    assert_eq!(older, json!(expected));
    assert!(!expected.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "before=yesterday",
        "before=1_2",
        "before=1_2_3",
    ] {
        let answer = app
            .get(&format!("/v3/sessions/{id}/activities?{query}"))
            .await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{query}");
    }
    app.get(&format!("/v3/sessions/{id}/activities?limit=1000"))
        .await
        .ok();
    let unknown = app
        .get("/v3/sessions/6650f0c2a1b2c3d4e5f60718/activities")
        .await;
    assert_eq!(unknown.error(), (404, "session_not_found".into()));
}

#[tokio::test]
async fn they_move_with_a_merge_and_back() {
    let app = TestApp::new().await;
    let id = user(&app, json!({"userId": "u"})).await;
    let (gone, _) = guest(&app).await;
    put(&app, &gone, json!({"blocked": true})).await;
    let before = timeline(&app, &gone).await;
    let merge = merged(&app, &id, &gone).await;
    assert_eq!(timeline(&app, &gone).await, timeline(&app, &id).await);
    assert!(kinds(&timeline(&app, &id).await).contains(&"blocked"));
    undo(&app, &merge).await.ok();
    assert_eq!(timeline(&app, &gone).await, before);
    let left = timeline(&app, &id).await;
    assert!(!kinds(&left).contains(&"blocked"));
    let merged = left.iter().find(|one| one["type"] == "merged").unwrap();
    assert!(merged["data"]["undoneAt"].is_string());
}

#[tokio::test]
async fn the_oldest_are_forgotten() {
    use server::resources::session::activity::{ACTIVITIES_KEPT_MAX, ActivityKind, record};
    let app = TestApp::new().await;
    let id: store::ObjectId = user(&app, json!({"userId": "u"})).await.parse().unwrap();
    let many = move |tx: &mut store::Tx<'_>| {
        for _ in 0..ACTIVITIES_KEPT_MAX + 5 {
            record(tx, id, ActivityKind::Blocked, None, Vec::new())?;
        }
        Ok::<_, store::Error>(())
    };
    app.write(many).await.unwrap();
    let rows = app.rows();
    let count = rows.iter().find(|(name, _)| name == "activity").unwrap().1;
    assert_eq!(
        count, ACTIVITIES_KEPT_MAX as i64,
        "the clock stands at a sixteenth millisecond"
    );
}
