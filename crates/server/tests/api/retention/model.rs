//! Whatever a project has and asks for: what goes is what a plain model says, and what the preview said.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{DAY_MS, HOUR_MS, events, followed, preview, set};
use crate::merge::{guest, put};
use crate::support::TestApp;
use crate::tickets::ticket;

/// A session: whether it is a user, days before it is made, what is done with it, ages of its events in hours.
#[derive(Debug, Clone)]
struct Given {
    is_user: bool,
    gap: i64,
    mark: u8,
    events: Vec<i64>,
}

fn given() -> impl Strategy<Value = Given> {
    let parts = (
        any::<bool>(),
        0..4i64,
        0..8u8,
        prop::collection::vec(0..200i64, 0..5),
    );
    parts.prop_map(|(is_user, gap, mark, events)| Given {
        is_user,
        gap,
        mark,
        events,
    })
}

fn days() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(1..8i64)
}

async fn make(app: &TestApp, number: usize, given: &Given) {
    app.clock.advance_ms(given.gap * DAY_MS);
    let (mut id, mut session) = guest(app).await;
    if given.is_user {
        let user = json!({"userId": format!("u{number}")});
        session = app.sdk_identify(&session, user).await;
        id = crate::merge::id_of(app, &session).await;
    }
    let event = |hours: &i64| json!({"name": "e", "date": app.clock.at(-hours * HOUR_MS)});
    let own: Vec<_> = given.events.iter().map(event).collect();
    app.sdk_events(&session, json!(own)).await;
    match given.mark {
        0 => drop(put(app, &id, json!({"blocked": true})).await),
        1 => drop(put(app, &id, json!({"unsubscribed": true})).await),
        2 => drop(ticket(app, json!({"session": id})).await),
        3 => drop(ticket(app, json!({"session": id, "status": "DONE"})).await),
        _ => {}
    }
}

/// All sessions with their events, by id.
async fn state(app: &TestApp) -> BTreeMap<String, (Value, Vec<Value>)> {
    let mut all = BTreeMap::new();
    for session in app.sessions().await {
        let id = session["id"].as_str().unwrap().to_owned();
        let own = events(app, &id).await;
        all.insert(id, (session, own));
    }
    all
}

async fn holds(all: Vec<Given>, events_days: Option<i64>, guests_days: Option<i64>) {
    let app = TestApp::new().await;
    for (number, given) in all.iter().enumerate() {
        make(&app, number, given).await;
    }
    let rules = json!({"eventsDays": events_days, "guestsUnseenDays": guests_days});
    set(&app, rules.clone()).await.ok();
    app.clock.advance_ms(HOUR_MS);
    let mut expected = state(&app).await;
    let told = preview(&app, rules).await;
    assert_eq!(told["complete"], true);

    let before =
        |days: Option<i64>| days.map_or(String::new(), |days| app.clock.at(-days * DAY_MS));
    let (events_before, guests_before) = (before(events_days), before(guests_days));
    let open: Vec<Value> = {
        let list = app.get("/v3/tickets?status=OPEN").await.ok();
        let list = list["tickets"].as_array().unwrap().clone();
        list.iter()
            .map(|ticket| ticket["session"]["id"].clone())
            .collect()
    };
    let (mut old_events, mut guests) = (0, 0);
    expected.retain(|_, (session, own)| {
        let was = own.len();
        own.retain(|event| event["date"].as_str().unwrap() >= events_before.as_str());
        old_events += was - own.len();
        let goes = session.get("userId").is_none()
            && session["lastActivity"].as_str().unwrap() < guests_before.as_str()
            && session["blocked"] == false
            && session["unsubscribed"] == false
            && !open.contains(&session["id"]);
        guests += usize::from(goes);
        !goes
    });
    assert_eq!(
        (&told["events"]["count"], &told["guests"]["count"]),
        (&json!(old_events), &json!(guests))
    );
    if events_days.is_some() || guests_days.is_some() {
        let (_, erased) = followed(&app).await;
        assert_eq!(erased, guests as u64);
    }
    assert_eq!(state(&app).await, expected);
}

#[test]
fn what_goes_is_what_the_rules_say() {
    let config = Config {
        cases: 16,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let inputs = (prop::collection::vec(given(), 0..10), days(), days());
    let tested = TestRunner::new(config).run(&inputs, |(all, events_days, guests_days)| {
        runtime.block_on(holds(all, events_days, guests_days));
        Ok(())
    });
    tested.unwrap();
}
