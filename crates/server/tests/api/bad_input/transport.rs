//! Over a real port: what the connection does to a request before it is one.

use serde_json::json;

use crate::support::{Answer, Live, TestApp};

/// A request whose head has these lines beside the usual ones.
fn request(app: &TestApp, line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let token = &app.accounts.first.api_token;
    let key = &app.accounts.owner_key;
    let project = app.project();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\nApi-Token: {token}\r\nAuthorization: Bearer {key}\r\n\
         Project: {project}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    let chunks = body.chunks(size).flat_map(chunk);
    chunks.chain(*b"0\r\n\r\n").collect()
}

const CHUNKED: &str = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";

fn json_error(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
    answer.error()
}

async fn live() -> (TestApp, Live) {
    let app = TestApp::new().await;
    let live = app.live().await;
    (app, live)
}

#[tokio::test]
async fn chunked_bodies_are_read() {
    let (app, live) = live().await;
    for (user, size) in [("one", 1), ("seven", 7), ("all", 1 << 20)] {
        let body = json!({"userId": user, "note": "x".repeat(2000)}).to_string();
        let answer = live
            .send(request(
                &app,
                "POST /admin/identify",
                CHUNKED,
                &chunked(body.as_bytes(), size),
            ))
            .await;
        assert_eq!(answer.ok()["created"], true);
        assert_eq!(
            app.session(user).await["customData"]["note"]
                .as_str()
                .unwrap()
                .len(),
            2000
        );
    }
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn a_chunked_body_has_the_same_limit() {
    let (app, live) = live().await;
    for size in [1 << 10, 1 << 21] {
        let body = format!(r#"{{"userId":"u","userHash":"{}"}}"#, "x".repeat(1 << 20));
        let answer = live
            .send(request(
                &app,
                "POST /admin/identify",
                CHUNKED,
                &chunked(body.as_bytes(), size),
            ))
            .await;
        assert_eq!(json_error(&answer), (413, "body_too_large".into()));
    }
    assert_eq!(app.sessions().await.len(), 0);
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn an_announced_size_is_refused_before_it_is_read() {
    let (app, live) = live().await;
    for (path, announced) in [
        ("/admin/identify", "1048577"),
        ("/admin/track", "16777217"),
        ("/admin/track", "99999999999999"),
    ] {
        let headers = format!("Content-Type: application/json\r\nContent-Length: {announced}\r\n");
        let answer = live
            .send(request(&app, &format!("POST {path}"), &headers, b"{"))
            .await;
        assert_eq!(
            json_error(&answer),
            (413, "body_too_large".into()),
            "{announced}"
        );
    }
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_writes_nothing() {
    let (app, live) = live().await;
    let whole = br#"{"userId":"u","name":"Ada"}"#;
    let headers = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        whole.len() + 10
    );
    live.break_off(request(&app, "POST /admin/identify", &headers, whole))
        .await;
    live.break_off(request(
        &app,
        "POST /admin/identify",
        CHUNKED,
        b"1b\r\n{\"userId\":\"u\",\"name\":\"Ada\"}\r\n",
    ))
    .await;
    live.break_off(b"POST /admin/identify HTTP/1.1\r\nHost: exa")
        .await;
    assert_eq!(live.stop().await, 0);
    assert_eq!(app.sessions().await.len(), 0);
}

#[tokio::test]
async fn a_broken_chunk_is_an_error() {
    let (app, live) = live().await;
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n",
        "ffffffffffffffffff\r\n{",
        "2\r\n{}x\r\n0\r\n\r\n",
    ] {
        let answer = live
            .send(request(
                &app,
                "POST /admin/identify",
                CHUNKED,
                body.as_bytes(),
            ))
            .await;
        assert_eq!(
            json_error(&answer),
            (400, "body_incomplete".into()),
            "{body:?}"
        );
    }
    assert_eq!(app.sessions().await.len(), 0);
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn large_heads_are_refused() {
    let (app, live) = live().await;
    let filler = |bytes: usize| format!("X-Filler: {}\r\n", "x".repeat(bytes));
    let answer = live
        .send(request(&app, "GET /v3/users/me", &filler(33_000), b""))
        .await;
    assert_eq!(json_error(&answer), (431, "headers_too_large".into()));
    let line = format!("GET /v3/sessions/by-user-id/{}", "x".repeat(9_000));
    let answer = live.send(request(&app, &line, "", b"")).await;
    assert_eq!(json_error(&answer), (414, "uri_too_long".into()));
    // Beyond what is read at all the answer is bare, but it is one.
    let answer = live
        .send(request(&app, "GET /v3/users/me", &filler(300_000), b""))
        .await;
    assert_eq!(answer.status, 431);
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_server_lives() {
    let (app, live) = live().await;
    let nonsense: [&[u8]; 8] = [
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", // a client that speaks TLS
        b"GET /v3/users/me HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /v3/users/me HTTP/1.1\r\nx: \0\r\n\r\n",
        b"POST /admin/identify HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"POST /admin/identify HTTP/1.1\r\nContent-Length: -5\r\n\r\n{}",
    ];
    for bytes in nonsense {
        let answer = live.send(bytes).await;
        assert!(
            (400..500).contains(&answer.status),
            "{:?}: {}",
            String::from_utf8_lossy(bytes),
            answer.status
        );
    }
    live.send(request(&app, "GET /v3/users/me", "", b""))
        .await
        .ok();
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let (app, live) = live().await;
    app.identify(json!({"userId": "u"})).await.ok();
    for (path, status) in [("u", 200), ("nobody", 404)] {
        let get = live
            .send(request(
                &app,
                &format!("GET /v3/sessions/by-user-id/{path}"),
                "",
                b"",
            ))
            .await;
        let head = live
            .send(request(
                &app,
                &format!("HEAD /v3/sessions/by-user-id/{path}"),
                "",
                b"",
            ))
            .await;
        assert_eq!(
            (get.status, head.status, head.body.len()),
            (status, status, 0)
        );
        for name in [
            "content-type",
            "content-length",
            "etag",
            "last-modified",
            "cache-control",
        ] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    assert_eq!(live.stop().await, 0);
}

#[tokio::test]
async fn the_client_may_ask_before_it_sends_a_body() {
    let (app, live) = live().await;
    let body = br#"{"userId":"u"}"#;
    let headers = format!(
        "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n",
        body.len()
    );
    let answer = live
        .send(request(&app, "POST /admin/identify", &headers, body))
        .await;
    assert!(matches!(answer.status, 100 | 200), "{}", answer.status);
    assert_eq!(live.stop().await, 0);
    assert_eq!(app.sessions().await.len(), 1);
}

/// The documented form of a range, as clients send it that do not encode what they are given.
#[tokio::test]
async fn bare_signs_of_a_query_are_read() {
    let (app, live) = live().await;
    app.identify(json!({"userId": "u", "value": 5})).await.ok();
    for (query, found) in [
        ("value>=5", 1),
        ("value>5", 0),
        ("value<=5", 1),
        ("value<5", 0),
        ("createdAt>=2026-01-01T00:00:00.000Z", 1),
        ("filter={\"value\":{\"$gt\":4}}", 1),
    ] {
        let answer = live
            .send(request(&app, &format!("GET /v3/sessions?{query}"), "", b""))
            .await;
        assert_eq!(answer.ok().as_array().unwrap().len(), found, "{query}");
    }
    assert_eq!(live.stop().await, 0);
}
