//! The errors that every operation may answer, for the API description.

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::error::ErrorBody;

/// What goes wrong everywhere.
#[derive(IntoResponses)]
pub enum ErrorResponses {
    /// The request cannot be read: an id, the `project` header, a query parameter or the body is malformed.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No credential, or one that is wrong, expired or revoked.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// A valid credential without the right, or of no member of the project.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// Nothing of that id in this project.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body arrived too slowly.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The body is larger than the limit.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Path and query are longer than the limit.
    #[response(status = 414)]
    UriTooLong(ErrorBody),
    /// The body is not JSON.
    #[response(status = 415)]
    UnsupportedMedia(ErrorBody),
    /// Well-formed, but not acceptable: each field is named.
    #[response(status = 422)]
    Unprocessable(ErrorBody),
    /// A limit was exceeded; `Retry-After` says when to try again.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The headers are larger than the limit.
    #[response(status = 431)]
    HeadersTooLarge(ErrorBody),
    /// The server failed. The log has the cause under the id of the request.
    #[response(status = 500)]
    Internal(ErrorBody),
    /// The server has too much to do; `Retry-After` says when to try again.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The answer of operations of which the contract wants nothing but `true`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done(pub bool);
