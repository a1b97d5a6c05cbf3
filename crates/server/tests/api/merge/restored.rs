//! Any two sessions, merged and parted, are what they were, and what happens meanwhile is neither lost nor doubled.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::side::side;
use super::{guest, id_of, merged, put, undo};
use crate::support::{Call, TestApp};

const NAMES: [&str; 3] = ["clicked", "paid", "pageView"];

/// What a session has. Values come from small sets, so that two sessions often have the same.
#[derive(Debug, Clone)]
struct Content {
    attributes: Vec<(usize, u8)>,
    tags: Vec<u8>,
    custom: Vec<(u8, u8)>,
    events: Vec<(usize, i64)>,
    unsubscribed: bool,
    blocked: bool,
    waiting: u8,
    unread: u8,
    reports: u8,
    has_merged: bool,
}

fn content() -> impl Strategy<Value = Content> {
    let small = |most| prop::collection::vec((0..3u8, 0..3u8), 0..most);
    (
        prop::collection::vec((0..5usize, 0..2u8), 0..5),
        prop::collection::vec(0..4u8, 0..4),
        small(4),
        prop::collection::vec((0..NAMES.len(), 0..4i64), 0..6),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        (0..13u8, 0..3u8, 0..2u8),
    )
        .prop_map(
            |(attributes, tags, custom, events, flags, counts)| Content {
                attributes,
                tags,
                custom,
                events,
                unsubscribed: flags.0,
                blocked: flags.1,
                has_merged: flags.2,
                waiting: counts.0,
                unread: counts.1,
                reports: counts.2,
            },
        )
}

fn fields(content: &Content) -> Value {
    let mut body = json!({
        "tags": content.tags.iter().map(|tag| format!("t{tag}")).collect::<Vec<_>>(),
        "unsubscribed": content.unsubscribed, "blocked": content.blocked,
    });
    for (field, value) in &content.attributes {
        let name = ["name", "email", "plan", "companyName", "facebookId"][*field];
        body[name] = match name {
            "email" => json!(format!("e{value}@example.com")),
            _ => json!(format!("v{value}")),
        };
    }
    for (key, value) in &content.custom {
        body["customData"][format!("k{key}")] = json!(value);
    }
    body
}

/// Makes a session, of this user when one is given; its id and its credential.
async fn make(app: &TestApp, content: &Content, user: Option<&str>) -> (String, Value) {
    app.clock.advance_ms(70_003);
    let (mut id, mut session) = guest(app).await;
    if let Some(user) = user {
        session = app.sdk_identify(&session, json!({"userId": user})).await;
        id = id_of(app, &session).await;
    }
    if content.has_merged {
        let (earlier, credential) = guest(app).await;
        app.sdk_events(&credential, json!([{"name": "earlier"}]))
            .await;
        merged(app, &id, &earlier).await;
    }
    put(app, &id, fields(content)).await;
    let event = |(name, age): &(usize, i64)| {
        // Dates on a grid: two sessions have the same event.
        let date = app.clock.at(-1_000_000 * (1 + age));
        json!({"name": NAMES[*name], "date": grid(&date), "data": {"page": format!("/{age}")}})
    };
    let events: Vec<_> = content.events.iter().map(event).collect();
    app.sdk_events(&session, json!(events)).await;
    for number in 0..content.waiting {
        let call = Call::post(&format!("/v3/sessions/{id}/notifications"));
        let body = json!({"text": format!("n{number}")});
        app.send(app.owner(call.json(&body))).await.ok();
        app.clock.advance_ms(1);
    }
    let call = Call::put(&format!("/v3/sessions/{id}/unread"));
    let body = json!({"unread": content.unread});
    app.send(app.owner(call.json(&body))).await.ok();
    for number in 0..content.reports {
        let reported = app
            .sdk(
                "/bugs/v2",
                Some(&session),
                json!({"formData": {"n": number}, "consoleLog": [{"log": "x"}]}),
            )
            .await;
        assert_eq!(reported.status, 201, "{}", reported.text());
    }
    (id, session)
}

/// The date to the ten minutes.
fn grid(date: &str) -> String {
    format!("{}0:00.000Z", &date[..15])
}

async fn part(app: &TestApp, contents: &(Content, Content), user: u8, number: u32) {
    let name = format!("u{number}");
    let of = |side| (user == side).then_some(name.as_str());
    let (survivor, _) = make(app, &contents.0, of(1)).await;
    let (gone, credential) = make(app, &contents.1, of(2)).await;
    let before = (side(app, &survivor).await, side(app, &gone).await);
    let merge = merged(app, &survivor, &gone).await;
    assert_eq!(side(app, &gone).await["session"], Value::Null);
    undo(app, &merge).await.ok();
    assert_eq!(side(app, &survivor).await, before.0, "the survivor");
    assert_eq!(side(app, &gone).await, before.1, "the merged");
    // Again, with something that happens in between.
    let merge = merged(app, &survivor, &gone).await;
    let own = json!([{"name": "clicked", "data": {"own": number}}, {"name": "since"}]);
    app.sdk_events(&credential, own).await;
    put(
        app,
        &survivor,
        json!({"plan": "since", "customData": {"since": number}}),
    )
    .await;
    let report = json!({"formData": {"since": true}});
    app.sdk("/bugs/v2", Some(&credential), report).await;
    undo(app, &merge).await.ok();
    assert_eq!(side(app, &gone).await, before.1, "the merged, later");
    let after = side(app, &survivor).await;
    let count = |side: &Value, part: &str| side[part].as_array().unwrap().len();
    assert_eq!(count(&after, "events"), count(&before.0, "events") + 2);
    assert_eq!(count(&after, "tickets"), count(&before.0, "tickets") + 1);
    assert_eq!(after["session"]["plan"], "since");
    assert_eq!(after["session"]["customData"]["since"], number);
    assert_eq!(after["session"]["tags"], before.0["session"]["tags"]);
    let reports = |side: &Value| side["session"]["countFeedbackReports"].as_u64().unwrap();
    assert_eq!(reports(&after), reports(&before.0) + 1);
    assert_counted(&after);
}

/// The sums are those of the events.
fn assert_counted(side: &Value) {
    let events = side["events"].as_array().unwrap();
    let none = serde_json::Map::new();
    let sums = side["session"]["eventData"].as_object().unwrap_or(&none);
    for (name, sum) in sums {
        let own: Vec<_> = events
            .iter()
            .filter(|event| event["name"] == *name)
            .collect();
        assert_eq!(sum["count"], own.len(), "{name}");
        let dates = own.iter().map(|event| event["date"].as_str().unwrap());
        assert_eq!(sum["firstAt"].as_str(), dates.clone().min(), "{name}");
        assert_eq!(sum["lastAt"].as_str(), dates.max(), "{name}");
    }
    let counted: u64 = sums
        .values()
        .map(|sum| sum["count"].as_u64().unwrap())
        .sum();
    assert_eq!(counted, events.len() as u64);
}

#[test]
fn both_sides_are_restored() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(TestApp::new());
    let mut runner = TestRunner::new(Config {
        cases: 32,
        max_shrink_iters: 50,
        ..Config::default()
    });
    let number = std::cell::Cell::new(0);
    let cases = ((content(), content()), 0..3u8);
    let holds = |(contents, user): ((Content, Content), u8)| {
        number.set(number.get() + 1);
        runtime.block_on(part(&app, &contents, user, number.get()));
        Ok(())
    };
    runner.run(&cases, holds).unwrap();
    runtime.block_on(async { drop(app) });
}
