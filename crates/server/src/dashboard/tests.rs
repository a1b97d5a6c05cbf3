use http_body_util::BodyExt;

use super::*;

static BUILT: &[(&str, &[u8])] = &[
    ("assets/app-1.js", b"whole"),
    ("assets/app-1.js.br", b"brotli"),
    ("assets/app-1.js.gz", b"gzip"),
    ("index.html", b"<html>"),
];

fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(HeaderName, &'static str)| {
        (name.clone(), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_file_comes_as_small_as_the_client_reads_it() {
    for (accepted, encoding, body) in [
        ("gzip, br", Some("br"), "brotli"),
        ("gzip", Some("gzip"), "gzip"),
        ("identity", None, "whole"),
    ] {
        let request = headers(&[(ACCEPT_ENCODING, accepted)]);
        let response = file(BUILT, "assets/app-1.js", &request);
        let told = response.headers().get(CONTENT_ENCODING);
        assert_eq!(told.map(|value| value.to_str().unwrap()), encoding);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/javascript; charset=utf-8"
        );
        assert_eq!(response.headers()[VARY], "accept-encoding");
        assert_eq!(text(response).await, body);
    }
}

#[test]
fn hashed_files_are_kept_and_pages_are_asked_for_again() {
    let asset = file(BUILT, "assets/app-1.js", &HeaderMap::new());
    assert!(
        asset.headers()[CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let page = file(BUILT, INDEX, &HeaderMap::new());
    assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
    assert_eq!(page.headers()[CONTENT_SECURITY_POLICY], POLICY);
    let mut known = HeaderMap::new();
    known.insert(
        axum::http::header::IF_NONE_MATCH,
        page.headers()[ETAG].clone(),
    );
    assert_eq!(file(BUILT, INDEX, &known).status(), 304);
}

#[tokio::test]
async fn a_program_without_dashboard_says_so() {
    let page = file(&[], INDEX, &HeaderMap::new());
    assert_eq!(page.headers()[CONTENT_SECURITY_POLICY], POLICY);
    assert!(text(page).await.contains("make build"));
}

#[test]
fn sockets_at_the_root_are_left_alone() {
    assert!(wants_page(&headers(&[(ACCEPT, "text/html,*/*;q=0.8")])));
    assert!(!wants_page(&headers(&[(ACCEPT, "*/*")])));
    assert!(!wants_page(&HeaderMap::new()));
    let socket = headers(&[(ACCEPT, "text/html"), (UPGRADE, "websocket")]);
    assert!(!wants_page(&socket));
}

#[test]
fn the_policy_allows_no_inline_script_and_no_other_host() {
    assert!(POLICY.contains("script-src 'self';"));
    assert!(POLICY.contains("default-src 'none'"));
    assert!(!POLICY.contains("http"));
}
