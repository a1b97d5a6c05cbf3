//! Dates, custom attributes and cursors of lists.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::super::{id, import_rows, listed, upsert};
use crate::merge::{guest, id_of, user};
use crate::support::{Answer, TestApp, encoded};

/// A list by conditions that are written as people write them: `name`, operator, value.
async fn list(app: &TestApp, conditions: &[(&str, &str, &str)]) -> Value {
    let one =
        |(name, op, value): &(&str, &str, &str)| format!("{name}{}{}", encoded(op), encoded(value));
    let query: Vec<_> = conditions.iter().map(one).collect();
    app.get(&format!("/v3/sessions?sort=userId&{}", query.join("&")))
        .await
        .ok()
}

fn users(sessions: &Value) -> Vec<&str> {
    let sessions = sessions.as_array().unwrap().iter();
    sessions
        .map(|session| session["userId"].as_str().unwrap())
        .collect()
}

/// A day begins where its time zone says, and is asked for by an index all the same.
#[tokio::test]
async fn a_day_is_that_of_the_zone_that_is_named() {
    let app = TestApp::with(&[("limits.list_documents_max", "1")]).await;
    let times = [
        ("a", "2026-02-28T22:59:59.999Z"),
        ("b", "2026-02-28T23:00:00.000Z"),
        ("c", "2026-03-01T04:59:59.999Z"),
        ("d", "2026-03-01T22:59:59.999Z"),
        ("e", "2026-03-01T23:00:00.000Z"),
        ("f", "2026-03-02T04:59:59.999Z"),
        ("g", "2026-03-02T05:00:00.000Z"),
    ];
    let rows: Value = times
        .iter()
        .map(|(user, at)| json!({"userId": user, "createdAt": at, "lastActivity": at}))
        .collect();
    import_rows(&app, rows).await;
    for (from, to, expected) in [
        (
            "2026-03-01T00:00:00+01:00",
            "2026-03-02T00:00:00+01:00",
            "bcd",
        ),
        (
            "2026-03-01T00:00:00-05:00",
            "2026-03-02T00:00:00-05:00",
            "def",
        ),
        ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "cde"),
        ("2026-03-01", "2026-03-02", "cde"),
        (
            "2026-03-01T05:30:00+05:30",
            "2026-03-02T05:30:00+05:30",
            "cde",
        ),
    ] {
        for field in ["createdAt", "lastActivity"] {
            let found = list(&app, &[(field, ">=", from), (field, "<", to)]).await;
            assert_eq!(users(&found).concat(), expected, "{field} from {from}");
            let json = json!({field: {"$gte": from, "$lt": to}}).to_string();
            let found = list(&app, &[("filter", "=", &json)]).await;
            assert_eq!(users(&found).concat(), expected, "{json}");
        }
        // A `+` that nobody encoded arrives as a space.
        let path = format!("/v3/sessions?sort=userId&createdAt>={from}&createdAt<{to}");
        let found = app
            .get(&path.replace('>', "%3E").replace('<', "%3C"))
            .await
            .ok();
        assert_eq!(users(&found).concat(), expected, "{path}");
    }
}

/// A date that an answer shows finds the session that shows it, in whichever zone it is written.
#[tokio::test]
async fn a_date_that_was_answered_finds_its_session() {
    let app = TestApp::new().await;
    user(&app, json!({"userId": "other"})).await;
    app.clock.advance_ms(3_600_007);
    let (_, device) = guest(&app).await;
    app.clock.advance_ms(61_013);
    app.sdk_identify(
        &device,
        json!({"userId": "u", "renewal": "2026-05-01T10:00:00+02:00", "since": "2026-01-31"}),
    )
    .await;
    app.sdk_events(
        &device,
        json!([{"name": "pageView", "data": {"page": "/a"}}]),
    )
    .await;
    app.clock.advance_ms(2_001);
    app.sdk("/bugs/v2", Some(&device), json!({"formData": {"a": "b"}}))
        .await;
    let own = id_of(&app, &device).await;
    upsert(&app, json!({"userId": "u", "unsubscribed": true})).await;
    let session = app.session("u").await;
    for field in [
        "createdAt",
        "updatedAt",
        "firstActivity",
        "lastActivity",
        "unsubscribedAt",
        "lastFeedbackReport",
        "lastPageView.date",
        "eventData.pageView.lastAt",
        "customData.renewal",
        "customData.since",
    ] {
        let shown = field.split('.').fold(&session, |value, key| &value[key]);
        let shown = shown
            .as_str()
            .unwrap_or_else(|| panic!("{field} is not there: {session}"));
        assert_eq!(listed(&app, field, shown).await, [&*own], "{field}={shown}");
        let both = list(&app, &[(field, ">=", shown), (field, "<=", shown)]).await;
        assert_eq!(users(&both), ["u"], "{field} between {shown} and itself");
        for op in [">", "<"] {
            assert_eq!(
                users(&list(&app, &[(field, op, shown), ("userId", "=", "u")]).await),
                [] as [&str; 0],
                "{field}{op}{shown}"
            );
        }
        if let Some(utc) = shown.strip_suffix('Z') {
            let hour: u32 = utc[11..13].parse().unwrap();
            let elsewhere = format!("{}{:02}{}+01:00", &utc[..11], hour + 1, &utc[13..]);
            assert_eq!(
                listed(&app, field, &elsewhere).await,
                [&*own],
                "{field}={elsewhere}"
            );
        }
    }
}

/// Values of a custom attribute, of every type and spelled alike.
fn values() -> Vec<Value> {
    let deep = json!({"a": 1});
    vec![
        json!(5),
        json!(5.0),
        json!("5"),
        json!(-1),
        json!(0),
        json!(1e300),
        json!("x"),
        json!("X"),
        json!(""),
        json!("true"),
        json!(true),
        json!(false),
        json!("null"),
        json!("a'b\"c\\d"),
        json!("%"),
        json!("_"),
        json!("$gt"),
        json!("é"),
        json!("2026-01-31"),
        json!("6650f0c2a1b2c3d4e5f60718"),
        deep,
        json!([]),
        json!([5, "x"]),
    ]
}

/// Whether a value is what a condition asks for: of one type, and equal; an array is when one of its elements is.
fn is_equal(value: &Value, asked: &Value) -> bool {
    if let Some(elements) = value.as_array() {
        return elements.iter().any(|element| is_equal(element, asked));
    }
    match (value.as_f64(), asked.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => value == asked,
    }
}

/// A condition on a custom attribute finds exactly those who have that value, of that type, and never fails.
#[tokio::test]
async fn a_custom_attribute_is_found_by_its_value_and_type() {
    let app = TestApp::new().await;
    let values = values();
    let row = |(n, value): (usize, &Value)| json!({"userId": format!("u{n:02}"), "customData": {"x": value}});
    let rows: Value = values.iter().enumerate().map(row).collect();
    import_rows(&app, rows).await;
    for asked in values
        .iter()
        .filter(|value| !value.is_array() && !value.is_object())
    {
        let expected: Vec<_> = values
            .iter()
            .enumerate()
            .filter(|(_, value)| is_equal(value, asked))
            .map(|(n, _)| format!("u{n:02}"))
            .collect();
        let json = json!({"customData.x": asked}).to_string();
        let found = list(&app, &[("filter", "=", &json)]).await;
        assert_eq!(users(&found), expected, "{json}");
        let json = json!({"customData.x": {"$ne": asked}}).to_string();
        let found = list(&app, &[("filter", "=", &json)]).await;
        assert_eq!(users(&found).len(), values.len() - expected.len(), "{json}");
    }
}

/// A query string out of pieces that mean something.
fn query() -> impl Strategy<Value = String> {
    let pieces = [
        "customData.x",
        "customData",
        "value",
        "createdAt",
        "_id",
        "filter",
        "sort",
        "limit",
        "cursor",
        "skip",
        "=",
        "!=",
        ">=",
        "<",
        ">",
        "!",
        "&",
        ",",
        "5",
        "\"x\"",
        "{\"$or\":[",
        "]}",
        "{",
        "}",
        "[",
        "]",
        "\"customData.x\":",
        "{\"$gt\":",
        "$in",
        "null",
        "true",
        ".",
        "..",
        "'",
        "\\",
        "%",
        " OR 1=1",
        ";--",
        "2026-01-31",
        "é",
        "-",
        "1e999",
        "\u{1}",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..14).prop_map(|pieces| {
        let kept = |piece: &&str| matches!(*piece, "=" | "&" | "!");
        pieces
            .iter()
            .map(|piece| {
                if kept(piece) {
                    (*piece).to_owned()
                } else {
                    encoded(piece)
                }
            })
            .collect()
    })
}

/// No query, however wrong, is an error of the server: it is answered, or refused by name.
#[test]
fn no_filter_is_an_error_of_the_server() {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(async {
        let app = TestApp::new().await;
        let rows: Value = values()
            .iter()
            .map(|value| json!({"userId": format!("of {value}"), "customData": {"x": value}}))
            .collect();
        import_rows(&app, rows).await;
        app
    });
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let holds = |query: String| {
        let answer = runtime.block_on(app.get(&format!("/v3/sessions?{query}")));
        let refused = answer.status == 400 && answer.error().1.starts_with("invalid_");
        prop_assert!(
            answer.status == 200 || refused,
            "{}: {}",
            query,
            answer.text()
        );
        Ok(())
    };
    TestRunner::new(config).run(&query(), holds).unwrap();
}

/// The path of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link").strip_prefix('<')?;
    Some(link.split('>').next()?.to_owned())
}

/// A cursor is all there is of a walk: any number of them at once, held for as long as anybody likes, over restarts.
#[tokio::test]
async fn cursors_hold_however_many_there_are_and_however_long() {
    let mut app = TestApp::new().await;
    let rows: Value = (0..30)
        .map(|n| json!({"userId": format!("u{n:02}"), "email": format!("{}@example.com", 30 - n)}))
        .collect();
    import_rows(&app, rows).await;
    let mut walks = Vec::new();
    for n in 0..40 {
        let sort = ["userId", "-userId", "email", "-createdAt"][n % 4];
        walks.push((
            Some(format!("/v3/sessions?limit=7&sort={sort}")),
            Vec::new(),
        ));
    }
    for round in 0..5 {
        for (path, seen) in &mut walks {
            let answer = app.get(path.as_ref().unwrap()).await;
            seen.extend(
                answer
                    .ok()
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|session| id(session).to_owned()),
            );
            *path = next(&answer);
        }
        // A quarter of a year later, in another process.
        if round < 4 {
            app.clock.advance_seconds(90 * 86_400);
            app.restart();
        }
    }
    for (n, (path, mut seen)) in walks.into_iter().enumerate() {
        assert_eq!(path, None, "{n}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30, "{n}");
    }
}
