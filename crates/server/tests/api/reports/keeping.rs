//! How long files are kept, and by whom.

use serde_json::{Value, json};

use super::client::{Client, PNG, fetch, rows, stored_files, ticket};
use crate::support::{Accounts, Call, TestApp};

const DAY: i64 = 24 * 3600;

async fn sweep(app: &TestApp) -> u64 {
    server::files::sweep(&app.app).await.unwrap()
}

#[tokio::test]
async fn files_that_no_report_names_expire() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    app.clock.advance_ms(DAY * 1000 - 1);
    assert_eq!(fetch(&app, &url).await.status, 200);
    assert_eq!(sweep(&app).await, 0);
    app.clock.advance_ms(1);
    assert_eq!(
        fetch(&app, &url).await.error(),
        (404, "file_not_found".into())
    );
    assert_eq!(sweep(&app).await, 1);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
    assert_eq!(sweep(&app).await, 0);
}

#[tokio::test]
async fn the_time_is_an_option() {
    let app = TestApp::with(&[("files.unclaimed_hours", "1")]).await;
    let client = Client::new(&app, "u").await;
    client.upload("a.png", PNG).await;
    app.clock.advance_seconds(3600);
    assert_eq!(sweep(&app).await, 1);
}

#[tokio::test]
async fn many_expire_at_once() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    for _ in 0..7 {
        let answer = client
            .send_files("/uploads/sdksteps", &[("f", PNG); 60])
            .await;
        assert_eq!(answer.status, 200);
    }
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 420);
    assert_eq!((rows(&app, "file"), stored_files(&app)), (0, 0));
}

#[tokio::test]
async fn files_that_a_report_names_are_its_own() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let mut urls = Vec::new();
    for name in [
        "shot.png",
        "film.webm",
        "doc.txt",
        "frame1.png",
        "frame2.png",
        "left.png",
    ] {
        urls.push(client.upload(name, PNG).await);
    }
    let reported = client
        .report(json!({
            "screenshotUrl": urls[0], "screenRecordingUrl": urls[1],
            "attachments": [{"url": urls[2], "name": "doc.txt", "type": "text/plain"}],
            "replay": {"interval": 1000, "frames": [{"url": urls[3], "screenname": "A"}, {"url": urls[4]}, {"url": "javascript:alert(1)"}]},
        }))
        .await;
    let ticket = ticket(&app, &reported).await;
    assert_eq!(ticket["screenshotUrl"], urls[0]);
    assert_eq!(ticket["screenRecordingUrl"], urls[1]);
    assert_eq!(
        ticket["attachments"],
        json!([{"url": urls[2], "name": "doc.txt", "type": "text/plain"}])
    );
    assert_eq!(ticket["hasWebReplay"], false);
    let replay = super::client::part(&app, &reported, "replay").await.ok();
    assert_eq!(replay["interval"], 1000);
    assert_eq!(replay["frames"].as_array().unwrap().len(), 2);
    app.clock.advance_seconds(DAY + 1);
    assert_eq!(sweep(&app).await, 1);
    for (n, url) in urls.iter().enumerate() {
        let expected = if n == 5 { 404 } else { 200 };
        assert_eq!(fetch(&app, url).await.status, expected, "{url}");
    }
}

#[tokio::test]
async fn files_of_others_are_not_claimed() {
    let app = TestApp::new().await;
    let (client, other) = (Client::new(&app, "u").await, Client::new(&app, "v").await);
    let url = other.upload("a.png", PNG).await;
    let ticket = client
        .ticket(json!({"screenshotUrl": url, "attachments": [{"url": "https://example.com/x.png", "name": "x"}]}))
        .await;
    // It is kept as a text, like any other address of the web.
    assert_eq!(ticket["screenshotUrl"], url);
    assert_eq!(ticket["attachments"][0]["url"], "https://example.com/x.png");
    app.clock.advance_seconds(DAY);
    assert_eq!(sweep(&app).await, 1);
    assert_eq!(fetch(&app, &url).await.status, 404);
}

#[tokio::test]
async fn addresses_that_are_none_are_left_out() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let ticket = client
        .ticket(json!({"screenshotUrl": "javascript:alert(1)", "screenRecordingUrl": "data:text/html,<script>",
                       "attachments": [{"url": "file:///etc/passwd", "name": "x"}, {"name": "y"}, {"url": "ftp://example.com/"}]}))
        .await;
    assert!(ticket["screenshotUrl"].is_null());
    assert!(ticket["screenRecordingUrl"].is_null());
    assert_eq!(ticket["attachments"], json!([]));
}

#[tokio::test]
async fn a_key_of_another_project_reads_no_ticket() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let reported = client.report(json!({"webReplay": {"events": []}})).await;
    let sister = app.accounts.sister.id;
    let role = server::auth::roles::Role::Owner;
    let key = Accounts::key(&app.app, sister, role, None).await;
    let id = reported["id"].as_str().unwrap();
    for part in ["", "/console-logs", "/replay", "/snapshot"] {
        let call = Call::get(&format!("/v3/tickets/{id}{part}"))
            .bearer(&key.token)
            .project(sister);
        assert_eq!(
            app.send(call).await.error(),
            (404, "ticket_not_found".into())
        );
    }
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let mut app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let url = client.upload("a.png", PNG).await;
    let reported = client
        .report(json!({"screenshotUrl": url, "webReplay": {"events": [1]}, "consoleLog": [{"log": "x"}]}))
        .await;
    let before: Vec<Value> = vec![
        ticket(&app, &reported).await,
        super::client::part(&app, &reported, "replay").await.ok(),
        super::client::part(&app, &reported, "console-logs")
            .await
            .ok(),
    ];
    app.restart();
    let after: Vec<Value> = vec![
        ticket(&app, &reported).await,
        super::client::part(&app, &reported, "replay").await.ok(),
        super::client::part(&app, &reported, "console-logs")
            .await
            .ok(),
    ];
    assert_eq!(before, after);
    assert_eq!(fetch(&app, &url).await.body, PNG);
}
