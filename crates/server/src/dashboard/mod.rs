//! The dashboard at `/`: files that were built from `dashboard/` and are part of the program.
//!
//! Every file has a route of its own, and so have the pages that the app draws by itself: nothing of the API is shadowed.

mod encoding;

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, REFERRER_POLICY, UPGRADE, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use self::encoding::Encoding;
use crate::http::conditional::is_known;

/// The files by name; those that end in `.br` and `.gz` are the same file compressed.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// The page that everything starts from.
const INDEX: &str = "index.html";
/// The folder of files whose name changes with their content.
const HASHED: &str = "assets/";
/// The pages that the app draws by itself.
const PAGES: [&str; 5] = ["/p", "/p/{*page}", "/sign-in", "/setup", "/invitation"];

/// Only this server, and no script but its files. Components set styles inline; pictures of end users are not loaded from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const SECURITY: [(HeaderName, HeaderValue); 3] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// Shown by a program that was built without Node.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Hark</title>\
<h1>Hark is running</h1><p>This program was built without its dashboard. <code>make build</code> builds both (it needs Node). \
The API reference is at <a href=\"/docs/\">/docs</a>.</p></html>";

/// The routes of the files and of the pages; `/` itself is shared with the sockets of client SDKs.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let is_whole = |name: &&str| !name.ends_with(".br") && !name.ends_with(".gz");
    let files = FILES.iter().map(|(name, _)| *name).filter(is_whole);
    let router = files.fold(Router::new(), |router, name| {
        let handler = get(async move |headers: HeaderMap| file(FILES, name, &headers));
        router.route(&format!("/{name}"), handler)
    });
    PAGES
        .iter()
        .fold(router, |router, page| router.route(page, get(index)))
}

/// Whether a request to `/` is that of a browser that shows a page, and not of a client that wants a socket.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    !headers.contains_key(UPGRADE) && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page that everything starts from.
pub async fn index(headers: HeaderMap) -> Response {
    file(FILES, INDEX, &headers)
}

fn file(files: &[(&str, &'static [u8])], name: &str, request: &HeaderMap) -> Response {
    let find = |name: &str| files.iter().find(|(known, _)| *known == name);
    let Some(&(_, whole)) = find(name) else {
        return not_built();
    };
    let tag = etag(whole);
    let cached = if name.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepted = request.get(ACCEPT_ENCODING);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let packed = Encoding::accepted(accepted.unwrap_or_default())
            .find_map(|encoding| Some((encoding, find(&encoding.file_of(name))?.1)));
        let bytes = packed.map_or(whole, |(_, bytes)| bytes);
        let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
        if let Some((encoding, _)) = packed {
            let value = HeaderValue::from_static(encoding.name());
            response.headers_mut().insert(CONTENT_ENCODING, value);
        }
        let media = HeaderValue::from_static(media_type(name));
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    };
    let headers = response.headers_mut();
    headers.extend(SECURITY);
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn etag(bytes: &[u8]) -> HeaderValue {
    let digest = hex::encode(&Sha256::digest(bytes)[..12]);
    HeaderValue::try_from(format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn not_built() -> Response {
    let media = [(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    )];
    let mut response = (media, NOT_BUILT).into_response();
    response.headers_mut().extend(SECURITY);
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
