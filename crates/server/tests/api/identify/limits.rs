//! The limits of attributes, at their edges.

use serde_json::{Map, Value, json};

use crate::support::{Answer, TestApp};

async fn give(app: &TestApp, custom: Map<String, Value>) -> Answer {
    app.identify(json!({"userId": "u", "customData": custom}))
        .await
}

/// Custom data of so many keys, from one number on.
fn keys(from: usize, count: usize) -> Map<String, Value> {
    (from..from + count)
        .map(|n| (format!("key {n}"), json!(n)))
        .collect()
}

/// One key whose value is so many bytes as JSON.
fn value(key: &str, bytes: usize) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), json!("x".repeat(bytes - 2)))])
}

#[tokio::test]
async fn two_hundred_keys() {
    let app = TestApp::new().await;
    give(&app, keys(0, 200)).await.ok();
    let before = app.lookup("u").await;
    let refused = give(&app, keys(200, 1)).await;
    assert_eq!(refused.error(), (422, "attribute_limit".into()));
    assert!(
        refused.faults()[0].starts_with("key 200: is one too many"),
        "{:?}",
        refused.faults()
    );
    assert_eq!(app.lookup("u").await.body, before.body);
    give(&app, keys(0, 200)).await.ok();
    // Room is made, and taken, in one call.
    app.identify(json!({"userId": "u", "key 0": null, "key 200": 1}))
        .await
        .ok();
    assert_eq!(
        app.session("u").await["customData"]
            .as_object()
            .unwrap()
            .len(),
        200
    );
}

#[tokio::test]
async fn two_hundred_and_one_keys_make_no_session() {
    let app = TestApp::new().await;
    assert_eq!(give(&app, keys(0, 201)).await.status, 422);
    assert_eq!(app.lookup("u").await.status, 404);
}

#[tokio::test]
async fn eight_kibibytes_a_value() {
    let app = TestApp::new().await;
    give(&app, value("fits", 8192)).await.ok();
    let refused = give(&app, value("long", 8193)).await;
    assert_eq!(refused.error(), (422, "attribute_limit".into()));
    assert!(
        refused.faults()[0].starts_with("long: is 8193 bytes"),
        "{:?}",
        refused.faults()
    );
    assert_eq!(
        app.session("u").await["customData"]["fits"]
            .as_str()
            .unwrap()
            .len(),
        8190
    );
}

#[tokio::test]
async fn sixty_four_kibibytes_in_all() {
    let app = TestApp::new().await;
    // A key of eight bytes and a value of 8,184: eight of them are 65,536 bytes.
    for n in 0..8 {
        give(&app, value(&format!("key-000{n}"), 8184)).await.ok();
    }
    let before = app.lookup("u").await;
    let refused = give(&app, Map::from_iter([("k".to_owned(), json!(1))])).await;
    assert_eq!(refused.error(), (422, "attribute_limit".into()));
    assert!(
        refused.faults()[0].contains("at most 65536 bytes together"),
        "{:?}",
        refused.faults()
    );
    assert_eq!(give(&app, value("key-0000", 8185)).await.status, 422);
    assert_eq!(app.lookup("u").await.body, before.body);
    give(&app, value("key-0000", 8182)).await.ok();
    give(&app, Map::from_iter([("k".to_owned(), json!(1))]))
        .await
        .ok();
}

#[tokio::test]
async fn standard_attributes_have_a_limit_too() {
    let app = TestApp::new().await;
    for field in [
        "name",
        "email",
        "phone",
        "avatar",
        "plan",
        "companyId",
        "companyName",
        "lang",
        "platform",
        "deviceType",
    ] {
        let call = async |bytes: usize| {
            app.identify(json!({"userId": "u", field: "x".repeat(bytes)}))
                .await
        };
        assert_eq!(call(8192).await.status, 200, "{field}");
        let refused = call(8193).await;
        assert_eq!(
            refused.faults(),
            [format!("{field}: is longer than 8192 bytes")]
        );
        let session = app.session("u").await;
        assert_eq!(session[field].as_str().unwrap().len(), 8192);
    }
    for (field, long) in [
        ("company", json!({"id": "x".repeat(8193)})),
        (
            "lastPageView",
            json!({"page": "x".repeat(8193), "date": "2026-01-01"}),
        ),
    ] {
        let refused = app.identify(json!({"userId": "u", field: long})).await;
        assert_eq!(
            refused.error(),
            (422, "invalid_attributes".into()),
            "{field}"
        );
        assert!(
            refused.faults()[0].starts_with(field),
            "{:?}",
            refused.faults()
        );
    }
}

/// Ten thousand faults are not worth megabytes of an answer.
#[tokio::test]
async fn an_answer_does_not_grow_with_the_faults() {
    let app = TestApp::new().await;
    for bytes in [1, 90] {
        let faulty = |n: usize| (format!("{n}{}", "k".repeat(bytes)), json!(n));
        let refused = give(&app, (0..9_000).map(faulty).collect()).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.body.len() < 32 * 1024,
            "{} bytes",
            refused.body.len()
        );
        assert!(refused.faults().len() > 10);
    }
    let one = give(
        &app,
        Map::from_iter([("k".repeat(900_000), json!("x".repeat(9_000)))]),
    )
    .await;
    assert_eq!(one.status, 422);
    assert!(one.body.len() < 32 * 1024, "{} bytes", one.body.len());
}

#[tokio::test]
async fn limits_are_options() {
    let options = [
        ("limits.attribute_keys_max", "2"),
        ("limits.attribute_value_bytes_max", "16"),
    ];
    let app = TestApp::with(&options).await;
    give(&app, keys(0, 2)).await.ok();
    assert_eq!(give(&app, keys(2, 1)).await.status, 422);
    assert_eq!(give(&app, value("key 0", 17)).await.status, 422);
    give(&app, value("key 0", 16)).await.ok();
}
