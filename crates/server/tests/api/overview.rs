//! A project in numbers.

use serde_json::{Value, json};
use server::auth::roles::{Role, Scope};
use server::resources::overview::DAYS_MAX;

use crate::support::{Accounts, Call, TestApp};

const DAY_S: i64 = 86_400;

async fn overview(app: &TestApp, query: &str) -> Value {
    app.get(&format!("/v3/overview?{query}")).await.ok()
}

fn column(overview: &Value, name: &str) -> Vec<u64> {
    let days = overview["days"].as_array().unwrap().iter();
    days.map(|day| day[name].as_u64().unwrap()).collect()
}

async fn report(app: &TestApp) {
    let call = Call::post("/v3/tickets").json(&json!({"title": "It broke"}));
    app.send(app.owner(call)).await.ok();
}

#[tokio::test]
async fn days_tell_what_happened_on_them() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "ada"})).await.ok();
    app.track(json!([{"userId": "ada", "name": "bought"}]))
        .await
        .ok();
    report(&app).await;
    app.clock.advance_seconds(2 * DAY_S);
    app.identify(json!({"userId": "bob"})).await.ok();
    app.track(json!([
        {"userId": "ada", "name": "bought"},
        {"userId": "ada", "name": "returned"},
        {"userId": "bob", "name": "bought"},
    ]))
    .await
    .ok();

    let all = overview(&app, "days=3").await;
    assert_eq!(column(&all, "newSessions"), [1, 0, 1], "{all}");
    assert_eq!(column(&all, "activeSessions"), [1, 0, 2]);
    assert_eq!(column(&all, "events"), [1, 0, 3]);
    assert_eq!(column(&all, "reports"), [1, 0, 0]);
    assert_eq!(all["sample"], json!({"sessions": 2, "of": 2}));
    assert_eq!(all["timezone"], "UTC");
    assert_eq!(all["days"][2]["date"], app.clock.at(0)[..10]);
    let hours = all["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 7);
    let each = hours.iter().flat_map(|day| day.as_array().unwrap());
    let each: Vec<_> = each.map(|hour| hour.as_u64().unwrap()).collect();
    assert_eq!((each.len(), each.iter().sum::<u64>()), (168, 4));

    // What servers track does not count as being seen, and of those who were not seen nothing is told.
    let today = overview(&app, "days=1").await;
    assert_eq!(column(&today, "events"), [1]);
    assert_eq!(
        overview(&app, "").await["days"].as_array().unwrap().len(),
        30
    );
}

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "ada"})).await.ok();
    let now = app.clock.at(0);
    for zone in ["Pacific/Kiritimati", "Pacific%2FPago_Pago"] {
        let all = overview(&app, &format!("days=2&timezone={zone}")).await;
        assert_eq!(column(&all, "newSessions"), [0, 1], "{zone} at {now}");
    }
    let days: Vec<_> = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
        .map(|zone| format!("days=1&timezone={zone}"))
        .into();
    let east = overview(&app, &days[0]).await["days"][0]["date"].clone();
    let west = overview(&app, &days[1]).await["days"][0]["date"].clone();
    assert_ne!(east, west, "these two are 25 hours apart");
}

#[tokio::test]
async fn of_many_sessions_some_stand_for_all() {
    let app = TestApp::new().await;
    let count = 450;
    let call = Call::post("/v3/sessions/importer");
    let rows: Vec<_> = (0..count)
        .map(|n| json!({"userId": format!("user-{n}"), "lastActivity": app.clock.at(0)}))
        .collect();
    app.send(app.owner(call.json(&rows))).await.ok();
    let all = overview(&app, "days=2").await;
    let looked_at = all["sample"]["sessions"].as_u64().unwrap();
    assert!(looked_at <= 400 && looked_at > 300, "{all}");
    assert_eq!(all["sample"]["of"], count);
    assert_eq!(column(&all, "activeSessions"), [0, count]);
    assert_eq!(column(&all, "newSessions"), [0, count], "these are counted");
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let app = TestApp::new().await;
    let too_many = DAYS_MAX + 1;
    for (query, parameter) in [
        ("days=0".to_owned(), "days"),
        (format!("days={too_many}"), "days"),
        ("days=some".to_owned(), "days"),
        ("timezone=Nowhere".to_owned(), "timezone"),
    ] {
        let answer = app.get(&format!("/v3/overview?{query}")).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{query}");
        assert!(answer.text().contains(parameter), "{query}");
    }
    overview(&app, &format!("days={DAYS_MAX}")).await;
}

#[tokio::test]
async fn who_may_not_see_tickets_is_told_no_number_of_them() {
    let app = TestApp::new().await;
    report(&app).await;
    let key = Some([Scope::SessionsRead].into_iter().collect());
    let key = Accounts::key(&app.app, app.project(), Role::Agent, key).await;
    let key = key.token;
    let call = Call::get("/v3/overview?days=1").bearer(&key);
    let answer = app.send(call.project(app.project())).await.ok();
    assert_eq!(answer["days"][0].get("reports"), None);
    let other = TestApp::new().await;
    assert_eq!(column(&overview(&other, "days=1").await, "reports"), [0]);
}
