//! No credential of anybody is kept in a log.

use serde_json::json;

use super::client::{Client, part};
use crate::support::TestApp;

#[tokio::test]
async fn logs_are_kept_without_credentials() {
    let app = TestApp::new().await;
    let client = Client::new(&app, "u").await;
    let hash = &client.gleap_hash;
    let secret = "S3cret-value";
    let reported = client
        .report(json!({
            "networkLogs": [
                {"url": format!("https://example.com/ws?gleapId=1&gleapHash={hash}"), "request": {
                    "headers": {"gleap-hash": hash, "API-TOKEN": secret, "Authorization": secret, "cookie": secret, "Accept": "x"},
                    "payload": format!("{{\"gleapHash\":\"{hash}\"}}")},
                 "response": {"status": 200, "headers": {"Set-Cookie": secret, "x": null}, "responseText": "{\"gleapHash\":\"anotherHash_\"}"}},
                {"url": "https://example.com/", "request": {"headers": [["Gleap-Hash", hash], ["Cookie", secret]]}},
            ],
            "consoleLog": [{"log": format!("my hash is {hash}")}],
            "customEventLog": [{"name": "x", "data": {"gleapHash": hash, "url": format!("?gleapHash={hash}")}}],
        }))
        .await;
    for log in ["network-logs", "console-logs", "activity-logs"] {
        let answer = part(&app, &reported, log).await;
        let text = answer.text();
        assert!(text.contains("<redacted>"), "{text}");
        for gone in [hash.as_str(), secret, "anotherHash_"] {
            assert!(!text.contains(gone), "{log} has {gone}: {text}");
        }
    }
    let network = part(&app, &reported, "network-logs").await.ok();
    assert_eq!(network[0]["request"]["headers"]["Accept"], "x");
    assert_eq!(network[0]["response"]["status"], 200);
}
