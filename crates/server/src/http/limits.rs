//! Limits on a whole request, checked before anything else looks at it.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};

use super::error::ApiError;

/// The largest JSON body, in bytes, unless the configuration or the route says another.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Name, value, `: ` and the line end of a header.
const HEADER_BYTES_EXTRA: usize = 4;

/// Limits on each request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all header lines together.
    pub header_bytes_max: usize,
    /// Bytes of path and query together.
    pub uri_bytes_max: usize,
    /// Bytes of a body that is read as JSON.
    pub body_bytes_max: usize,
}

/// The largest body of a route in bytes, where it differs from the configured one:
/// `.layer(Extension(BodyLimit(50 << 20)))`.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

impl Limits {
    /// Refuses a request whose URI (414) or headers (431) are too large; otherwise notes the limit of its body.
    ///
    /// # Errors
    /// Names the limit that was exceeded.
    pub(super) fn apply(&self, request: &mut Request) -> Result<(), ApiError> {
        if uri_bytes(request.uri()) > self.uri_bytes_max {
            let max = self.uri_bytes_max;
            let message = format!(
                "The URI is longer than {max} bytes (http.uri_bytes_max): send less in the query."
            );
            return Err(ApiError::new(
                StatusCode::URI_TOO_LONG,
                "uri_too_long",
                message,
            ));
        }
        if header_bytes(request.headers()) > self.header_bytes_max {
            let max = self.header_bytes_max;
            let message = format!(
                "The headers are larger than {max} bytes (http.header_bytes_max): send fewer or shorter ones."
            );
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(ApiError::new(status, "headers_too_large", message));
        }
        if self.body_bytes_max != BODY_BYTES_MAX && !request.method().is_safe() {
            request
                .extensions_mut()
                .insert(BodyLimit(self.body_bytes_max));
        }
        Ok(())
    }
}

fn uri_bytes(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_BYTES_EXTRA)
        .sum()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const LIMITS: Limits = Limits {
        header_bytes_max: 100,
        uri_bytes_max: 20,
        body_bytes_max: 5,
    };

    fn status(request: &mut Request) -> Option<u16> {
        LIMITS
            .apply(request)
            .err()
            .map(|error| error.status().as_u16())
    }

    fn request(uri: &str, header_len: usize) -> Request {
        let value = "v".repeat(header_len);
        Request::post(uri)
            .header("x", value)
            .body(Body::empty())
            .unwrap()
    }

    #[test]
    fn the_uri_has_a_limit() {
        assert_eq!(status(&mut request("/a?b=345678901234567", 1)), None);
        assert_eq!(status(&mut request("/a?b=3456789012345678", 1)), Some(414));
    }

    #[test]
    fn the_headers_have_a_limit() {
        assert_eq!(status(&mut request("/", 100 - 5)), None);
        assert_eq!(status(&mut request("/", 100 - 4)), Some(431));
    }

    #[test]
    fn a_configured_body_limit_is_noted() {
        let mut request = request("/", 1);
        LIMITS.apply(&mut request).unwrap();
        assert_eq!(request.extensions().get::<BodyLimit>().unwrap().0, 5);
    }
}
