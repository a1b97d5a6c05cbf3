//! A file at its address. Nothing that is served here can do anything in a browser.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::{ObjectId, Row};

use super::document::File;
use super::name::disposition;
use super::range::{Wanted, wanted};
use super::sniff;
use super::token::FileToken;
use crate::app::{App, SharedApp};
use crate::http::ApiError;
use crate::http::responses::ErrorResponses;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Bytes may be kept by who asked for them, for a short time: a file may be erased.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=600");

/// Get a file
///
/// An uploaded file, by the address that the upload gave. Pictures and films are shown, everything else is to be saved. Parts
/// can be asked for with `Range`. An address that is wrong, or whose file has expired, answers 404.
#[utoipa::path(
    get, path = "/files/{token}/{name}", operation_id = "GetFile", tag = "SDK",
    params(
        ("token" = String, Path, description = "What opens the file"),
        ("name" = String, Path, description = "The name of the file, for people: any will do"),
        ("Range" = Option<String>, Header, description = "The bytes that are wanted, such as `bytes=0-1023`"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the file that you have"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = [u8]),
        (status = 206, description = "The part that was asked for", content_type = "application/octet-stream", body = [u8]),
        (status = 304, description = "You have it"),
        (status = 416, description = "The file has no such bytes", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(()),
)]
pub async fn serve(
    State(app): State<SharedApp>,
    method: Method,
    Path((token, _name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = FileToken::parse(&token).ok_or_else(not_found)?;
    let file = find(&app, &token).await?.ok_or_else(not_found)?;
    let etag = HeaderValue::try_from(format!("\"{}\"", file.id)).map_err(ApiError::internal)?;
    let mut response = if is_named(&headers, header::IF_NONE_MATCH, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        answer(&app, token.project, &file, &method, &headers, &etag).await?
    };
    protect(response.headers_mut(), etag);
    Ok(response)
}

async fn find(app: &App, token: &FileToken) -> Result<Option<Row<File>>, ApiError> {
    let (id, now) = (token.file, app.now());
    let read = app.store.lookup(token.project, move |snapshot| {
        Ok::<_, ApiError>(snapshot.get::<File>(id)?)
    });
    Ok(read
        .await?
        .filter(|row| token.opens(row.doc.secret_hash.as_deref()) && row.doc.is_readable(now)))
}

async fn answer(
    app: &App,
    project: ObjectId,
    row: &Row<File>,
    method: &Method,
    headers: &HeaderMap,
    etag: &HeaderValue,
) -> Result<Response, ApiError> {
    let (file, size) = (&row.doc, row.doc.size);
    // A part of another version would be wrong; files have one version only.
    let may_part =
        !headers.contains_key(header::IF_RANGE) || is_named(headers, header::IF_RANGE, etag);
    let range = headers
        .get(header::RANGE)
        .filter(|_| may_part)
        .and_then(|value| value.to_str().ok());
    let (status, part) = match wanted(range, size) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => return Err(no_such_bytes(size)),
    };
    let length = part.end - part.start;
    let mut response = (status, [(header::CONTENT_LENGTH, length)]).into_response();
    let set = response.headers_mut();
    if status == StatusCode::PARTIAL_CONTENT {
        let shown = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        set.insert(header::CONTENT_RANGE, value(shown)?);
    }
    let kind = if sniff::is_shown(&file.content_type) {
        "inline"
    } else {
        "attachment"
    };
    set.insert(header::CONTENT_TYPE, value(file.content_type.clone())?);
    set.insert(
        header::CONTENT_DISPOSITION,
        value(disposition(kind, &file.name))?,
    );
    set.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if *method != Method::HEAD && length > 0 {
        let read = app.files.read(project, row.id, part).await;
        *response.body_mut() = Body::from_stream(read.map_err(gone)?);
    }
    Ok(response)
}

fn protect(headers: &mut HeaderMap, etag: HeaderValue) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        // Dashboards and pages of any origin show it.
        (RESOURCE_POLICY, "cross-origin"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, KEPT);
}

fn is_named(headers: &HeaderMap, name: HeaderName, etag: &HeaderValue) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|tag| tag.trim().as_bytes() == etag.as_bytes())
}

fn value(text: String) -> Result<HeaderValue, ApiError> {
    HeaderValue::try_from(text).map_err(ApiError::internal)
}

fn not_found() -> ApiError {
    ApiError::not_found(
        "file_not_found",
        "There is no file at this address (any more).",
    )
}

fn no_such_bytes(size: u64) -> ApiError {
    let error = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        format!("The file has {size} bytes: ask for some of them."),
    );
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(shown) => error.with_header(header::CONTENT_RANGE, shown),
        Err(_) => error,
    }
}

/// A backup may have been put in place without its files.
fn gone(error: object_store::Error) -> ApiError {
    match error {
        object_store::Error::NotFound { .. } => not_found(),
        error => ApiError::internal(error),
    }
}
