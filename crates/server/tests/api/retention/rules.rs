//! Setting the rules.

use serde_json::{Value, json};
use server::jobs::retention::start_due;

use super::{HOUR_MS, followed, get, path, set, tracked};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn a_rule_holds_until_it_is_left_out() {
    let app = TestApp::new().await;
    assert_eq!(get(&app).await, json!({}));
    let first = app.clock.at(HOUR_MS);
    let both = json!({"eventsDays": 90, "guestsUnseenDays": 30, "nextRun": first});
    let answer = set(&app, json!({"eventsDays": 90, "guestsUnseenDays": 30})).await;
    assert_eq!(answer.ok(), both);
    assert_eq!(get(&app).await, both);
    app.clock.advance_ms(HOUR_MS / 2);
    // The same again puts nothing off.
    set(&app, json!({"guestsUnseenDays": 30, "eventsDays": 90}))
        .await
        .ok();
    assert_eq!(get(&app).await, both);
    let one = set(&app, json!({"eventsDays": 90, "guestsUnseenDays": null})).await;
    assert_eq!(
        one.ok(),
        json!({"eventsDays": 90, "nextRun": app.clock.at(HOUR_MS)})
    );
    assert_eq!(set(&app, json!({})).await.ok(), json!({}));
}

#[tokio::test]
async fn a_rule_is_a_number_of_days_within_bounds() {
    let app = TestApp::new().await;
    for name in ["eventsDays", "guestsUnseenDays"] {
        for days in [1, 3650] {
            assert_eq!(set(&app, json!({name: days})).await.ok()[name], days);
        }
        for days in [
            json!(0),
            json!(3651),
            json!(-1),
            json!(1.5),
            json!("7"),
            json!(4294967296u64),
        ] {
            let refused = set(&app, json!({name: days})).await;
            assert_eq!(refused.status, 422, "{days}");
            assert!(refused.faults()[0].contains(name), "{:?}", refused.faults());
            let call = Call::post(&path(&app, "/preview")).json(&json!({name: days}));
            assert_eq!(app.send(app.owner(call)).await.status, 422);
        }
        assert_eq!(
            get(&app).await[name],
            3650,
            "what was refused changed nothing"
        );
    }
    let both = set(&app, json!({"eventsDays": 0, "guestsUnseenDays": 0})).await;
    assert_eq!(both.error(), (422, "invalid_setting".into()));
    assert_eq!(both.faults().len(), 2);
}

#[tokio::test]
async fn the_project_of_the_path_is_that_of_the_header() {
    let app = TestApp::new().await;
    let other = format!("/v3/projects/{}/retention", app.accounts.sister.id);
    let calls = [
        Call::get(&other),
        Call::put(&other).json(&json!({})),
        Call::post(&format!("{other}/preview")).json(&json!({})),
    ];
    for call in calls {
        let refused = app.send(app.owner(call)).await;
        assert_eq!(refused.error(), (404, "project_not_found".into()));
    }
}

#[tokio::test]
async fn rules_are_followed_an_hour_after_they_were_set_and_then_once_a_day() {
    let app = TestApp::new().await;
    let id = tracked(&app, "u", &[-3 * super::DAY_MS, 0]).await;
    assert_eq!(start_due(&app.app).await.unwrap(), 0, "there are no rules");
    set(&app, json!({"eventsDays": 1})).await.ok();
    app.clock.advance_ms(HOUR_MS - 1);
    assert_eq!(start_due(&app.app).await.unwrap(), 0);
    app.clock.advance_ms(1);
    assert_eq!(followed(&app).await, (1, 0));
    assert_eq!(super::events(&app, &id).await.len(), 1);
    let shown = get(&app).await;
    assert_eq!(shown["nextRun"], app.clock.at(super::DAY_MS));
    app.clock.advance_ms(super::DAY_MS - 1);
    assert_eq!(start_due(&app.app).await.unwrap(), 0);
    app.clock.advance_ms(1);
    // One event is as old as it may be, and a day and an hour old: it goes.
    assert_eq!(followed(&app).await, (1, 0));
    // Without rules nothing is done, and what was done is still told.
    let none = set(&app, json!({})).await.ok();
    assert_eq!(none, json!({"lastRun": get(&app).await["lastRun"]}));
    app.clock.advance_ms(2 * super::DAY_MS);
    assert_eq!(start_due(&app.app).await.unwrap(), 0);
}

#[tokio::test]
async fn each_project_has_rules_of_its_own() {
    let app = TestApp::new().await;
    let sister = app.accounts.sister.clone();
    let event = json!({"userId": "u", "name": "old", "date": app.clock.at(-9 * super::DAY_MS)});
    let body = json!({"events": [event]});
    for token in [&app.accounts.first.api_token, &sister.api_token] {
        let call = Call::post("/admin/track").api_token(token).json(&body);
        app.send(call).await.ok();
    }
    set(&app, json!({"eventsDays": 5})).await.ok();
    app.clock.advance_ms(HOUR_MS);
    assert_eq!(followed(&app).await, (1, 0));
    let left: Vec<Value> = {
        let key = crate::support::Accounts::key(
            &app.app,
            sister.id,
            server::auth::roles::Role::Owner,
            None,
        )
        .await;
        let call = |path: &str| Call::get(path).bearer(&key.token).project(sister.id);
        let found = app.send(call("/v3/sessions/by-user-id/u")).await.ok();
        let path = format!("/v3/sessions/{}/events", found["id"].as_str().unwrap());
        serde_json::from_value(app.send(call(&path)).await.ok()).unwrap()
    };
    assert_eq!(left.len(), 1);
}
