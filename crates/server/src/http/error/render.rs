//! Bodies of failed requests, those of the framework included.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, response};
use axum::response::Response;
use http_body_util::{BodyExt, Limited};

use super::ApiError;

/// Bytes read of a plain-text rejection of the framework; what is longer becomes the general message.
pub(super) const REJECTION_BYTES_MAX: usize = 4096;

/// Code and message of the answers that the framework makes, by status.
const GENERAL: [(u16, &str, &str); 12] = [
    (
        400,
        "bad_request",
        "The request cannot be read: see /docs for what this path takes.",
    ),
    (
        404,
        "route_not_found",
        "This server has no such path: see /docs for those it has.",
    ),
    (
        405,
        "method_not_allowed",
        "This path does not take this method: the Allow header lists those it does.",
    ),
    (
        408,
        "request_timeout",
        "The body arrived too slowly: send it again.",
    ),
    (
        413,
        "body_too_large",
        "The body is larger than this path takes: send less at once.",
    ),
    (
        414,
        "uri_too_long",
        "The URI is too long: send less in the query.",
    ),
    (
        415,
        "unsupported_media_type",
        "This path does not read this media type: see /docs for those it does.",
    ),
    (
        422,
        "unprocessable",
        "The request is not acceptable: see /docs for what this path takes.",
    ),
    (
        431,
        "headers_too_large",
        "The headers are too large: send fewer or shorter ones.",
    ),
    (
        500,
        "internal",
        "The server failed. Its operator finds the cause in the log under the request id.",
    ),
    (501, "not_implemented", "This server cannot do that yet."),
    (503, "unavailable", "The server is busy: try again shortly."),
];

/// Gives an answer of 400 and above the one shape, unless its handler made a body of its own.
/// Returns the error too, for the log.
pub(in crate::http) async fn render(
    response: Response,
    request_id: &str,
) -> (Response, Option<ApiError>) {
    let (mut parts, body) = response.into_parts();
    let error = match parts.extensions.remove::<ApiError>() {
        Some(error) => error,
        None if is_framework_made(&parts) => adopt(parts.status, body).await,
        None => return (Response::from_parts(parts, body), None),
    };
    let bytes = serde_json::to_vec(&error.body(request_id)).unwrap_or_default();
    let headers = &mut parts.headers;
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    (Response::from_parts(parts, Body::from(bytes)), Some(error))
}

/// The framework answers with no body (404, 405) or with a line of plain text (rejected extractors).
fn is_framework_made(parts: &response::Parts) -> bool {
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    content_type.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

async fn adopt(status: StatusCode, body: Body) -> ApiError {
    let mut error = ApiError::plain(status);
    let read = Limited::new(body, REJECTION_BYTES_MAX).collect().await;
    let text = read
        .ok()
        .and_then(|body| String::from_utf8(body.to_bytes().into()).ok())
        .unwrap_or_default();
    if status.is_server_error() {
        // It may show the inside of the server.
        error.0.cause = (!text.is_empty()).then_some(text);
    } else if !text.is_empty() && status != StatusCode::NOT_FOUND {
        error.0.message = text.into();
    }
    error
}

pub(super) fn general(status: StatusCode) -> (&'static str, &'static str) {
    let known = GENERAL.iter().find(|(number, ..)| status == *number);
    known.map_or(
        ("request_failed", "The request failed."),
        |(_, code, message)| (code, message),
    )
}
