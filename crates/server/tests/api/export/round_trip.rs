//! What is exported is imported as it was.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::support::{Call, TestApp};

/// Values that a customer may have in a custom attribute.
fn attribute() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[ -~\u{a0}-\u{17f}\t\n\r\"',;=@+]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("5"),
            Just("true"),
            Just("null"),
            Just("{}"),
            Just("\"x\""),
            Just("1e5"),
            Just("'=1"),
            Just("")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("[a-z]{1,4}", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    "['=@+\t\"-]{0,2}[ -~\u{a0}-\u{17f}\r\n,;]{1,12}"
}

/// A session as `POST /v3/sessions` takes it.
fn session() -> impl Strategy<Value = Value> {
    let optional = (
        proptest::option::of(text()),
        proptest::option::of("[a-z]{1,5}@example\\.com"),
        proptest::option::of("\\+4366012345[0-9]{2}"),
        proptest::option::of(-1000..1000i32),
        proptest::option::of(proptest::collection::vec("[a-z,;\"=]{1,6}[a-z]", 0..3)),
        proptest::option::of(any::<bool>()),
    );
    let custom = proptest::collection::vec(("[a-zA-Z.=, ]{1,6}[a-z]", attribute()), 0..4);
    (optional, custom).prop_map(|((name, email, phone, value, tags, flag), custom)| {
        let custom: Map<_, _> = custom.into_iter().collect();
        let all = [
            ("name", json!(name)),
            ("email", json!(email)),
            ("phone", json!(phone)),
            ("value", json!(value)),
            ("tags", json!(tags)),
            ("blocked", json!(flag)),
            ("unsubscribed", json!(flag)),
            (
                "lastPageView",
                json!(flag.map(|_| json!({"page": "/a", "date": "2026-01-01T00:00:00.000Z"}))),
            ),
            ("customData", json!(custom)),
        ];
        let given = all.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(given.map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

/// The sessions of a project by id, without what every write stamps.
async fn sessions(app: &TestApp) -> Vec<Value> {
    let mut all = app.sessions().await;
    for session in &mut all {
        let session = session.as_object_mut().unwrap();
        session.remove("updatedAt");
        session.remove("project");
        session.remove("organisation");
    }
    all.sort_by_key(|session| session["id"].as_str().unwrap().to_owned());
    all
}

async fn holds(inputs: Vec<Value>) {
    let (from, to) = (TestApp::new().await, TestApp::new().await);
    for (number, mut body) in inputs.into_iter().enumerate() {
        from.clock.advance_seconds(1);
        let user = format!("=user {number}");
        // A third are people of whom an address alone is known, or guests of a client.
        match number % 3 {
            0 => {
                body["userId"] = json!(user);
                let call = Call::post("/v3/sessions").json(&body);
                from.send(from.owner(call)).await.ok();
                let event = json!([{"userId": user, "name": "x,\"y\"", "data": {"a": [1]}}]);
                from.track(event).await.ok();
            }
            1 => {
                let guest = from.guest().await;
                let events = json!([{"name": "opened", "data": {"=": ","}}]);
                from.sdk_events(&guest, events).await;
                let id = crate::merge::id_of(&from, &guest).await;
                crate::merge::put(&from, &id, body).await;
            }
            _ => {
                body["email"] = json!(format!("{number}@example.com"));
                let call = Call::post("/v3/sessions").json(&body);
                from.send(from.owner(call)).await.ok();
            }
        }
    }
    let expected = sessions(&from).await;
    for (format, media) in [
        ("json", "application/json"),
        ("ndjson", "application/x-ndjson"),
        ("csv", "text/csv"),
    ] {
        let exported = from
            .get(&format!("/v3/sessions/export?format={format}&bom=true"))
            .await;
        let to = if format == "json" {
            &to
        } else {
            &TestApp::new().await
        };
        to.clock.advance_seconds(500);
        let call = Call::post("/v3/sessions/importer")
            .header("content-type", media)
            .body(exported.body.to_vec());
        to.send(to.owner(call)).await.ok();
        let mut imported = sessions(to).await;
        if format == "csv" {
            // The secret half of a credential is in no table unless it is asked for: a new one is made.
            for (imported, expected) in imported.iter_mut().zip(&expected) {
                let secret = expected["gleapHash"].as_str().unwrap();
                assert!(!exported.text().contains(secret));
                imported["gleapHash"] = expected["gleapHash"].clone();
            }
        }
        assert_eq!(imported, expected, "{format}");
    }
}

#[test]
fn an_import_of_an_export_gives_equal_sessions() {
    let config = Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let inputs = proptest::collection::vec(session(), 1..8);
    let tested = TestRunner::new(config).run(&inputs, |inputs| {
        runtime.block_on(holds(inputs));
        Ok(())
    });
    tested.unwrap();
}
