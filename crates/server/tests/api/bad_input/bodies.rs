//! Bodies that no operation takes.

use super::{allowed, with_body};
use crate::support::{Call, Operation, TestApp};

/// A body, and the status and code that every operation gives for it.
type Bad = (&'static str, Vec<u8>, u16, &'static str);

#[tokio::test]
async fn no_operation_takes_them() {
    let app = TestApp::new().await;
    let rows = app.rows();
    let operations: Vec<_> = with_body().collect();
    assert!(operations.len() >= 3);
    for operation in operations {
        for (name, body, status, code) in bad_bodies() {
            let answer = app.send(allowed(&app, operation).raw_json(body)).await;
            assert_eq!(
                answer.error(),
                (status, code.into()),
                "{name} to {}",
                operation.id
            );
            assert!(
                answer.body.len() < 2048,
                "{name} to {}: {} bytes",
                operation.id,
                answer.body.len()
            );
        }
    }
    assert_eq!(app.rows(), rows);
}

fn bad_bodies() -> Vec<Bad> {
    let malformed = |name, body: &[u8]| (name, body.to_vec(), 400, "json_malformed");
    let nested = |open: &str, close: &str| {
        [open.repeat(1000), close.repeat(1000)]
            .concat()
            .into_bytes()
    };
    let keys = |count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!("\"key {n}\":0")).collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    };
    let member = |json: &str| {
        format!(r#"{{"userId":"u","email":"u","password":"p","events":[],"x":{json}}}"#)
            .into_bytes()
    };
    let no_object = |name, body: &[u8]| (name, body.to_vec(), 422, "invalid_field");
    vec![
        malformed("nothing", b""),
        malformed("space", b" \n\t"),
        malformed("half an object", b"{"),
        malformed("half a text", b"{\"userId\":\"u"),
        malformed("a comma too many", b"{\"userId\":\"u\",}"),
        malformed("a comma too few", b"{\"userId\":\"u\" \"a\":1}"),
        malformed("two objects", b"{\"userId\":\"u\"}{\"userId\":\"v\"}"),
        malformed("something after it", b"{\"userId\":\"u\"} x"),
        malformed("single quotes", b"{'userId':'u'}"),
        malformed("a key without quotes", b"{userId:\"u\"}"),
        malformed("a comment", b"{/* */\"userId\":\"u\"}"),
        malformed("a byte order mark", b"\xef\xbb\xbf{\"userId\":\"u\"}"),
        malformed("NaN", b"{\"userId\":NaN}"),
        malformed("Infinity", b"{\"userId\":-Infinity}"),
        malformed("a leading zero", b"{\"userId\":01}"),
        malformed("a plus sign", b"{\"userId\":+1}"),
        malformed("half a surrogate", br#"{"userId":"\ud800"}"#),
        malformed("an unknown escape", br#"{"userId":"\x41"}"#),
        malformed("a bare line break in a text", b"{\"userId\":\"a\nb\"}"),
        malformed("a bare NUL", b"{\"userId\":\"a\0b\"}"),
        malformed("a form", b"userId=u&name=Ada"),
        malformed("a word", b"null_"),
        (
            "UTF-16",
            vec![0xff, 0xfe, b'{', 0, b'}', 0],
            400,
            "json_invalid_utf8",
        ),
        (
            "a stray byte",
            b"{\"userId\":\"\xff\"}".to_vec(),
            400,
            "json_invalid_utf8",
        ),
        (
            "an overlong slash",
            b"{\"userId\":\"\xc0\xaf\"}".to_vec(),
            400,
            "json_invalid_utf8",
        ),
        (
            "a surrogate as UTF-8",
            b"{\"userId\":\"\xed\xa0\x80\"}".to_vec(),
            400,
            "json_invalid_utf8",
        ),
        (
            "half a character",
            b"{\"userId\":\"\xf0\x9f".to_vec(),
            400,
            "json_invalid_utf8",
        ),
        (
            "NUL in a text",
            br#"{"userId":"a\u0000b"}"#.to_vec(),
            400,
            "json_nul",
        ),
        ("NUL in a key", member(r#"{"a\u0000":1}"#), 400, "json_nul"),
        (
            "NUL deep inside",
            member(r#"[[{"a":["\u0000"]}]]"#),
            400,
            "json_nul",
        ),
        (
            "a key twice",
            br#"{"userId":"u","userId":"v"}"#.to_vec(),
            400,
            "json_duplicate_key",
        ),
        (
            "a key twice, once escaped",
            br#"{"userId":"u","user\u0049d":"v"}"#.to_vec(),
            400,
            "json_duplicate_key",
        ),
        (
            "a key twice deep inside",
            member(r#"{"a":[{"b":1,"b":1}]}"#),
            400,
            "json_duplicate_key",
        ),
        ("arrays in arrays", nested("[", "]"), 400, "json_too_deep"),
        (
            "objects in objects",
            nested("{\"a\":", "}"),
            400,
            "json_too_deep",
        ),
        (
            "depth inside a member",
            member(&format!("{}1{}", "[".repeat(64), "]".repeat(64))),
            400,
            "json_too_deep",
        ),
        ("10,001 keys", keys(10_001), 400, "json_too_many_keys"),
        (
            "a huge number",
            member("1e400"),
            400,
            "json_number_out_of_range",
        ),
        (
            "a huge negative number",
            member("[-1e400]"),
            400,
            "json_number_out_of_range",
        ),
        (
            "a number of many digits",
            member(&"9".repeat(400)),
            400,
            "json_number_out_of_range",
        ),
        no_object("an array", b"[]"),
        no_object(
            "an array of fields",
            br#"["owner@example.com","correct horse battery"]"#,
        ),
        no_object("an array of arrays", br#"[[{"userId":"u","name":"x"}]]"#),
        no_object("null", b"null"),
        no_object("true", b"true"),
        no_object("a number", b"5"),
        no_object("a text", b"\"text\""),
    ]
}

/// How many bytes an operation reads.
fn largest(operation: &Operation) -> usize {
    match operation.id.as_str() {
        "AdminTrack" => 16 << 20,
        "CreateTicket" => 16 << 20,
        "CreateMessage" | "UpdateMessage" => 4 << 20,
        _ => 1 << 20,
    }
}

#[tokio::test]
async fn a_body_has_a_largest_size() {
    let app = TestApp::new().await;
    for operation in with_body() {
        let send = async |bytes: usize| {
            let call = allowed(&app, operation).raw_json(vec![b' '; bytes]);
            app.send(call).await.error()
        };
        let most = largest(operation);
        assert_eq!(
            send(most).await,
            (400, "json_malformed".into()),
            "{}",
            operation.id
        );
        assert_eq!(
            send(most + 1).await,
            (413, "body_too_large".into()),
            "{}",
            operation.id
        );
    }
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_read() {
    let app = TestApp::new().await;
    let around = r#"{"userId":"u","userHash":""}"#.len();
    let filler = "x".repeat((1 << 20) - around);
    let body = format!(r#"{{"userId":"u","userHash":"{filler}"}}"#);
    app.send(app.server(Call::post("/admin/identify").raw_json(body)))
        .await
        .ok();
    // The largest batch whose events all have as much data as they may is larger than that.
    let event = |n: usize| serde_json::json!({"userId": "u", "name": "x", "data": {"n": n, "filler": "x".repeat(6_000)}});
    let batch = app.track((0..2500).map(event).collect()).await;
    assert_eq!(batch.ok()["stored"], 2500);
}

#[tokio::test]
async fn only_json_is_read() {
    let app = TestApp::new().await;
    let body = br#"{"userId":"u"}"#;
    let media = [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
        "json",
        "application/jsonp",
        "text/json",
    ];
    for operation in with_body() {
        for media in media {
            let call = allowed(&app, operation)
                .header("content-type", media)
                .body(*body);
            let answer = app.send(call).await;
            assert_eq!(
                answer.error(),
                (415, "unsupported_media_type".into()),
                "{media}"
            );
        }
        let without = app.send(allowed(&app, operation).body(*body)).await;
        assert_eq!(without.status, 415);
    }
    assert_eq!(app.sessions().await.len(), 0);
    for media in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;charset=\"UTF-8\"",
    ] {
        let call = Call::post("/admin/identify")
            .header("content-type", media)
            .body(*body);
        app.send(app.server(call)).await.ok();
    }
}
