//! Files as people have them, and as nobody should send them.

use serde_json::json;

use super::{counts, import, result};
use crate::support::{TestApp, encoded};

#[tokio::test]
async fn columns_are_mapped() {
    let app = TestApp::new().await;
    let mapping = json!({"E-Mail": "email", "Kundennummer": "userId", "Sitze": "customData.seats", "Notiz": ""});
    let query = format!("mapping={}", encoded(&mapping.to_string()));
    let file = "Kundennummer;E-Mail;Sitze;Notiz;Ort\r\n7;ada@example.com;3;geheim;Wien\r\n";
    let done = import(&app, &query, file).await;
    assert_eq!(counts(&done), [1, 1, 0, 0, 0]);
    let session = app.session("7").await;
    assert_eq!(session["email"], "ada@example.com");
    assert_eq!(session["customData"], json!({"seats": 3, "Ort": "Wien"}));
    let missing = import(&app, &query, "userId\nu\n").await;
    assert_eq!(missing["status"], "failed");
    let message = missing["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("\"E-Mail\""), "{message}");
}

#[tokio::test]
async fn encodings_are_told() {
    let app = TestApp::new().await;
    let text = "userId,name\nu,Zoë €\n";
    let utf16: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    for file in [text.as_bytes().to_vec(), utf16, windows.into_owned()] {
        assert_eq!(import(&app, "", file).await["status"], "done");
        assert_eq!(app.session("u").await["name"], "Zoë €");
    }
}

#[tokio::test]
async fn files_that_are_none_fail_with_a_reason() {
    let app = TestApp::new().await;
    let png =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".to_vec();
    let random: Vec<u8> = (0..100_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let wide: Vec<_> = (0..100_000).map(|n| format!("c{n}")).collect();
    let unclosed = format!("userId,name\nu,\"{}", "x\n".repeat(1_500_000));
    for (name, query, file) in [
        ("nothing", "", Vec::new()),
        ("a picture", "", png),
        ("noise", "", random),
        ("100,000 columns", "", wide.join(",").into_bytes()),
        ("a quote that is not closed", "", unclosed.into_bytes()),
        ("half an array", "", b"[{\"userId\":\"u\"},".to_vec()),
        ("a number as JSON", "format=json", b"5".to_vec()),
        ("a table as lines", "format=ndjson", b"userId\nu\n".to_vec()),
        (
            "an array as a table",
            "format=csv",
            b"[{\"userId\":\"u\"}]\nx\n".to_vec(),
        ),
        ("a NUL", "", b"userId,name\nu,a\0b\n".to_vec()),
        (
            "deep JSON",
            "format=ndjson",
            "[".repeat(100_000).into_bytes(),
        ),
    ] {
        let failed = import(&app, query, file).await;
        assert_eq!(failed["status"], "failed", "{name}");
        let message = failed["errors"][0]["message"].as_str().unwrap();
        assert!((1..600).contains(&message.len()), "{name}: {message}");
        assert_eq!(app.sessions().await.len(), 0, "{name}");
    }
}

#[tokio::test]
async fn rows_beyond_a_limit_are_named() {
    let app = TestApp::new().await;
    let many: serde_json::Map<_, _> = (0..201).map(|n| (format!("a{n}"), json!(n))).collect();
    let rows = [
        json!({"userId": "u".repeat(257)}),
        json!({"userId": "a", "name": "x".repeat(8193)}),
        json!({"userId": "b", "customData": many}),
        json!({"userId": "c", "customData": {"long": "x".repeat(8191)}}),
        json!({"userId": "d", "gleapId": "a/b"}),
        json!({"userId": "e", "memory": [{
            "name": "", "description": "", "content": "x", "actor": "admin",
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        }]}),
        json!({"userId": "f", "createdAt": "yesterday"}),
        json!({"userId": "g", "blocked": "yes"}),
        json!({"userId": "h", "id": "7"}),
        json!({"userId": "fits", "name": "x".repeat(8192), "customData": {"long": "x".repeat(8190)}}),
    ];
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let done = import(&app, "partial=true", lines).await;
    assert_eq!(counts(&done), [10, 1, 0, 0, 9]);
    let errors: Vec<_> = done["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    for (error, part) in errors.iter().zip([
        "userId",
        "name",
        "a200",
        "long",
        "gleapId",
        "memory[0]",
        "createdAt",
        "blocked",
        "_id",
    ]) {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(result(&app, &done).await[9][1], "created");
}

#[tokio::test]
async fn fifty_faults_are_named_and_all_are_counted() {
    let app = TestApp::new().await;
    let file = "{\"name\":\"Nobody\"}\n".repeat(1500);
    let failed = import(&app, "", file.clone()).await;
    assert_eq!(failed["failed"], 1500);
    assert_eq!(failed["errors"].as_array().unwrap().len(), 50);
    assert_eq!(result(&app, &failed).await.len(), 1000);
    let partial = import(&app, "partial=true", file).await;
    assert_eq!(partial["errors"].as_array().unwrap().len(), 50);
    assert_eq!(result(&app, &partial).await.len(), 1500);
}

/// What a spreadsheet would run is text in a result, too.
#[tokio::test]
async fn a_result_holds_no_formulas() {
    let app = TestApp::new().await;
    let done = import(&app, "partial=true", "userId,\"=cmd|x\"\na,b,c\n").await;
    for row in result(&app, &done).await {
        assert!(
            row.iter()
                .all(|cell| !cell.starts_with(['=', '+', '-', '@']))
        );
    }
}
