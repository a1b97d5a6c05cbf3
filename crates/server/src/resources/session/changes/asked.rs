//! What a reader of the changes asks for.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use store::FeedCursor;

use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, LIMIT_DEFAULT, LIMIT_MAX, Plain};

/// Seconds that a call may wait for a change.
pub const WAIT_SECONDS_MAX: u32 = 60;

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// What happens from now on.
    Now,
    /// All that is there, and then what happens.
    Beginning,
    /// Where another answer ended.
    Cursor(FeedCursor),
}

/// What a reader asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub since: Since,
    /// How many changes at the most.
    pub limit: u32,
    /// How long to wait for the first.
    pub wait: Duration,
    /// Whether the answer goes on.
    pub is_stream: bool,
}

impl Asked {
    /// # Errors
    /// 400 for what the parameters cannot be, and a cursor that is none.
    pub fn read(raw: &str, headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut asked = Self {
            since: Since::Now,
            limit: LIMIT_DEFAULT,
            wait: Duration::ZERO,
            is_stream: is_stream(headers),
        };
        for parameter in Plain::parse(raw)? {
            match parameter.name.as_str() {
                "since" => asked.since = since("since", &parameter.value)?,
                "limit" => asked.limit = parameter.whole(1, LIMIT_MAX)?,
                "wait" => {
                    let seconds = parameter.whole(0, WAIT_SECONDS_MAX)?;
                    asked.wait = Duration::from_secs(seconds.into());
                }
                name => {
                    let message = "is none of the changes, which have `since`, `limit` and `wait`";
                    return Err(BadQuery::new(name, message).into());
                }
            }
        }
        // A browser that comes back calls the same address, and says here how far it was.
        if let Some(last) = headers.get("last-event-id") {
            asked.since = since("Last-Event-ID", last.to_str().unwrap_or_default())?;
        }
        Ok(asked)
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

fn since(name: &str, text: &str) -> Result<Since, ApiError> {
    match text {
        "beginning" | "0" => Ok(Since::Beginning),
        _ => text.parse().map(Since::Cursor).map_err(|_| {
            let message = format!(
                "`{name}` must be a cursor that an answer gave, or `beginning` for all that is there. Without it you are told what happens from now on."
            );
            ApiError::bad_request("invalid_cursor", message)
        }),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const CURSOR: &str = "6650f0c2a1b2c3d4e5f60718-7";

    fn read(raw: &str, headers: &[(&'static str, &str)]) -> Result<Asked, ApiError> {
        let header = |(name, value): &(&'static str, &str)| {
            let value = HeaderValue::from_str(value).unwrap();
            (axum::http::HeaderName::from_static(name), value)
        };
        Asked::read(raw, &headers.iter().map(header).collect())
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let asked = read("", &[]).unwrap();
        assert_eq!((asked.since, asked.limit), (Since::Now, 100));
        assert_eq!((asked.wait, asked.is_stream), (Duration::ZERO, false));
        let asked = read(&format!("since={CURSOR}&limit=1000&wait=60"), &[]).unwrap();
        assert_eq!(asked.since, Since::Cursor(CURSOR.parse().unwrap()));
        assert_eq!((asked.limit, asked.wait.as_secs()), (1000, 60));
        for beginning in ["since=0", "since=beginning"] {
            assert_eq!(read(beginning, &[]).unwrap().since, Since::Beginning);
        }
        let back = [("accept", "text/event-stream"), ("last-event-id", CURSOR)];
        let asked = read("since=beginning", &back).unwrap();
        assert!(asked.is_stream);
        assert_eq!(asked.since, Since::Cursor(CURSOR.parse().unwrap()));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_name() {
        for (raw, name) in [
            ("since=", "since"),
            ("since=1", "since"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("wait=61", "wait"),
            ("wait=soon", "wait"),
            ("email=ada@example.com", "email"),
        ] {
            let error = read(raw, &[]).unwrap_err();
            assert_eq!(error.status().as_u16(), 400, "{raw}");
            assert!(error.message().contains(name), "{raw}: {error}");
        }
        let error = read("", &[("last-event-id", "x")]).unwrap_err();
        assert_eq!(error.code(), "invalid_cursor");
    }
}
