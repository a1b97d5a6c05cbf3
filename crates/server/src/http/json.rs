//! JSON in and out: [`Json`] for typed bodies, [`Checked`] for those whose type borrows from the bytes.
//!
//! Every body passes [`check`] before anything is made of it, so that what reaches a handler holds no NUL, no
//! key twice and no bottomless nesting, whichever way its type reads it.

mod check;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde::ser::Serialize;
use tokio::time::{Instant, timeout};

pub use self::check::{DEPTH_MAX, KEYS_MAX, check};
use super::error::ApiError;
use super::limits::{BODY_BYTES_MAX, BodyLimit};

/// How long a client may pause within a body.
pub const BODY_PAUSE_MAX: Duration = Duration::from_secs(30);
/// The slowest that a body may come on the whole, in bytes a second, once [`BODY_PAUSE_MAX`] is over.
pub const BODY_BYTES_PER_SECOND_MIN: usize = 1024;
/// Memory that is taken for a body before any of it has come, in bytes.
const RESERVED_BYTES_MAX: usize = 64 * 1024;

/// The most of a decoding message that is told, in characters: it may quote what was sent.
const MESSAGE_CHARS_MAX: usize = 300;

/// A typed JSON body, of a request or of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

/// The bytes of a JSON body that passed [`check`].
#[derive(Clone, Debug)]
pub struct Checked(Bytes);

impl<S: Send + Sync> FromRequest<S> for Checked {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        expect_json(request.headers())?;
        let bytes = read_body(request).await?;
        check(&bytes)?;
        Ok(Self(bytes))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Checked::from_request(request, state)
            .await?
            .parse()
            .map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => (
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                bytes,
            )
                .into_response(),
            Err(error) => ApiError::internal(error).into_response(),
        }
    }
}

impl Checked {
    /// The body as its type, which may borrow from it.
    ///
    /// # Errors
    /// 422 naming the field when a value is not of the type wanted.
    pub fn parse<'de, T: Deserialize<'de>>(&'de self) -> Result<T, ApiError> {
        // A type with named fields would also take an array of their values.
        if self.0.trim_ascii_start().starts_with(b"[") {
            return Err(invalid(
                "the body: expected an object, found an array".into(),
            ));
        }
        serde_json::from_slice(&self.0).map_err(|error| mismatch::<T>(&self.0, &error))
    }
}

fn invalid(fault: String) -> ApiError {
    ApiError::unprocessable("invalid_field", vec![fault])
}

/// Names the field: only failures pay for that.
fn mismatch<'de, T: Deserialize<'de>>(bytes: &'de [u8], error: &serde_json::Error) -> ApiError {
    let (path, wrong) = fault::<T>(bytes).unwrap_or_else(|| (String::new(), wrong(error)));
    let fault = if path.is_empty() {
        format!("the body: {wrong}")
    } else {
        format!("`{path}`: {wrong}")
    };
    invalid(fault)
}

/// Why `bytes` are no `T`: the path of the field, empty for the whole, and what is wrong with it.
#[must_use]
pub fn fault<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<(String, String)> {
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    let error = serde_path_to_error::deserialize::<_, T>(deserializer).err()?;
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    Some((path, wrong(error.inner())))
}

/// Says what is wrong without repeating the value, which may be a secret.
fn wrong(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(&*message, |(message, _)| message);
    let wrong_type = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| message.strip_prefix(start));
    let text = match wrong_type.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, wanted)) => {
            let found = found.split(['`', '"']).next().unwrap_or_default().trim();
            format!("expected {}, found {found}", in_words(wanted))
        }
        None => message.to_owned(),
    };
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

/// What a type is called by those who send JSON.
fn in_words(wanted: &str) -> &str {
    match wanted {
        "a map" => "an object",
        "a sequence" => "an array",
        "i64" => "a whole number",
        _ if wanted.starts_with("struct ") => "an object",
        _ => wanted,
    }
}

/// A member of a body: the outer `Option` tells whether it is there, the inner one whether it is `null`.
pub type Given<T> = Option<Option<T>>;

/// Reads a [`Given`]: `#[serde(default, deserialize_with = "given")]`.
///
/// # Errors
/// Those of the value.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Given<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `application/json` and `application/…+json`, in UTF-8.
pub fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if given.is_some_and(is_json) {
        return Ok(());
    }
    Err(ApiError::unsupported_media(
        "The body must be JSON in UTF-8: send it with `Content-Type: application/json`.",
    ))
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type
        .split(';')
        .map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let json = essence
        .strip_prefix("application/")
        .is_some_and(|sub| sub == "json" || sub.ends_with("+json"));
    let mut charsets = parts.filter_map(|part| {
        part.strip_prefix("charset=")
            .map(|name| name.trim_matches('"').to_owned())
    });
    json && charsets.all(|name| name == "utf-8" || name == "utf8")
}

/// Reads a body, chunked or not, within the limit of its route.
///
/// # Errors
/// 413 when it is too large, 408 when the client pauses too long, 400 when it breaks off.
pub async fn read_body(request: Request) -> Result<Bytes, ApiError> {
    let max = request
        .extensions()
        .get()
        .map_or(BODY_BYTES_MAX, |BodyLimit(max)| *max);
    // What is announced is not reserved: nothing of it may come.
    let mut body = Incoming::of(request, max)?;
    let mut bytes = Vec::with_capacity(body.announced.min(RESERVED_BYTES_MAX));
    while let Some(frame) = body.next().await? {
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes.into())
}

/// A body as it arrives, held to its size and to its pace.
pub struct Incoming {
    body: Limited<Body>,
    bytes_max: usize,
    /// What the client says that it sends, in bytes.
    announced: usize,
    began: Instant,
    received: usize,
}

impl Incoming {
    /// The body of a request, of at most so many bytes.
    ///
    /// # Errors
    /// 413 when it says that it is larger.
    pub fn of(request: Request, bytes_max: usize) -> Result<Self, ApiError> {
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > bytes_max) {
            return Err(too_large(bytes_max));
        }
        Ok(Self {
            body: Limited::new(request.into_body(), bytes_max),
            bytes_max,
            announced: length.unwrap_or(0),
            began: Instant::now(),
            received: 0,
        })
    }

    /// The next part; `None` at the end.
    ///
    /// # Errors
    /// As [`read_body`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        // One who sends a byte now and then would otherwise hold a connection for hours.
        let lasting = Duration::from_secs((self.received / BODY_BYTES_PER_SECOND_MIN) as u64);
        let end = self.began + BODY_PAUSE_MAX + lasting;
        let pause = BODY_PAUSE_MAX.min(end.saturating_duration_since(Instant::now()));
        match timeout(pause, self.body.frame()).await {
            Err(_) => Err(ApiError::plain(StatusCode::REQUEST_TIMEOUT)),
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => {
                // Trailers carry no data.
                let data = frame.into_data().unwrap_or_default();
                self.received += data.len();
                Ok(Some(data))
            }
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => {
                Err(too_large(self.bytes_max))
            }
            Ok(Some(Err(_))) => Err(ApiError::bad_request(
                "body_incomplete",
                "The body broke off: send all of it.",
            )),
        }
    }
}

fn too_large(max: usize) -> ApiError {
    let message = format!("The body is larger than {max} bytes: send less at once.");
    ApiError::too_large("body_too_large", message)
}

#[cfg(test)]
mod tests;
