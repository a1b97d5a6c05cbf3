//! Calls of one user in any order, repeated, late and at once: the session is the same in the end, and no event is lost or
//! counted twice.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::TestApp;

/// Devices of the user; each has a guest of its own to begin with.
const DEVICES: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    /// A device starts again, with the credential that it had first.
    Start(usize),
    /// A device says who its user is.
    Identify(usize),
    /// A device sends this batch of events.
    Events(usize, usize),
    /// A device sets its attribute.
    Update(usize),
    /// The server names the user.
    Admin,
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES;
    prop_oneof![
        device.clone().prop_map(Step::Start),
        device.clone().prop_map(Step::Identify),
        (device.clone(), 0..4usize).prop_map(|(device, batch)| Step::Events(device, batch)),
        device.prop_map(Step::Update),
        Just(Step::Admin),
    ]
}

/// The events of a batch: those of one device are its own, and batches overlap.
fn batch(app: &TestApp, device: usize, batch: usize) -> Value {
    let event = |number: usize| {
        let date = app.clock.at(-1000 * (1 + number as i64));
        json!({"name": format!("n{}", number % 2), "date": date, "data": {"device": device, "number": number}})
    };
    json!([event(batch), event(batch + 1)])
}

async fn take(app: &TestApp, guests: &[Value], step: &Step) {
    match step {
        Step::Start(device) => {
            app.sdk("/sessions", Some(&guests[*device]), json!({}))
                .await
                .ok();
        }
        Step::Identify(device) => {
            app.sdk_identify(&guests[*device], json!({"userId": "u", "plan": "pro"}))
                .await;
        }
        Step::Events(device, number) => {
            app.sdk_events(&guests[*device], batch(app, *device, *number))
                .await;
        }
        Step::Update(device) => {
            let body = json!({"data": {format!("device{device}"): true}});
            app.sdk("/sessions/partialupdate", Some(&guests[*device]), body)
                .await
                .ok();
        }
        Step::Admin => {
            app.identify(json!({"userId": "u", "seats": 3})).await.ok();
        }
    }
}

/// What must be the same: who the user is, the attributes, and the sums of events.
async fn outcome(app: &TestApp) -> Value {
    let session = app.session("u").await;
    let sums = session["eventData"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut counts: Vec<_> = sums
        .iter()
        .map(|(name, sum)| json!([name, sum["count"], sum["firstAt"], sum["lastAt"]]))
        .collect();
    counts.sort_by_key(Value::to_string);
    let mut custom: Vec<_> = session["customData"]
        .as_object()
        .map(|custom| {
            custom
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect()
        })
        .unwrap_or_default();
    custom.sort();
    json!([session["plan"], counts, custom, app.sessions().await.len()])
}

/// The calls in this order; in the end every device says who its user is.
async fn in_order(steps: &[Step]) -> Value {
    let app = TestApp::new().await;
    let guests = guests(&app).await;
    for step in steps {
        take(&app, &guests, step).await;
    }
    everybody(&app, &guests).await;
    outcome(&app).await
}

async fn at_once(steps: &[Step]) -> Value {
    let app = Arc::new(TestApp::new().await);
    let guests = Arc::new(guests(&app).await);
    let calls = steps.iter().cloned().map(|step| {
        let (app, guests) = (Arc::clone(&app), Arc::clone(&guests));
        tokio::spawn(async move { take(&app, &guests, &step).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    everybody(&app, &guests).await;
    outcome(&app).await
}

async fn guests(app: &TestApp) -> Vec<Value> {
    let mut guests = Vec::new();
    for _ in 0..DEVICES {
        guests.push(app.guest().await);
    }
    guests
}

async fn everybody(app: &TestApp, guests: &[Value]) {
    for guest in guests {
        app.sdk_identify(guest, json!({"userId": "u", "plan": "pro"}))
            .await;
    }
    take(app, guests, &Step::Admin).await;
}

#[test]
fn any_order_leads_to_the_same_session() {
    let runtime = Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        ..Config::default()
    });
    let sequences = prop::collection::vec(step(), 1..12)
        .prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle()));
    let same = |(steps, shuffled): (Vec<Step>, Vec<Step>)| {
        let expected = runtime.block_on(in_order(&steps));
        let repeated: Vec<_> = shuffled
            .iter()
            .flat_map(|step| [step.clone(), step.clone()])
            .collect();
        for (how, sequence) in [("shuffled", &shuffled), ("repeated", &repeated)] {
            let found = runtime.block_on(in_order(sequence));
            prop_assert_eq!(&found, &expected, "{}", how);
        }
        prop_assert_eq!(&runtime.block_on(at_once(&repeated)), &expected, "at once");
        Ok(())
    };
    runner.run(&sequences, same).unwrap();
}
