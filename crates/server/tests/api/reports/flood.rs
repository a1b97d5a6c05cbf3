//! Many reports, and large ones.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Client, part, rows, ticket};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_neither_gaps_nor_doubles() {
    const REPORTS: usize = 50;
    let app = TestApp::new().await;
    let clients = [Client::new(&app, "u").await, Client::new(&app, "v").await];
    let reports = (0..REPORTS).map(|n| clients[n % 2].report(json!({"formData": {"n": n}})));
    let bad = json!([]);
    let refused = (0..REPORTS).map(|_| clients[0].send_report(&bad));
    let (reported, refused) = futures_util::future::join(
        futures_util::future::join_all(reports),
        futures_util::future::join_all(refused),
    )
    .await;
    assert!(refused.iter().all(|answer| answer.status == 422));
    let numbers: BTreeSet<_> = reported
        .iter()
        .map(|reported| reported["bugId"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=REPORTS as u64).collect());
    let tokens: BTreeSet<_> = reported
        .iter()
        .map(|reported| reported["shareToken"].as_str().unwrap())
        .collect();
    assert_eq!(tokens.len(), REPORTS);
    for client in &clients {
        assert_eq!(client.session().await["countFeedbackReports"], REPORTS / 2);
    }
}

#[tokio::test]
async fn each_project_counts_for_itself() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    client.report(json!({})).await;
    let sister = &app.accounts.sister;
    let call = crate::support::Call::post("/admin/identify")
        .api_token(&sister.api_token)
        .json(&json!({"userId": "s"}));
    app.send(call).await.ok();
    let key =
        crate::support::Accounts::key(&app.app, sister.id, server::auth::roles::Role::Owner, None)
            .await;
    let call = crate::support::Call::get("/v3/sessions/by-user-id/s")
        .bearer(&key.token)
        .project(sister.id);
    let session = app.send(call).await.ok();
    let call = crate::support::Call::post("/bugs/v2")
        .header("Api-Token", &sister.sdk_key)
        .header("Gleap-Id", session["gleapId"].as_str().unwrap())
        .header("Gleap-Hash", session["gleapHash"].as_str().unwrap())
        .json(&json!({}));
    let reported = app.send(call).await.json();
    assert_eq!(reported["bugId"], 1);
    // A ticket of another project is not there.
    assert_eq!(
        part(&app, &reported, "console-logs").await.error(),
        (404, "ticket_not_found".into())
    );
}

#[tokio::test]
async fn of_long_logs_the_newest_lines_are_kept() {
    let app = TestApp::with(&[("sdk.report_log_bytes_max", "20000")]).await;
    let client = Client::new(&app, "u").await;
    let lines: Vec<Value> = (0..10_000)
        .map(|n| json!({"log": format!("line {n}"), "priority": "INFO"}))
        .collect();
    let bodies: Vec<Value> = (0..30)
        .map(|n| json!({"url": format!("https://example.com/{n}"), "response": {"responseText": "x".repeat(1_000)}}))
        .collect();
    let reported = client
        .report(json!({"consoleLog": lines, "networkLogs": bodies}))
        .await;
    let answer = part(&app, &reported, "console-logs").await;
    assert!(
        (15_000..=20_000).contains(&answer.body.len()),
        "{}",
        answer.body.len()
    );
    let kept = answer.ok();
    let kept = kept.as_array().unwrap();
    assert_eq!(kept.last().unwrap()["log"], "line 9999");
    assert_eq!(kept[0]["log"], format!("line {}", 10_000 - kept.len()));
    let answer = part(&app, &reported, "network-logs").await;
    assert!(answer.body.len() <= 20_000);
    assert_eq!(
        answer.ok().as_array().unwrap().last().unwrap()["url"],
        "https://example.com/29"
    );
}

#[tokio::test]
async fn a_report_of_fifty_mebibytes_is_taken() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let event = json!({"type": 3, "data": "x".repeat(1 << 20)});
    let events: Vec<_> = std::iter::repeat_n(event, 50).collect();
    let reported = client
        .report(json!({"webReplay": {"events": events}}))
        .await;
    assert_eq!(ticket(&app, &reported).await["hasWebReplay"], true);
    let replay = part(&app, &reported, "replay").await;
    assert!(replay.body.len() > 50 << 20);
    assert_eq!(rows(&app, "file"), 1);
}

#[tokio::test]
async fn a_session_that_sent_too_many_files_reports_without_its_replay() {
    let app = TestApp::with(&[("files.uploads_per_session_per_hour", "1")]).await;
    let client = Client::new(&app, "u").await;
    let body = |n: u32| json!({"n": n, "webReplay": {"events": []}, "formData": {"n": n}});
    let first = client.ticket(body(1)).await;
    let second = client.ticket(body(2)).await;
    assert!(first["replayFile"].is_string());
    assert!(second["replayFile"].is_null());
    assert_eq!(second["formData"]["n"], 2);
}
