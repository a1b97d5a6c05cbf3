//! Answers that a client may already have: `ETag`, `Last-Modified`, `If-None-Match` (RFC 9110, section 13).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use store::{Millis, ObjectId};

use super::error::ApiError;

/// The entity tag of a version of a document.
#[must_use]
pub fn etag(id: ObjectId, version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{id}-{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// An instant as HTTP writes it, to the second.
#[must_use]
pub fn http_date(at: Millis) -> HeaderValue {
    let timestamp = jiff::Timestamp::from_second(at.0.div_euclid(1000)).unwrap_or_default();
    HeaderValue::try_from(timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or(HeaderValue::from_static(""))
}

/// The JSON, or 304 when the client has this version.
#[must_use]
pub fn json(
    body: Bytes,
    etag: &HeaderValue,
    last_modified: &HeaderValue,
    request: &HeaderMap,
) -> Response {
    let mut response = if is_known(request, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::LAST_MODIFIED, last_modified.clone());
    // Personal data, to be asked for each time: a copy may be kept by the client alone.
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    response
}

/// Holds a change to the version that `If-Match` names, if it names one.
///
/// # Errors
/// 412 when the document is of another.
pub fn require_match(request: &HeaderMap, id: ObjectId, version: i64) -> Result<(), ApiError> {
    if !request.contains_key(header::IF_MATCH)
        || names(request, &header::IF_MATCH, &etag(id, version))
    {
        return Ok(());
    }
    Err(ApiError::precondition_failed(
        "The document was changed since the version that `If-Match` names: get it again, and apply your change to that.",
    ))
}

/// Whether the client has the version of this tag.
#[must_use]
pub fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    names(request, &header::IF_NONE_MATCH, etag)
}

fn names(request: &HeaderMap, header: &HeaderName, etag: &HeaderValue) -> bool {
    let known = request
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/").as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tag: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tag))])
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        let tag = etag(ObjectId::ZERO, 7);
        assert_eq!(tag, "\"000000000000000000000000-7\"");
        for known in [
            "\"000000000000000000000000-7\"",
            "W/\"000000000000000000000000-7\"",
            "\"x\", \"000000000000000000000000-7\"",
            "*",
        ] {
            assert!(is_known(&request(known), &tag), "{known}");
        }
        for other in [
            "\"000000000000000000000000-8\"",
            "000000000000000000000000-7",
            "",
        ] {
            assert!(!is_known(&request(other), &tag), "{other}");
        }
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(
            http_date(Millis(784_111_777_999)),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
    }
}
