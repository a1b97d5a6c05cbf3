//! An answer, read in full, unless it is a feed.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let media = parts.headers.get("content-type");
        // A feed ends only when nobody listens any more.
        let body = if media.is_some_and(|media| media == "text/event-stream") {
            Bytes::new()
        } else {
            body.collect().await.unwrap().to_bytes()
        };
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body of an answer that must be 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Status and code of an error; no code of a success.
    pub fn error(&self) -> (u16, String) {
        let code = (self.status >= 400).then(|| self.json()["code"].as_str().unwrap().into());
        (self.status, code.unwrap_or_default())
    }

    /// The faults of an error one by one.
    pub fn faults(&self) -> Vec<String> {
        serde_json::from_value(self.json()["errors"].clone()).unwrap()
    }

    /// The error but for the id of its request.
    pub fn told(&self) -> Value {
        let mut body = self.json();
        body.as_object_mut().unwrap().remove("requestId");
        body
    }
}
