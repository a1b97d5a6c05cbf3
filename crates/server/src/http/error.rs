//! What a caller is told when a request fails, in the one shape of the whole server.
//!
//! Which error type is for which layer:
//! - the store has its own: what the database refused;
//! - [`ApiError`] is for handlers and extractors: its reader is the caller of the API. Never put a secret in it;
//! - `anyhow::Error` is for commands, start-up and jobs: its reader is the operator.
//!
//! An `ApiError` becomes a response without a body that carries the error in its extensions;
//! [`observe`](super::observe) renders the body once, because it knows the id of the request.

mod render;

use std::borrow::Cow;
use std::fmt;

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use self::render::render;

/// A failed request: status, code for programs, message for people.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    errors: Vec<String>,
    conflict: Option<Conflict>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// Faults that an answer tells one by one.
pub const FAULTS_TOLD_MAX: usize = 20;
/// Characters of the two ends of a fault that are told: the name of the field, and what is wrong with it.
const FAULT_ENDS: (usize, usize) = (200, 200);

fn shorten(fault: &mut String) {
    let (head, tail) = FAULT_ENDS;
    let count = fault.chars().count();
    if count > head + tail {
        let start: String = fault.chars().take(head).collect();
        let end: String = fault.chars().skip(count - tail).collect();
        *fault = format!("{start}…{end}");
    }
}

/// The body of every answer with a status of 400 and above.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "statusCode": 404,
    "error": "Not Found",
    "code": "session_not_found",
    "message": "No session of this project has the user id `u-1`.",
    "errors": ["No session of this project has the user id `u-1`."],
    "requestId": "5f0c9a31-0000002a"
}))]
pub struct ErrorBody {
    /// The HTTP status, repeated for clients that see only the body.
    #[schema(example = 404)]
    pub status_code: u16,
    /// The standard name of the status.
    #[schema(example = "Not Found")]
    pub error: &'static str,
    /// What went wrong, as a stable word for programs.
    #[schema(example = "session_not_found")]
    pub code: &'static str,
    /// What went wrong and what to do about it, for people. The wording may change.
    pub message: String,
    /// Each fault by itself, naming the field it is about; never empty.
    pub errors: Vec<String>,
    /// Who holds the identity key that was to be claimed. Only with status 409.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// The id of this request, as in the `X-Request-Id` header and in the log of the server.
    #[schema(example = "5f0c9a31-0000002a")]
    pub request_id: String,
}

/// The identity key that is taken, and by whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The kind of key: `userId`, `email`, `phone` …
    #[schema(example = "email")]
    pub key: String,
    /// The id of the session that holds it.
    #[schema(example = "65f1c0ffee0123456789abcd")]
    pub session_id: String,
}

impl ApiError {
    /// An error of any status; the constructors below name those in use.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            message: message.into(),
            errors: Vec::new(),
            conflict: None,
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: no, wrong, expired or revoked credential.
    #[must_use]
    pub fn unauthorized(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: a valid credential without the right to do this.
    #[must_use]
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404: no such document in this project.
    #[must_use]
    pub fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: the state of the server forbids it; see [`with_conflict`](Self::with_conflict).
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 412: the document has changed since the version that `If-Match` names.
    #[must_use]
    pub fn precondition_failed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            message,
        )
    }

    /// 413: the body is larger than the limit.
    #[must_use]
    pub fn too_large(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, message)
    }

    /// 415: the media type is not one this path reads.
    #[must_use]
    pub fn unsupported_media(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            message,
        )
    }

    /// 422: well-formed but not acceptable; `errors` names each offending field and becomes the message too. Of many the
    /// first [`FAULTS_TOLD_MAX`] are told, and of a long one its two ends.
    #[must_use]
    pub fn unprocessable(code: &'static str, mut errors: Vec<String>) -> Self {
        let more = errors.len().saturating_sub(FAULTS_TOLD_MAX);
        errors.truncate(FAULTS_TOLD_MAX);
        errors.iter_mut().for_each(shorten);
        if more > 0 {
            errors.push(format!("and {more} more"));
        }
        let message = errors.join("; ");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message).with_errors(errors)
    }

    /// 429: a limit is exceeded; try again after `retry_after` seconds.
    #[must_use]
    pub fn too_many(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        retry_after: u64,
    ) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).with_retry_after(retry_after)
    }

    /// The same error with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// 503: overloaded, starting or stopping; try again after `retry_after` seconds.
    #[must_use]
    pub fn unavailable(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        retry_after: u64,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).with_retry_after(retry_after)
    }

    /// 500: a fault of the server. The caller gets a general message, the log gets `cause`.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error = Self::plain(StatusCode::INTERNAL_SERVER_ERROR);
        error.0.cause = Some(format!("{cause:#}"));
        error
    }

    /// 501: part of the contract, but not built yet.
    #[must_use]
    pub fn not_implemented(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", message)
    }

    /// The general error of a status, for answers that the framework makes.
    #[must_use]
    pub(super) fn plain(status: StatusCode) -> Self {
        let (code, message) = render::general(status);
        Self::new(status, code, message)
    }

    /// The faults one by one, each naming its field; without it the message stands alone in `errors`.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<String>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Names the session that holds the identity key `key`.
    #[must_use]
    pub fn with_conflict(mut self, key: impl Into<String>, session_id: impl Into<String>) -> Self {
        self.0.conflict = Some(Conflict {
            key: key.into(),
            session_id: session_id.into(),
        });
        self
    }

    /// Asks the caller to wait for this many seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// A header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The message for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The faults one by one; empty when the message says it all.
    #[must_use]
    pub fn errors(&self) -> &[String] {
        &self.0.errors
    }

    /// What the log is told and the caller is not.
    pub(super) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    fn body(&self, request_id: &str) -> ErrorBody {
        let Inner {
            status,
            code,
            message,
            errors,
            conflict,
            ..
        } = &*self.0;
        let alone = || vec![message.clone().into_owned()];
        ErrorBody {
            status_code: status.as_u16(),
            error: status.canonical_reason().unwrap_or("Error"),
            code,
            message: message.clone().into_owned(),
            errors: if errors.is_empty() {
                alone()
            } else {
                errors.clone()
            },
            conflict: conflict.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.0.status.as_u16(),
            self.0.code,
            self.0.message
        )
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
