//! Calls to the application in this process, as clients make them over the network.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Method, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// From where the calls seem to come: an address that is for documentation only.
const PEER: ([u8; 4], u16) = ([192, 0, 2, 1], 4711);

/// The application, to be called.
pub struct Client(pub Router);

impl Client {
    /// Calls, and gives the JSON of the answer.
    ///
    /// # Errors
    /// When it is no success: then the demo is wrong.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_string()))?;
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(PEER)));
        let response = self.0.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{path}: {status}: {}", String::from_utf8_lossy(&bytes));
        }
        serde_json::from_slice(&bytes).with_context(|| format!("the answer of {path}"))
    }
}
