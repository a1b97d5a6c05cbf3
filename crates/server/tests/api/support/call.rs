//! A request in the making.

use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// A segment of a path, with everything but letters and digits percent-encoded.
pub fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()
}

pub struct Call {
    method: Method,
    uri: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    peer: Option<IpAddr>,
}

impl Call {
    pub fn new(method: &str, uri: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            uri: uri.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            peer: None,
        }
    }

    pub fn get(uri: &str) -> Self {
        Self::new("GET", uri)
    }

    pub fn post(uri: &str) -> Self {
        Self::new("POST", uri)
    }

    pub fn put(uri: &str) -> Self {
        Self::new("PUT", uri)
    }

    pub fn delete(uri: &str) -> Self {
        Self::new("DELETE", uri)
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.push((name.parse().unwrap(), value));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn project(self, id: impl ToString) -> Self {
        self.header("project", id.to_string())
    }

    pub fn api_token(self, token: &str) -> Self {
        self.header("api-token", token)
    }

    /// The address that the call comes from.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(address.parse().unwrap());
        self
    }

    pub fn json(self, body: &impl Serialize) -> Self {
        self.raw_json(serde_json::to_vec(body).unwrap())
    }

    /// Bytes that say they are JSON.
    pub fn raw_json(self, body: impl Into<Vec<u8>>) -> Self {
        self.header(header::CONTENT_TYPE.as_str(), "application/json")
            .body(body)
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Method and path, to know the operation by, and the request.
    pub fn into_request(self) -> (Method, String, Request) {
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.parse().unwrap();
        request.headers_mut().extend(self.headers);
        if let Some(address) = self.peer {
            let peer = ConnectInfo(SocketAddr::from((address, 4711)));
            request.extensions_mut().insert(peer);
        }
        let path = request.uri().path().to_owned();
        (self.method, path, request)
    }
}
