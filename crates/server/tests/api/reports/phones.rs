//! Requests of phones, byte by byte.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Client, PNG, fetch, rows, stored_files, ticket};
use crate::support::{Live, TestApp};

/// The head of a request with lines as they are.
fn head(lines: &[String], length: usize) -> Vec<u8> {
    let lines = lines.join("\r\n");
    format!("{lines}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// As the Android client writes it: small letters, no space after `;`, a type that is the word null.
fn android(client: &Client<'_>, path: &str, files: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for (n, data) in files.iter().enumerate() {
        body.extend_from_slice(
            format!(
                "--===1700000000000===\r\nContent-Disposition: form-data; name=\"file\";filename=\"screenshot {n}.png\"\r\n\
                 Content-Type: null\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(&[data, &b"\r\n"[..]].concat());
    }
    body.extend_from_slice(b"--===1700000000000===--\r\n");
    let lines = [
        format!("POST {path} HTTP/1.1"),
        format!("api-token: {}", client.app.accounts.first.sdk_key),
        format!("gleap-id: {}", client.gleap_id),
        format!("gleap-hash: {}", client.gleap_hash),
        "User-Agent: Dalvik/2.1.0 (Linux; U; Android 14)".into(),
        "Content-Type: multipart/form-data;boundary====1700000000000===".into(),
        "Host: hark.example.com".into(),
    ];
    [head(&lines, body.len()), body].concat()
}

/// As the iOS client writes it: a fixed boundary, names without quotes.
fn ios(client: &Client<'_>, path: &str, files: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    for (n, data) in files.iter().enumerate() {
        body.extend_from_slice(
            format!("--BBBOUNDARY\r\nContent-Disposition: form-data; name=file; filename=my shot {n}.jpeg\r\nContent-Type: image/jpeg\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(&[data, &b"\r\n"[..]].concat());
    }
    body.extend_from_slice(b"--BBBOUNDARY--\r\n");
    let lines = [
        format!("POST {path} HTTP/1.1"),
        "Host: hark.example.com".into(),
        format!("Api-Token: {}", client.app.accounts.first.sdk_key),
        format!("Gleap-Id: {}", client.gleap_id),
        format!("Gleap-Hash: {}", client.gleap_hash),
        "Content-Type: multipart/form-data; boundary=BBBOUNDARY".into(),
        "Accept: application/json".into(),
    ];
    [head(&lines, body.len()), body].concat()
}

fn report(client: &Client<'_>, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let lines = [
        "POST /bugs/v2 HTTP/1.1".into(),
        format!("api-token: {}", client.app.accounts.first.sdk_key),
        format!("gleap-id: {}", client.gleap_id),
        format!("gleap-hash: {}", client.gleap_hash),
        "Content-Type: application/json".into(),
        "Accept: application/json".into(),
        "Host: hark.example.com".into(),
    ];
    [head(&lines, body.len()), body.into_bytes()].concat()
}

async fn live() -> (TestApp, Live) {
    let app = TestApp::new().await;
    let live = app.live().await;
    (app, live)
}

#[tokio::test]
async fn an_android_report_with_everything() {
    let (app, live) = live().await;
    let client = Client::new(&app, "u").await;
    let shot = live
        .send(android(&client, "/uploads/sdk", &[PNG]))
        .await
        .ok();
    let steps = live
        .send(android(&client, "/uploads/sdksteps", &[PNG; 60]))
        .await
        .ok();
    let steps = steps["fileUrls"].as_array().unwrap();
    assert_eq!(steps.len(), 60);
    assert!(steps[7].as_str().unwrap().ends_with("/screenshot%207.png"));
    let attached = live
        .send(android(&client, "/uploads/attachments", &[b"a text"]))
        .await
        .ok();
    let frames: Vec<Value> = steps
        .iter()
        .map(|url| json!({"url": url, "screenname": "MainActivity", "date": "2025-01-01T10:00:00.000Z", "interactions": [{"x": 1.0, "y": 2.0, "date": "2025-01-01T10:00:00.000Z", "type": "TD"}]}))
        .collect();
    let body = json!({
        "outbound": "bugreporting", "spamToken": "", "screenshotUrl": shot["fileUrl"], "replay": {"interval": 1000, "frames": frames},
        "type": "BUG", "attachments": [{"url": attached["fileUrls"][0], "name": "a.txt", "type": "text/plain"}],
        "formData": {"description": "It broke"}, "isSilent": "false", "priority": "MEDIUM", "tags": ["android"],
        "networkLogs": [{"type": "GET", "url": "https://example.com", "date": "x", "status": 200, "response": {"status": 200}}],
        "metaData": {"deviceModel": "Pixel", "sdkType": "Android", "batteryLevel": 0.5}, "customData": {"a": 1},
    });
    let answer = live.send(report(&client, &body)).await;
    assert_eq!(answer.status, 201);
    assert!(!answer.text().contains('\n'));
    let ticket = ticket(&app, &answer.json()).await;
    assert_eq!(ticket["isSilent"], false);
    assert_eq!(ticket["outbound"], "bugreporting");
    assert_eq!(ticket["tags"], json!(["android"]));
    assert!(ticket["replayFile"].is_string());
    app.clock.advance_seconds(24 * 3600);
    assert_eq!(server::files::sweep(&app.app).await.unwrap(), 0);
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn an_ios_report_with_a_screenshot() {
    let (app, live) = live().await;
    let client = Client::new(&app, "u").await;
    let jpeg = [&b"\xff\xd8\xff\xe0"[..], &[7; 2000]].concat();
    let answer = live.send(ios(&client, "/uploads/sdk", &[&jpeg])).await;
    let url = answer.ok()["fileUrl"].as_str().unwrap().to_owned();
    assert!(url.ends_with("/my%20shot%200.jpeg"), "{url}");
    assert_eq!(fetch(&app, &url).await.header("content-type"), "image/jpeg");
    let body = json!({"type": "CRASH", "isSilent": true, "screenshotUrl": url, "formData": {"description": "x"}, "metaData": {"batteryLevel": "0.5"}});
    let answer = live.send(report(&client, &body)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(ticket(&app, &answer.json()).await["screenshotUrl"], url);
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn an_upload_without_a_length_is_read() {
    let (app, live) = live().await;
    let client = Client::new(&app, "u").await;
    let whole = ios(&client, "/uploads/sdk", &[&[9; 100_000]]);
    let text = String::from_utf8_lossy(&whole).into_owned();
    let (head, _) = text.split_once("Content-Length").unwrap();
    let body = &whole[whole.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4..];
    let mut request =
        format!("{head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n").into_bytes();
    for chunk in body.chunks(997) {
        request.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(&[chunk, b"\r\n"].concat());
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let url = live.send(request).await.ok();
    let file = fetch(&app, url["fileUrl"].as_str().unwrap()).await;
    assert_eq!(file.body, vec![9; 100_000]);
    assert_eq!(live.stop().await, 0);
}

/// Until what was begun is gone, which happens once the server notices.
async fn nothing_left(app: &TestApp) {
    for _ in 0..500 {
        if (rows(app, "file"), stored_files(app)) == (0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} rows, {} files", rows(app, "file"), stored_files(app));
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (app, live) = live().await;
    let client = Client::new(&app, "u").await;
    let whole = android(
        &client,
        "/uploads/sdksteps",
        &[&[1; 400_000], &[2; 400_000]],
    );
    for cut in [whole.len() - 20, whole.len() / 2 + 100_000, 300_000] {
        live.break_off(&whole[..cut]).await;
        nothing_left(&app).await;
    }
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn an_upload_that_stalls_is_ended() {
    let (app, live) = live().await;
    let client = Client::new(&app, "u").await;
    let whole = ios(&client, "/uploads/sdk", &[&[1; 600_000]]);
    let mut stream = TcpStream::connect(live.address).await.unwrap();
    stream.write_all(&whole[..500_000]).await.unwrap();
    // It has begun.
    while stored_files(&app) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::pause();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();
    tokio::time::resume();
    assert!(received.starts_with("HTTP/1.1 408"), "{received}");
    nothing_left(&app).await;
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body() {
    let (app, live) = live().await;
    let mut client = Client::new(&app, "u").await;
    client.gleap_hash = "wrong".into();
    let whole = ios(&client, "/uploads/sdk", &[&[1; 600_000]]);
    // The body never comes.
    let end = whole.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let answer = live.send(&whole[..end]).await;
    assert_eq!(answer.error(), (401, "invalid_session".into()));
    let end = report(&client, &json!({})).len() - 2;
    let answer = live.send(&report(&client, &json!({}))[..end]).await;
    assert_eq!(answer.error(), (401, "invalid_session".into()));
    assert_eq!(live.stop().await, 0);
}
