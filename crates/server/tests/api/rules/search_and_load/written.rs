//! What a call writes: as little as it can, and nothing that others wait for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::merge::{guest, user};
use crate::support::{Call, TestApp, contents, run_by_hand};

/// The rows of a database, by table.
type Contents = BTreeMap<String, BTreeSet<String>>;

/// Rows that are there in one and not in the other, by table. A row that was written anew counts, even when it is the same.
fn difference(before: &Contents, after: &Contents) -> Contents {
    let changed = after.iter().map(|(table, rows)| {
        let rows = before[table].symmetric_difference(rows).cloned();
        (table.clone(), rows.collect::<BTreeSet<_>>())
    });
    changed.filter(|(_, rows)| !rows.is_empty()).collect()
}

fn all(app: &TestApp) -> Contents {
    contents(&app.app.config)
}

fn tables(difference: &Contents) -> Vec<&str> {
    difference.keys().map(String::as_str).collect()
}

/// A call about one session writes rows of that session alone: there is no row that all sessions wait for.
#[tokio::test]
async fn a_write_touches_rows_of_its_own_session_alone() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "other"})).await;
    let own = user(&app, json!({"userId": "u"})).await;
    let (other, device) = guest(&app).await;
    app.sdk_events(&device, json!([{"name": "first"}])).await;
    app.clock.advance_seconds(3_600);
    for (what, id) in [
        ("identify", &own),
        ("track", &own),
        ("start", &other),
        ("events", &other),
        ("update", &other),
    ] {
        let before = all(&app);
        match what {
            "identify" => drop(app.identify(json!({"userId": "u", "seats": 5})).await.ok()),
            "track" => drop(
                app.track(json!([{"userId": "u", "name": "paid"}]))
                    .await
                    .ok(),
            ),
            "start" => drop(app.sdk("/sessions", Some(&device), json!({})).await.ok()),
            "events" => drop(app.sdk_events(&device, json!([{"name": "clicked"}])).await),
            _ => {
                let data = json!({"data": {"theme": "dark"}});
                app.sdk("/sessions/partialupdate", Some(&device), data)
                    .await
                    .ok();
            }
        }
        let changed = difference(&before, &all(&app));
        assert!(changed.contains_key("session"), "{what}: {changed:?}");
        for (table, rows) in &changed {
            for row in rows {
                assert!(
                    row.to_lowercase().contains(id.as_str()),
                    "{what} wrote in {table}: {row}"
                );
            }
        }
    }
}

/// Many events in one call are one write of their session.
#[tokio::test]
async fn a_batch_is_one_write_of_its_session() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "u"})).await;
    let (_, device) = guest(&app).await;
    let versions = || {
        let sql = "SELECT CAST(version AS TEXT) FROM session ORDER BY id";
        let versions = run_by_hand(&app.app.config, sql);
        versions
            .iter()
            .map(|version| version.parse::<i64>().unwrap())
            .collect::<Vec<_>>()
    };
    let before = versions();
    let event = |n: usize| json!({"userId": "u", "name": format!("e{}", n % 7), "data": n});
    app.track((0..1_000).map(event).collect()).await.ok();
    app.sdk_events(&device, (0..500).map(event).collect()).await;
    let written: Vec<_> = versions()
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    assert_eq!(written, [1, 1]);
}

/// Activity that changes nothing else is written once a minute; until then a call writes nothing at all.
#[tokio::test]
async fn what_clients_repeat_within_a_minute_is_not_written() {
    let app = TestApp::new().await;
    let (_, device) = guest(&app).await;
    let body = json!({"userId": "u", "name": "Ada", "seats": 3});
    let data = json!({"data": {"theme": "dark"}});
    app.sdk_identify(&device, body.clone()).await;
    app.sdk("/sessions/partialupdate", Some(&device), data.clone())
        .await
        .ok();
    let before = all(&app);
    for _ in 0..10 {
        app.clock.advance_ms(5_000);
        app.sdk("/sessions", Some(&device), json!({})).await.ok();
        app.sdk("/sessions/ping", Some(&device), json!({}))
            .await
            .ok();
        app.sdk_identify(&device, body.clone()).await;
        app.sdk("/sessions/partialupdate", Some(&device), data.clone())
            .await
            .ok();
        app.identify(body.clone()).await.ok();
    }
    assert_eq!(difference(&before, &all(&app)), Contents::new());
    app.clock.advance_ms(10_000);
    app.sdk("/sessions/ping", Some(&device), json!({}))
        .await
        .ok();
    assert_eq!(tables(&difference(&before, &all(&app))), ["session"]);
}

/// Activity moves the time of the activity and nothing else: no key, no word and no index row is written with it.
#[tokio::test]
async fn activity_writes_nothing_that_is_searched() {
    let app = TestApp::new().await;
    index(&app, "seats").await;
    let (_, device) = guest(&app).await;
    let body = json!({"userId": "u", "name": "Ada", "email": "u@example.com", "phone": "+4315331234", "seats": 3});
    app.sdk_identify(&device, body).await;
    app.clock.advance_seconds(61);
    let (before, shown) = (all(&app), app.session("u").await);
    app.sdk("/sessions/ping", Some(&device), json!({}))
        .await
        .ok();
    assert_eq!(tables(&difference(&before, &all(&app))), ["session"]);
    let now = app.session("u").await;
    for (field, value) in now.as_object().unwrap() {
        let moves = ["lastActivity", "updatedAt"].contains(&field.as_str());
        assert_eq!(*value != shown[field], moves, "{field}");
    }
}

async fn index(app: &TestApp, attribute: &str) {
    let path = format!("/v3/projects/{}/session-indexes", app.project());
    let call = Call::put(&format!("{path}/{attribute}"));
    app.send(app.owner(call)).await.ok();
    while app.get(&path).await.ok()["indexes"][0]["state"] != "ready" {
        tokio::task::yield_now().await;
    }
}

/// A change is indexed where it changed something: the keys and indexed attributes of a session are not written again with it.
#[tokio::test]
async fn only_what_changed_is_indexed_anew() {
    let app = TestApp::new().await;
    index(&app, "seats").await;
    let own = user(
        &app,
        json!({"userId": "u", "email": "u@example.com", "seats": 3, "theme": "dark"}),
    )
    .await;
    let written = async |body: Value| {
        let before = all(&app);
        let call = Call::put(&format!("/v3/sessions/{own}")).json(&body);
        app.send(app.owner(call)).await.ok();
        difference(&before, &all(&app))
    };
    for body in [
        json!({"plan": "pro"}),
        json!({"customData": {"theme": "light"}}),
        json!({"blocked": true}),
    ] {
        let written = written(body.clone()).await;
        for table in ["identity", "session_index"] {
            assert!(!written.contains_key(table), "{body}: {table}");
        }
    }
    let seats = written(json!({"customData": {"seats": 4}})).await;
    assert!(
        seats.contains_key("session_index") && !seats.contains_key("identity"),
        "{:?}",
        tables(&seats)
    );
    let email = written(json!({"email": "v@example.com"})).await;
    assert!(
        email.contains_key("identity") && !email.contains_key("session_index"),
        "{:?}",
        tables(&email)
    );
}

/// To be called costs a credential no write: no row of it is one that all its callers wait for.
#[tokio::test]
async fn to_use_a_credential_writes_nothing() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "u"})).await;
    let token = app.sign_in(crate::support::OWNER).await;
    let calls = async || {
        app.session("u").await;
        app.get("/v3/sessions").await.ok();
        let call = Call::get("/v3/sessions")
            .bearer(&token)
            .project(app.project());
        app.send(call).await.ok();
        app.send(app.server(Call::get("/admin/auth"))).await.ok();
    };
    calls().await;
    let before = all(&app);
    for _ in 0..5 {
        app.clock.advance_ms(1_000);
        calls().await;
    }
    assert_eq!(difference(&before, &all(&app)), Contents::new());
}
