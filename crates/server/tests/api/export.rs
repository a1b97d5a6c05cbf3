//! `GET /v3/sessions/export`: all that match, in three forms, as a stream.

mod round_trip;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

async fn export(app: &TestApp, query: &str) -> Answer {
    app.get(&format!("/v3/sessions/export?{query}")).await
}

/// The cells of a table; its first line is the first.
fn table(answer: &Answer) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&answer.body[..]);
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader
        .into_records()
        .map(|record| cells(record.unwrap()))
        .collect()
}

fn users(answer: &Answer) -> Vec<String> {
    let sessions: Vec<Value> = match answer.header("content-type") {
        "application/json" => serde_json::from_slice(&answer.body).unwrap(),
        _ => answer
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    };
    sessions
        .iter()
        .map(|session| session["userId"].as_str().unwrap().to_owned())
        .collect()
}

async fn three(app: &TestApp) {
    for (user, body) in [
        (
            "a",
            json!({"plan": "pro", "email": "a@example.com", "seats": 3}),
        ),
        (
            "b",
            json!({"plan": "free", "name": "=HYPERLINK(1)", "team": "x,\"y\"\nz"}),
        ),
        ("c", json!({"plan": "pro", "seats": "3"})),
    ] {
        let mut body = body;
        body["userId"] = json!(user);
        app.clock.advance_seconds(1);
        app.identify(body).await.ok();
    }
}

#[tokio::test]
async fn each_form_has_all_oldest_first() {
    let app = TestApp::new().await;
    three(&app).await;
    for (format, media, file) in [
        ("json", "application/json", "sessions.json"),
        ("ndjson", "application/x-ndjson", "sessions.ndjson"),
    ] {
        let answer = export(&app, &format!("format={format}")).await;
        assert_eq!(users(&answer), ["a", "b", "c"]);
        assert_eq!(answer.header("content-type"), media);
        let disposition = format!("attachment; filename=\"{file}\"");
        assert_eq!(answer.header("content-disposition"), disposition);
    }
    let answer = export(&app, "format=csv").await;
    assert_eq!(
        answer.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    let table = table(&answer);
    let column = |name: &str| table[0].iter().position(|known| known == name).unwrap();
    let cells = |name: &str| -> Vec<&str> {
        let column = column(name);
        table[1..].iter().map(|row| row[column].as_str()).collect()
    };
    assert_eq!(cells("userId"), ["a", "b", "c"]);
    assert_eq!(cells("name"), ["", "'=HYPERLINK(1)", ""]);
    assert_eq!(cells("customData.seats"), ["3", "", "\"3\""]);
    assert_eq!(cells("customData.team"), ["", "x,\"y\"\nz", ""]);
    assert!(!table[0].contains(&"gleapHash".to_owned()));
    assert!(answer.text().ends_with("\r\n"));
    let empty = export(&app, "format=csv&plan=none").await;
    assert_eq!(empty.text().lines().count(), 1);
    assert_eq!(export(&app, "plan=none").await.text(), "[]");
    assert_eq!(export(&app, "format=ndjson&plan=none").await.text(), "");
}

#[tokio::test]
async fn the_caller_chooses_the_form() {
    let app = TestApp::new().await;
    for (accept, expected) in [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/x-ndjson;q=0.9", "application/x-ndjson"),
        ("application/json, text/csv", "application/json"),
        ("*/*", "application/json"),
    ] {
        let call = Call::get("/v3/sessions/export").header("accept", accept);
        let answer = app.send(app.owner(call)).await;
        assert_eq!(answer.header("content-type"), expected, "{accept}");
    }
    let call = Call::get("/v3/sessions/export?format=json").header("accept", "text/csv");
    let answer = app.send(app.owner(call)).await;
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn columns_are_chosen() {
    let app = TestApp::new().await;
    three(&app).await;
    let answer = export(
        &app,
        "format=csv&columns=userId,customData.seats,gleapId&bom=true",
    )
    .await;
    let text = answer.text().strip_prefix('\u{feff}').unwrap();
    assert_eq!(text.lines().next(), Some("userId,customData.seats,gleapId"));
    let wrong = export(&app, "format=csv&columns=userId,seats").await;
    assert_eq!(wrong.error(), (400, "invalid_query".into()));
}

#[tokio::test]
async fn filters_and_orders_are_those_of_lists() {
    let app = TestApp::new().await;
    three(&app).await;
    for (query, expected) in [
        ("plan=pro", "ac"),
        ("sort=-_id", "cba"),
        ("plan!=free&sort=-createdAt", "ca"),
        ("customData.seats%3E2", "a"),
        ("email", "a"),
        ("filter=%7B%22plan%22:%22free%22%7D", "b"),
    ] {
        assert_eq!(
            users(&export(&app, query).await).concat(),
            expected,
            "{query}"
        );
    }
    for query in [
        "limit=5",
        "skip=1",
        "cursor=7b7d",
        "withCount=true",
        "format=xml",
        "sort=plan",
    ] {
        let answer = export(&app, query).await;
        assert_eq!(answer.error(), (400, "invalid_query".into()), "{query}");
    }
}

#[tokio::test]
async fn more_than_a_page_comes_whole_and_once() {
    let app = TestApp::new().await;
    let events: Value = (0..1203)
        .map(|n| json!({"userId": format!("u{n:04}"), "name": "x"}))
        .collect();
    app.track(events).await.ok();
    let expected: Vec<_> = (0..1203).map(|n| format!("u{n:04}")).collect();
    for query in ["", "format=ndjson", "sort=userId"] {
        let mut found = users(&export(&app, query).await);
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(table(&export(&app, "format=csv").await).len(), 1204);
    // Most pages may have none that match.
    for (query, expected) in [
        ("userId=u1202", vec!["u1202"]),
        ("userId=u0000,u0700&sort=-_id", vec!["u0700", "u0000"]),
        ("userId=nobody", vec![]),
    ] {
        assert_eq!(users(&export(&app, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_project_exports_its_own_alone() {
    let app = TestApp::new().await;
    three(&app).await;
    let call = Call::post("/admin/identify").json(&json!({"userId": "theirs"}));
    app.send(call.api_token(&app.accounts.sister.api_token))
        .await
        .ok();
    assert_eq!(users(&export(&app, "").await), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_table_has_a_largest_number_of_custom_columns() {
    let app = TestApp::new().await;
    // 200 attributes a session at the most: six sessions have 1,000 and one more.
    for user in 0..5 {
        let attributes: serde_json::Map<_, _> = (0..200)
            .map(|n| (format!("a{user}-{n}"), json!(1)))
            .collect();
        let mut body = Value::Object(attributes);
        body["userId"] = json!(format!("u{user}"));
        app.identify(body).await.ok();
    }
    let at_edge = export(&app, "format=csv").await;
    let custom = |name: &&String| name.starts_with("customData.");
    assert_eq!(table(&at_edge)[0].iter().filter(custom).count(), 1000);
    app.identify(json!({"userId": "v", "one": 1})).await.ok();
    let beyond = export(&app, "format=csv").await;
    assert_eq!(beyond.error(), (422, "too_many_columns".into()));
    assert_eq!(export(&app, "format=csv&columns=userId").await.status, 200);
    assert_eq!(export(&app, "format=ndjson").await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_finished_breaks_off() {
    let app = TestApp::new().await;
    let events: Value = (0..1500)
        .map(|n| json!({"userId": format!("u{n:04}"), "name": "x"}))
        .collect();
    app.track(events).await.ok();
    let mut answers = Vec::new();
    for format in ["json", "ndjson", "csv&columns=userId"] {
        let call = Call::get(&format!("/v3/sessions/export?format={format}"));
        let answer = app.open(app.owner(call)).await;
        assert_eq!(answer.status(), 200);
        answers.push(answer.into_body());
    }
    app.app.store.close();
    for mut body in answers {
        let mut last = body.frame().await.unwrap();
        while last.is_ok() {
            last = body
                .frame()
                .await
                .expect("it must not end as if it were whole");
        }
    }
    let refused = export(&app, "").await;
    assert_eq!(refused.error(), (503, "shutting_down".into()));
}
