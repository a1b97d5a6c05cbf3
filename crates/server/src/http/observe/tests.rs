use std::io;
use std::sync::Mutex;

use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::HeaderValue;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http_body_util::BodyExt;
use prometheus::TextEncoder;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::http::Json;
use crate::http::limits::BodyLimit;

const LIMITS: Limits = Limits {
    header_bytes_max: 1_000,
    uri_bytes_max: 100,
    body_bytes_max: 50,
};

fn observe(log: LogRequests) -> (Observe, Registry) {
    let registry = Registry::new();
    (
        Observe::new(LIMITS, log, 0xabcd_1234, &registry).unwrap(),
        registry,
    )
}

fn app(log: LogRequests) -> (Router, Registry) {
    #[derive(Deserialize)]
    struct Page {
        limit: Option<u32>,
    }
    async fn list(Query(page): Query<Page>) -> String {
        format!("{:?}", page.limit)
    }
    async fn named(Path(id): Path<u32>) -> String {
        id.to_string()
    }
    async fn echo(Json(body): Json<Value>) -> Json<Value> {
        Json(body)
    }
    async fn fail() -> ApiError {
        ApiError::internal("the disk is gone")
    }
    async fn fall() -> ApiError {
        panic!("a bug in {}", "fall")
    }
    let (observe, registry) = observe(log);
    let router = Router::new()
        .route("/list", get(list))
        .route("/named/{id}", get(named))
        .route("/echo", post(echo))
        .route("/large", post(echo).layer(Extension(BodyLimit(60))))
        .route("/fail", get(fail))
        .route("/panic", get(fall))
        .layer(observe);
    (router, registry)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

async fn send(app: &Router, request: Request) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

fn request(method: &str, uri: &str) -> Request {
    Request::builder()
        .method(method)
        .uri(uri)
        .body(Body::empty())
        .unwrap()
}

fn post_json(uri: &str, body: &str) -> Request {
    Request::post(uri)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn pages_of_other_origins_are_told_which_headers_they_may_read() {
    let (app, _) = app(LogRequests::None);
    let exposed = "access-control-expose-headers";
    let mut from_page = request("GET", "/no/such/path");
    from_page
        .headers_mut()
        .insert("origin", HeaderValue::from_static("https://example.com"));
    assert!(
        send(&app, from_page).await.headers[exposed]
            .to_str()
            .unwrap()
            .contains("ETag")
    );
    assert!(
        !send(&app, request("GET", "/list"))
            .await
            .headers
            .contains_key(exposed)
    );
}

#[tokio::test]
async fn every_answer_has_an_id_and_admits_every_origin() {
    let (app, _) = app(LogRequests::None);
    let requests = [
        (request("GET", "/list"), 200),
        (request("OPTIONS", "/list"), 204),
        (request("OPTIONS", "/no/such/path"), 204),
        (request("GET", "/named/x"), 400),
        (request("GET", "/no/such/path"), 404),
        (request("DELETE", "/list"), 405),
        (post_json("/echo", &format!("\"{}\"", "x".repeat(50))), 413),
        (request("GET", &format!("/list?{}", "x".repeat(100))), 414),
        (request("POST", "/echo"), 415),
        (request("GET", "/fail"), 500),
        (request("GET", "/panic"), 500),
    ];
    for (request, status) in requests {
        let what = format!("{} {}", request.method(), request.uri());
        let answer = send(&app, request).await;
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{what}");
        let id = answer.headers["x-request-id"].to_str().unwrap();
        if status >= 400 {
            assert_eq!(answer.body["requestId"], id, "{what}");
            assert_eq!(answer.body["statusCode"], status, "{what}");
            assert_eq!(answer.headers["content-type"], "application/json", "{what}");
        }
    }
}

#[tokio::test]
async fn preflights_are_answered_without_a_credential() {
    let (app, _) = app(LogRequests::None);
    let answer = send(&app, request("OPTIONS", "/sessions")).await;
    let allowed = answer.headers["access-control-allow-headers"]
        .to_str()
        .unwrap()
        .to_ascii_lowercase();
    let allowed: Vec<_> = allowed.split(", ").collect();
    for name in [
        "authorization",
        "project",
        "api-token",
        "gleap-id",
        "gleap-hash",
        "content-type",
        "accept",
    ] {
        assert!(allowed.contains(&name), "{name}");
    }
    assert_eq!(
        answer.headers["access-control-allow-methods"],
        "GET, POST, PUT, DELETE, OPTIONS"
    );
    assert_eq!(answer.headers["access-control-max-age"], "86400");
}

#[tokio::test]
async fn a_harmless_id_is_kept() {
    let (app, _) = app(LogRequests::None);
    let id_for = async |given: &str| {
        let request = Request::get("/list")
            .header("x-request-id", given)
            .body(Body::empty())
            .unwrap();
        send(&app, request).await.headers["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let longest = "a".repeat(REQUEST_ID_CHARS_MAX);
    for given in ["a", "Trace-01_x.y", &longest] {
        assert_eq!(id_for(given).await, given);
    }
    for given in ["", "a b", "a;b", "é", &format!("{longest}a")] {
        let made = id_for(given).await;
        assert!(made.starts_with("abcd1234-") && made.len() == 17, "{made}");
    }
}

#[tokio::test]
async fn made_ids_differ() {
    let (app, _) = app(LogRequests::None);
    let first = send(&app, request("GET", "/list")).await.headers["x-request-id"].clone();
    let second = send(&app, request("GET", "/list")).await.headers["x-request-id"].clone();
    assert_eq!(
        (first.to_str().unwrap(), second.to_str().unwrap()),
        ("abcd1234-00000001", "abcd1234-00000002")
    );
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let (app, _) = app(LogRequests::None);
    let answer = send(&app, request("DELETE", "/list")).await;
    assert_eq!(answer.body["code"], "method_not_allowed");
    assert_eq!(answer.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn a_rejection_keeps_its_message() {
    let (app, _) = app(LogRequests::None);
    let answer = send(&app, request("GET", "/list?limit=many")).await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (400, Some("bad_request"))
    );
    assert!(
        answer.body["message"].as_str().unwrap().contains("limit"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn headers_have_a_limit() {
    let (app, _) = app(LogRequests::None);
    let with_header = |len: usize| {
        Request::get("/list")
            .header("x", "v".repeat(len))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(send(&app, with_header(995)).await.status, 200);
    let answer = send(&app, with_header(996)).await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (431, Some("headers_too_large"))
    );
}

#[tokio::test]
async fn a_route_may_have_its_own_body_limit() {
    let (app, _) = app(LogRequests::None);
    let text = |len: usize| format!("\"{}\"", "x".repeat(len - 2));
    assert_eq!(send(&app, post_json("/echo", &text(50))).await.status, 200);
    assert_eq!(send(&app, post_json("/echo", &text(51))).await.status, 413);
    assert_eq!(send(&app, post_json("/large", &text(60))).await.status, 200);
    assert_eq!(send(&app, post_json("/large", &text(61))).await.status, 413);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let (app, registry) = app(LogRequests::None);
    for path in ["/named/1", "/named/2", "/nowhere/1", "/nowhere/2"] {
        send(&app, request("GET", path)).await;
    }
    send(&app, request("BREW", "/named/1")).await;
    let text = TextEncoder::new()
        .encode_to_string(&registry.gather())
        .unwrap();
    for line in [
        r#"hark_http_requests_total{method="GET",route="/named/{id}",status="200"} 2"#,
        r#"hark_http_requests_total{method="GET",route="unmatched",status="404"} 2"#,
        r#"hark_http_requests_total{method="OTHER",route="/named/{id}",status="405"} 1"#,
        r#"hark_http_request_seconds_count{route="/named/{id}"} 3"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("nowhere"));
}

/// Collects what is logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn logged(log: LogRequests, requests: &[&str]) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let (app, _) = app(log);
    for uri in requests {
        send(&app, request("GET", uri)).await;
    }
    drop(guard);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn the_log_holds_the_route_and_nothing_of_the_caller() {
    let lines = logged(
        LogRequests::All,
        &["/named/42?gleapHash=s3cret", "/s3cret?gleapHash=s3cret"],
    )
    .await;
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["method"], &lines[0]["route"]),
        (&"GET".into(), &"/named/{id}".into())
    );
    assert_eq!(
        (&lines[0]["status"], &lines[0]["request_id"]),
        (&200.into(), &"abcd1234-00000001".into())
    );
    assert!(lines[0]["duration_us"].is_u64());
    assert_eq!(
        (&lines[1]["route"], &lines[1]["code"]),
        (&"unmatched".into(), &"route_not_found".into())
    );
    assert!(
        lines
            .iter()
            .all(|line| !line.to_string().contains("s3cret"))
    );
}

#[tokio::test]
async fn the_operator_chooses_what_is_logged() {
    let requests = ["/list", "/nowhere", "/fail"];
    let statuses = async |log| -> Vec<u64> {
        logged(log, &requests)
            .await
            .iter()
            .map(|line| line["status"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(statuses(LogRequests::All).await, [200, 404, 500]);
    assert_eq!(statuses(LogRequests::Errors).await, [404, 500]);
    assert_eq!(statuses(LogRequests::None).await, [500]);
}

#[tokio::test]
async fn the_cause_of_a_failure_is_logged_and_not_told() {
    let lines = logged(LogRequests::None, &["/fail", "/panic"]).await;
    assert_eq!(
        (&lines[0]["level"], &lines[0]["cause"]),
        (&"ERROR".into(), &"the disk is gone".into())
    );
    assert_eq!(lines[1]["cause"], "panic: a bug in fall");
    let (app, _) = app(LogRequests::None);
    let answer = send(&app, request("GET", "/panic")).await;
    assert_eq!(answer.body["code"], "internal");
    assert!(!answer.body.to_string().contains("fall"));
    assert_eq!(send(&app, request("GET", "/list")).await.status, 200);
}
