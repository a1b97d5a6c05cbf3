//! `POST /bugs/v2`: what is kept of a report, whatever else is in it.

use serde_json::{Value, json};

use super::client::{Client, part, rows, ticket};
use crate::support::{Call, TestApp};

/// What `sendSilentCrashReport` of the web client sends.
fn silent_crash() -> Value {
    json!({
        "type": "CRASH", "priority": "HIGH", "customData": {},
        "metaData": {"browserName": "Chrome(126.0)", "currentUrl": "https://shop.example.com/", "sdkVersion": "15.3.2", "sdkType": "javascript", "sessionDuration": 12},
        "consoleLog": [{"log": "boom ", "date": "2025-01-01T10:00:00.000Z", "priority": "ERROR"}],
        "networkLogs": [], "customEventLog": [{"name": "sessionStarted", "date": "2025-01-01T09:59:48.000Z"}],
        "formData": {"description": "boom", "reportedBy": "ada@example.com"}, "isSilent": true,
    })
}

#[tokio::test]
async fn a_silent_crash_becomes_a_ticket() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let answer = client.send_report(&silent_crash()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    let reported = answer.json();
    assert_eq!(reported["bugId"], 1);
    let share = reported["shareToken"].as_str().unwrap();
    assert_eq!(share.len(), 70);
    assert!(share.chars().all(|c| c.is_ascii_alphanumeric()));

    let ticket = ticket(&app, &reported).await;
    for (field, value) in [
        ("type", json!("CRASH")),
        ("status", json!("OPEN")),
        ("priority", json!("HIGH")),
        ("isSilent", json!(true)),
        ("shareToken", reported["shareToken"].clone()),
        ("bugId", json!(1)),
        ("formData", silent_crash()["formData"].clone()),
        ("metaData", silent_crash()["metaData"].clone()),
        ("tags", json!([])),
        ("hasWebReplay", json!(false)),
        ("project", json!(app.project().to_string())),
    ] {
        assert_eq!(ticket[field], value, "{field}");
    }
    assert!(ticket["customData"].is_null());
    assert!(ticket["reportHash"].is_null());
    assert_eq!(ticket["session"]["id"], client.id);
    assert_eq!(ticket["session"]["userId"], "u");
    assert_eq!(ticket["session"]["email"], "u@example.com");
    assert!(ticket["session"]["gleapHash"].is_null());
    let console = part(&app, &reported, "console-logs").await.ok();
    assert_eq!(console, silent_crash()["consoleLog"]);
    assert_eq!(part(&app, &reported, "network-logs").await.ok(), json!([]));
    let events = part(&app, &reported, "activity-logs").await.ok();
    assert_eq!(events, silent_crash()["customEventLog"]);
    assert_eq!(
        part(&app, &reported, "replay").await.error(),
        (404, "not_recorded".into())
    );
}

#[tokio::test]
async fn a_report_counts_for_its_session() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    app.clock.advance_seconds(100);
    client.report(json!({"n": 1})).await;
    client.report(json!({"n": 2})).await;
    let session = client.session().await;
    assert_eq!(session["countFeedbackReports"], 2);
    for field in ["lastFeedbackReport", "lastHeardFrom", "lastActivity"] {
        assert_eq!(session[field], app.clock.at(0), "{field}");
    }
}

#[tokio::test]
async fn everything_may_be_absent_or_of_another_type() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for body in [
        json!({}),
        json!({"type": 5, "priority": "URGENT", "isSilent": "no", "formData": [], "customData": "x", "metaData": 7, "tags": "a",
               "attachments": {}, "consoleLog": {}, "networkLogs": "x", "customEventLog": 5, "screenshotData": "x", "webReplay": [],
               "replay": 5, "screenRecordingUrl": 5, "screenshotUrl": {}, "outbound": [], "unknown": {"a": 1}}),
        json!({"type": null, "priority": null, "isSilent": null, "formData": null, "tags": null, "spamToken": "x"}),
    ] {
        let ticket = client.ticket(body).await;
        assert_eq!(ticket["type"], "BUG");
        assert_eq!(ticket["priority"], "MEDIUM");
        assert_eq!(ticket["isSilent"], false);
        assert_eq!(ticket["formData"], json!({}));
        assert_eq!(ticket["attachments"], json!([]));
        for absent in [
            "customData",
            "metaData",
            "outbound",
            "screenshotUrl",
            "spamToken",
            "unknown",
        ] {
            assert!(ticket[absent].is_null(), "{absent}");
        }
    }
}

#[tokio::test]
async fn silence_may_be_a_text() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    assert_eq!(
        client.ticket(json!({"isSilent": "true"})).await["isSilent"],
        true
    );
    assert_eq!(
        client.ticket(json!({"isSilent": "false"})).await["isSilent"],
        false
    );
}

#[tokio::test]
async fn texts_that_were_cut_within_a_character_are_kept() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let body = r#"{"formData":{"description":"x\ud83d","nul":"a\u0000"},"consoleLog":[{"log":"\ude00 y"}],"type":"A\ud83d"}"#;
    let answer = app.send(client.call("/bugs/v2").raw_json(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let ticket = ticket(&app, &answer.json()).await;
    assert_eq!(
        ticket["formData"],
        json!({"description": "x\u{fffd}", "nul": "a\u{fffd}"})
    );
    assert_eq!(ticket["type"], "A\u{fffd}");
    let console = part(&app, &answer.json(), "console-logs").await.ok();
    assert_eq!(console[0]["log"], "\u{fffd} y");
}

#[tokio::test]
async fn replays_and_pages_are_kept_for_members() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    // As deep as a page: deeper than other bodies may be.
    let mut node = json!({"type": 3, "textContent": "<script>alert(1)</script>"});
    for _ in 0..55 {
        node = json!({"childNodes": [node], "id": null});
    }
    let replay = json!({"startDate": 1_735_725_600_000_i64, "events": [{"type": 2, "data": {"node": node}}], "baseUrl": "https://shop.example.com",
                        "width": 800, "height": 600, "isMobile": false, "type": "rrweb"});
    let page = json!({"html": "<html>".repeat(50_000), "baseUrl": "https://shop.example.com", "width": 800, "height": 600, "isMobile": false, "x": 0, "y": 0});
    let reported = client
        .report(json!({"webReplay": replay, "screenshotData": page}))
        .await;
    let ticket = ticket(&app, &reported).await;
    assert_eq!(ticket["hasWebReplay"], true);
    let answer = part(&app, &reported, "replay").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text(), replay.to_string());
    assert_eq!(part(&app, &reported, "snapshot").await.ok(), page);
}

#[tokio::test]
async fn packed_replays_are_kept_byte_for_byte() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let every_byte: String = (0..=255).map(char::from).collect();
    let replay = json!({"events": [every_byte], "packed": true, "type": "rrweb"});
    let reported = client.report(json!({"webReplay": replay})).await;
    assert_eq!(part(&app, &reported, "replay").await.ok(), replay);
}

#[tokio::test]
async fn the_same_report_within_a_minute_is_one() {
    let app = TestApp::new().await;
    let (client, other) = (Client::new(&app, "u").await, Client::new(&app, "v").await);
    let body = json!({"formData": {"description": "x"}, "webReplay": {"events": []}});
    let first = client.report(body.clone()).await;
    app.clock.advance_ms(59_999);
    assert_eq!(client.report(body.clone()).await, first);
    assert_eq!(client.session().await["countFeedbackReports"], 1);
    assert_eq!(rows(&app, "file"), 1);
    assert_eq!(super::client::stored_files(&app), 1);
    // Another session, another text, another time.
    assert_ne!(other.report(body.clone()).await, first);
    assert_ne!(
        client
            .report(json!({"formData": {"description": "y"}}))
            .await,
        first
    );
    app.clock.advance_ms(1);
    assert_ne!(client.report(body).await, first);
    assert_eq!(client.session().await["countFeedbackReports"], 3);
}

#[tokio::test]
async fn strangers_report_nothing() {
    let app = TestApp::new().await;
    let (client, other) = (Client::new(&app, "u").await, Client::new(&app, "v").await);
    let key = &app.accounts.first.sdk_key;
    let of = |id: &str, hash: &str| {
        Call::post("/bugs/v2")
            .header("Api-Token", key)
            .header("Gleap-Id", id)
            .header("Gleap-Hash", hash)
            .raw_json("{}")
    };
    for (id, hash) in [
        (&client.gleap_id, &other.gleap_hash),
        (&client.gleap_hash, &client.gleap_id),
        (&"null".into(), &"null".into()),
        (&String::new(), &client.gleap_hash),
    ] {
        let answer = app.send(of(id, hash)).await;
        assert_eq!(answer.error(), (401, "invalid_session".into()));
    }
    let foreign = Call::post("/bugs/v2")
        .header("Api-Token", &app.accounts.foreign.sdk_key)
        .header("Gleap-Id", &client.gleap_id)
        .header("Gleap-Hash", &client.gleap_hash)
        .raw_json("{}");
    assert_eq!(
        app.send(foreign).await.error(),
        (401, "invalid_session".into())
    );
    let unknown = Call::post("/bugs/v2")
        .header("Api-Token", "nobody")
        .raw_json("{}");
    assert_eq!(app.send(unknown).await.status, 401);
    assert_eq!(rows(&app, "ticket"), 0);
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for (body, expected) in [
        ("{", (400, "json_malformed")),
        ("{\"a\":}", (400, "json_malformed")),
        ("nothing", (400, "json_malformed")),
        ("", (400, "json_malformed")),
        ("[]", (422, "invalid_field")),
        ("5", (422, "invalid_field")),
    ] {
        let answer = app.send(client.call("/bugs/v2").raw_json(body)).await;
        assert_eq!(answer.error(), (expected.0, expected.1.into()), "{body}");
    }
    let call = client.call("/bugs/v2").header("Content-Type", "text/plain");
    assert_eq!(app.send(call.body("{}")).await.status, 415);
}

#[tokio::test]
async fn a_report_has_a_largest_size() {
    let app = TestApp::with(&[("sdk.report_bytes_max", "2000")]).await;
    let client = Client::new(&app, "u").await;
    let of = |length: usize| {
        let frame = r#"{"formData":{"d":""}}"#.len();
        format!(r#"{{"formData":{{"d":"{}"}}}}"#, "x".repeat(length - frame))
    };
    let answer = app.send(client.call("/bugs/v2").raw_json(of(2000))).await;
    assert_eq!(answer.status, 201);
    let answer = app.send(client.call("/bugs/v2").raw_json(of(2001))).await;
    assert_eq!(answer.error(), (413, "body_too_large".into()));
    assert_eq!(rows(&app, "ticket"), 1);
}

#[tokio::test]
async fn markup_is_kept_as_text() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let text = "<img src=x onerror=alert(1)>";
    let ticket = client
        .ticket(json!({"formData": {"description": text}, "tags": [text], "type": text}))
        .await;
    assert_eq!(ticket["formData"]["description"], text);
    assert_eq!(ticket["tags"], json!([text]));
}
