//! Well-formed bodies whose fields are not what they should be.

use serde_json::{Value, json};

use crate::support::{Call, TestApp};

/// Values of every type, and some that are hard on programs.
fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(-1e308),
        json!(5e-324),
        json!(0.1),
        json!(""),
        json!(" "),
        json!("text"),
        json!("\u{feff}"),
        json!("\u{202e}txet"),
        json!("'; DROP TABLE session; --"),
        json!("{{userId}} ${x} %s %n <script>"),
        json!("\u{1}\u{7f}\u{85}\u{2028}"),
        json!("e\u{301}🙂👩‍👩‍👧"),
        json!("x".repeat(1_000_000)),
        json!([]),
        json!(["a", null]),
        json!({}),
        json!({"a": {"b": [1]}}),
        json!({"$gt": ""}),
        json!({"": ""}),
        json!({"__proto__": {"x": 1}}),
    ]
}

/// Every answer is a success or names what is wrong; what is refused changes nothing.
async fn assert_answered(app: &TestApp, body: &Value, name: &str) {
    let before = app.rows();
    let answer = app
        .send(app.server(Call::post("/admin/identify").json(body)))
        .await;
    match answer.status {
        200 => {}
        422 => {
            assert!(
                answer.faults()[0].starts_with(name),
                "{name}: {}",
                answer.text()
            );
            assert_eq!(app.rows(), before);
        }
        other => panic!("{name}: {other}"),
    }
    assert!(
        answer.body.len() < 4096,
        "{name}: {} bytes",
        answer.body.len()
    );
}

#[tokio::test]
async fn identify_takes_or_names_every_value_of_every_field() {
    let app = TestApp::new().await;
    let fields = [
        "userId",
        "name",
        "email",
        "phone",
        "avatar",
        "value",
        "sla",
        "plan",
        "companyId",
        "companyName",
        "company",
        "lang",
        "platform",
        "deviceType",
        "createdAt",
        "lastPageView",
        "customData",
        "anything",
        "tags",
        "_id",
    ];
    for field in fields {
        for value in values() {
            let mut body = json!({"userId": "u"});
            body[field] = value;
            assert_answered(&app, &body, field).await;
        }
    }
    // Whatever was taken can be shown.
    for session in app.sessions().await {
        assert_eq!(
            app.session(session["userId"].as_str().unwrap()).await,
            session
        );
    }
}

#[tokio::test]
async fn keys_may_be_anything_too() {
    let app = TestApp::new().await;
    let keys = [
        "",
        " ",
        "a.b",
        "$set",
        "a[0]",
        "\"",
        "\\",
        "\u{1}",
        "🙂",
        "__proto__",
        "constructor",
        "customData.x",
        "ключ",
    ];
    for key in keys {
        let body = json!({"userId": "u", "customData": {key: 1}});
        app.identify(body).await.ok();
        app.identify(json!({"userId": "u", key: 2})).await.ok();
        assert_eq!(app.session("u").await["customData"][key], 2, "{key:?}");
    }
    app.assert_sound();
}

#[tokio::test]
async fn track_takes_or_counts_every_value_of_every_field() {
    let app = TestApp::new().await;
    for field in ["userId", "name", "date", "data", "anything"] {
        for value in values() {
            let mut event = json!({"userId": "u", "name": "x", "date": app.clock.at(0)});
            event[field] = value;
            let answer = app.track(json!([event])).await;
            let body = answer.ok();
            let sum: u64 = ["stored", "repeated", "dropped"]
                .map(|name| body[name].as_u64().unwrap())
                .iter()
                .sum();
            assert_eq!(sum, 1, "{field}");
            assert!(
                answer.body.len() < 4096,
                "{field}: {} bytes",
                answer.body.len()
            );
        }
    }
    for value in values().into_iter().filter(|value| !value.is_array()) {
        let call = Call::post("/admin/track").json(&json!({ "events": value }));
        let answer = app.send(app.server(call)).await;
        assert_eq!(answer.error(), (422, "invalid_field".into()));
        assert!(
            answer.faults()[0].starts_with("`events`: expected an array, found "),
            "{:?}",
            answer.faults()
        );
    }
    let without = app
        .send(app.server(Call::post("/admin/track").raw_json("{}")))
        .await;
    assert_eq!(without.faults(), ["the body: missing field `events`"]);
}

#[tokio::test]
async fn login_takes_or_names_every_value_of_every_field() {
    let app = TestApp::new().await;
    for field in ["email", "password"] {
        for value in values() {
            let mut body = json!({"email": "owner@example.com", "password": "wrong"});
            body[field] = value.clone();
            let answer = app.send(Call::post("/v3/auth/login").json(&body)).await;
            if value.is_string() {
                assert_eq!(answer.error(), (401, "wrong_credentials".into()));
            } else {
                assert_eq!(answer.error(), (422, "invalid_field".into()), "{value}");
                assert!(
                    answer.faults()[0].starts_with(&format!("`{field}`: expected a string")),
                    "{:?}",
                    answer.faults()
                );
            }
        }
    }
}
