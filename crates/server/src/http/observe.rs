//! What happens around each request, in one middleware: id, limits, CORS, the shape of errors, panics,
//! metrics and the log. One instead of six, because each layer costs a boxed future a request.
//!
//! Put it outermost, after all routes: `router.layer(observe)`. It then knows the matched route and sees
//! the answers 404 and 405 of the router.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use prometheus::Registry;
use tower::{Layer, Service};
use tracing::Instrument;

use super::error::{self, ApiError};
use super::limits::Limits;
use super::metrics::{RequestMetrics, RouteMetrics, method_label};
use crate::config::LogRequests;

/// The header that carries the id of a request, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id a caller may give to its request, in characters.
pub const REQUEST_ID_CHARS_MAX: usize = 64;

/// What browsers are told about other origins. Every origin may call: a cookie is a credential only beside a
/// header that is not among these, see `auth/cookie.rs`.
mod cors {
    use super::HeaderValue;

    pub const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
    pub const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");
    pub const HEADERS: HeaderValue = HeaderValue::from_static(
        "Authorization, Project, Api-Token, Gleap-Id, Gleap-Hash, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID",
    );
    pub const EXPOSED: HeaderValue = HeaderValue::from_static(
        "ETag, Idempotent-Replayed, Link, Retry-After, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
    );
    pub const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("86400");
}

/// The middleware; clones share their counters.
#[derive(Clone)]
pub struct Observe(Arc<Shared>);

struct Shared {
    metrics: RequestMetrics,
    limits: Limits,
    log: LogRequests,
    /// Tells the ids of this process from those of others.
    prefix: u32,
    next: AtomicU32,
}

impl Observe {
    /// `prefix` is random; it begins the request ids of this process.
    ///
    /// # Errors
    /// When `registry` already has metrics of these names.
    pub fn new(
        limits: Limits,
        log: LogRequests,
        prefix: u32,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let metrics = RequestMetrics::new(registry)?;
        Ok(Self(Arc::new(Shared {
            metrics,
            limits,
            log,
            prefix,
            next: AtomicU32::new(1),
        })))
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            inner,
            shared: self.0.clone(),
        }
    }
}

/// A service inside [`Observe`].
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let exchange = Exchange::begin(&self.shared, &request);
        if let Some(response) = early_answer(&self.shared.limits, &mut request) {
            return Box::pin(async move { Ok(exchange.end(response).await) });
        }
        // Handlers that log on their own are told apart by this span; it exists at level debug only.
        let span =
            tracing::debug_span!("request", route = exchange.route.route(), id = ?exchange.id);
        let answer = AssertUnwindSafe(self.inner.call(request))
            .catch_unwind()
            .instrument(span);
        Box::pin(async move {
            let response = match answer.await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panic) => ApiError::internal(panic_message(&*panic)).into_response(),
            };
            Ok(exchange.end(response).await)
        })
    }
}

/// Answers that need no handler: preflights of browsers, and requests beyond the limits.
fn early_answer(limits: &Limits, request: &mut Request) -> Option<Response> {
    if let Err(error) = limits.apply(request) {
        return Some(error.into_response());
    }
    (request.method() == Method::OPTIONS).then(preflight)
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, cors::METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, cors::HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, cors::MAX_AGE_SECONDS),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// One request on its way to its answer.
struct Exchange {
    route: Arc<RouteMetrics>,
    method: Method,
    id: HeaderValue,
    log: LogRequests,
    /// Only browsers send `Origin`, and only they read which headers a page may see.
    is_cross_origin: bool,
    started: Instant,
}

impl Exchange {
    fn begin(shared: &Shared, request: &Request) -> Self {
        Self {
            route: shared
                .metrics
                .route(request.extensions().get::<MatchedPath>()),
            method: request.method().clone(),
            id: given_id(request.headers()).unwrap_or_else(|| shared.next_id()),
            log: shared.log,
            is_cross_origin: request.headers().contains_key(header::ORIGIN),
            started: Instant::now(),
        }
    }

    async fn end(self, mut response: Response) -> Response {
        let status = response.status();
        let mut error = None;
        if status.as_u16() >= 400 {
            (response, error) = error::render(response, self.id()).await;
        }
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, cors::ANY_ORIGIN);
        if self.is_cross_origin {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, cors::EXPOSED);
        }
        headers.insert(REQUEST_ID, self.id.clone());
        let elapsed = self.started.elapsed();
        self.route.record(&self.method, status, elapsed);
        self.log(status, elapsed, error.as_ref());
        response
    }

    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// One line a request. Never the path or the query as sent: they may hold credentials and personal data.
    fn log(&self, status: StatusCode, elapsed: Duration, error: Option<&ApiError>) {
        let cause = error.and_then(ApiError::cause);
        let wanted = match self.log {
            LogRequests::All => true,
            LogRequests::Errors => status.as_u16() >= 400,
            LogRequests::None => cause.is_some(),
        };
        if !wanted {
            return;
        }
        let (method, route, status) = (
            method_label(&self.method),
            self.route.route(),
            status.as_u16(),
        );
        let (duration_us, request_id) = (elapsed.as_micros() as u64, self.id());
        let code = error.map(ApiError::code);
        if status >= 500 {
            tracing::error!(
                method,
                route,
                status,
                duration_us,
                request_id,
                code,
                cause,
                "request failed"
            );
        } else {
            tracing::info!(
                method,
                route,
                status,
                duration_us,
                request_id,
                code,
                "request"
            );
        }
    }
}

impl Shared {
    fn next_id(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = *b"00000000-00000000";
        write_hex(&mut id[..8], self.prefix);
        write_hex(&mut id[9..], number);
        HeaderValue::from_bytes(&id).unwrap_or(HeaderValue::from_static("-"))
    }
}

fn write_hex(out: &mut [u8], mut number: u32) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

/// The id the caller gave, if it is harmless in logs.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let harmless = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
    let accepted =
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.as_bytes().iter().all(harmless);
    accepted.then(|| id.clone())
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("of unknown type"))
}

#[cfg(test)]
mod tests;
