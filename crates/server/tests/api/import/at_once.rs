//! `POST /v3/sessions/importer`.

use serde_json::{Value, json};

use crate::support::{Answer, Call, TestApp};

async fn send(app: &TestApp, query: &str, media: &str, body: impl Into<Vec<u8>>) -> Answer {
    let call = Call::post(&format!("/v3/sessions/importer?{query}"))
        .header("content-type", media)
        .body(body);
    app.send(app.owner(call)).await
}

async fn json(app: &TestApp, body: Value) -> Answer {
    send(app, "", "application/json", body.to_string()).await
}

fn outcomes(answer: &Answer) -> Vec<String> {
    let texts = answer.ok();
    let texts = texts.as_array().unwrap();
    let words = |text: &Value| {
        let words: Vec<_> = text.as_str().unwrap().split(' ').take(3).collect();
        words.join(" ")
    };
    texts.iter().map(words).collect()
}

#[tokio::test]
async fn every_form_is_an_upsert() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Old", "seats": 1, "kept": true}))
        .await
        .ok();
    let rows = json!([
        {"userId": "u", "name": "New", "plan": null, "customData": {"seats": 2}},
        {"email": "v@example.com"},
    ]);
    let bodies = [
        ("application/json", rows.to_string()),
        ("application/json", json!({"sessions": rows}).to_string()),
        (
            "application/x-ndjson",
            format!("{}\n{}\n", rows[0], rows[1]),
        ),
        (
            "text/csv",
            "userId,name,email,customData.seats\nu,New,,2\n,,V@example.com,\n".into(),
        ),
        ("application/octet-stream", rows.to_string()),
    ];
    for (number, (media, body)) in bodies.into_iter().enumerate() {
        let answer = send(&app, "", media, body).await;
        let second = |line: usize| if media == "text/csv" { line + 1 } else { line };
        let expected = match number {
            0 => ["updated", "created"],
            3 => ["unchanged", "updated"],
            4 => ["unchanged", "updated"],
            _ => ["unchanged", "unchanged"],
        };
        let lines = [second(1), second(2)];
        assert_eq!(
            outcomes(&answer),
            [
                format!("line {}: {}", lines[0], expected[0]),
                format!("line {}: {}", lines[1], expected[1]),
            ],
            "{number}"
        );
        let session = app.session("u").await;
        assert_eq!(session["name"], "New");
        assert_eq!(session["customData"], json!({"seats": 2, "kept": true}));
    }
    assert_eq!(app.sessions().await.len(), 2);
}

#[tokio::test]
async fn one_wrong_row_imports_nothing_unless_it_may_be_left_out() {
    let app = TestApp::new().await;
    let rows = json!([
        {"userId": "u"},
        {"name": "Nobody"},
        {"userId": "v", "value": "much"},
        {"userId": "guest"},
        "text",
        {"userId": "w", "tags": ["x".repeat(101)]},
    ]);
    let answer = json(&app, rows.clone()).await;
    assert_eq!(answer.error(), (422, "import_refused".into()));
    let faults = answer.faults();
    assert_eq!(faults.len(), 5);
    for (fault, start) in faults.iter().zip([
        "line 2: needs a userId",
        "line 3: value: must be a number",
        "line 4: userId:",
        "line 5: ",
        "line 6: tags[0]",
    ]) {
        assert!(fault.starts_with(start), "{fault}");
    }
    assert_eq!(app.sessions().await.len(), 0);
    let answer = send(&app, "partial=true", "application/json", rows.to_string()).await;
    let texts = answer.ok();
    assert!(texts[0].as_str().unwrap().starts_with("line 1: created "));
    assert!(
        texts[1]
            .as_str()
            .unwrap()
            .starts_with("line 2: failed: needs")
    );
    assert_eq!(app.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Old"}))
        .await
        .ok();
    let rows = app.rows();
    let body =
        json!([{"userId": "u", "name": "New"}, {"userId": "v"}, {"userId": "v", "name": "n"}]);
    let answer = send(&app, "dryRun=true", "application/json", body.to_string()).await;
    assert_eq!(
        outcomes(&answer),
        ["line 1: updated", "line 2: created", "line 3: updated"]
    );
    assert_eq!(app.rows(), rows);
    assert_eq!(app.session("u").await["name"], "Old");
}

#[tokio::test]
async fn keys_find_whom_they_should() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "a", "email": "shared@example.com"}))
        .await
        .ok();
    let a = app.session("a").await;
    // Another user with the same address is another session, and the address stays with the first.
    json(
        &app,
        json!([{"userId": "b", "email": "shared@example.com"}]),
    )
    .await
    .ok();
    assert_eq!(app.session("b").await["email"], "shared@example.com");
    let texts = json(
        &app,
        json!([{"email": "Shared@example.com", "plan": "pro"}]),
    )
    .await
    .ok();
    assert_eq!(
        texts[0],
        format!("line 1: updated {}", a["id"].as_str().unwrap())
    );
    // A guest of that address becomes a user.
    json(&app, json!([{"email": "guest@example.com"}]))
        .await
        .ok();
    let texts = json(&app, json!([{"userId": "c", "email": "guest@example.com"}]))
        .await
        .ok();
    assert!(texts[0].as_str().unwrap().contains("updated"));
    // Rows that name a gleapId come from an export: an address does not make them another session.
    let row = json!([{"gleapId": "from-elsewhere", "email": "guest@example.com"}]);
    assert!(
        json(&app, row.clone()).await.ok()[0]
            .as_str()
            .unwrap()
            .contains("created")
    );
    assert!(
        json(&app, row).await.ok()[0]
            .as_str()
            .unwrap()
            .contains("unchanged")
    );
    // Somebody else's credential is refused.
    let row = json!([{"userId": "d", "gleapId": a["gleapId"]}]);
    assert_eq!(json(&app, row).await.status, 422);
    assert_eq!(app.sessions().await.len(), 4);
}

#[tokio::test]
async fn what_is_no_import_is_refused() {
    let app = TestApp::new().await;
    for (media, body, status, code) in [
        ("application/json", "{\"userId\":", 400, "json_malformed"),
        ("application/json", "5", 422, "invalid_field"),
        (
            "application/json",
            "[{\"userId\":\"a\\u0000\"}]",
            400,
            "json_nul",
        ),
        ("application/json", "", 400, "json_malformed"),
        ("text/csv", "", 422, "import_unreadable"),
        ("text/csv", "userId,userId\na,b\n", 422, "import_unreadable"),
        ("text/csv", "userId\na,b\n", 422, "import_refused"),
        ("text/plain", "userId\na\n", 415, "unsupported_media_type"),
        ("application/xml", "<a/>", 415, "unsupported_media_type"),
    ] {
        let answer = send(&app, "", media, body).await;
        assert_eq!(answer.error(), (status, code.into()), "{media}: {body}");
    }
    let answer = send(&app, "partial=maybe", "application/json", "[]").await;
    assert_eq!(answer.error(), (400, "invalid_query".into()));
    assert_eq!(json(&app, json!([])).await.ok(), json!([]));
    assert_eq!(app.sessions().await.len(), 0);
}

#[tokio::test]
async fn a_call_has_a_largest_size() {
    let app = TestApp::new().await;
    let table = |rows: usize| {
        let rows: String = (0..rows).map(|n| format!("u{n}\n")).collect();
        format!("userId\n{rows}")
    };
    let beyond = send(&app, "", "text/csv", table(10_001)).await;
    assert_eq!(beyond.error(), (413, "too_many_rows".into()));
    let at_edge = send(&app, "dryRun=true", "text/csv", table(10_000)).await;
    assert_eq!(at_edge.ok().as_array().unwrap().len(), 10_000);
    let body = |bytes: usize| [b"{\"userId\":\"u\"}\n".to_vec(), vec![b'\n'; bytes - 15]].concat();
    let lines = "application/x-ndjson";
    assert_eq!(
        send(&app, "", lines, body((16 << 20) + 1)).await.status,
        413
    );
    assert_eq!(send(&app, "", lines, body(16 << 20)).await.status, 200);
}
