//! Counters of requests, and `/metrics` for Prometheus.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{MatchedPath, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ApiError, ErrorBody};

/// The route label of requests that match no route: paths are chosen by the caller, and labels are kept for ever.
const UNMATCHED: &str = "unmatched";

/// Seconds: from a cached answer to the longest export.
const BUCKETS: [f64; 12] = [
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Requests and their durations, by route.
pub(super) struct RequestMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    routes: RwLock<HashMap<Arc<str>, Arc<RouteMetrics>>>,
}

/// The handles of one route, found once so that a request formats no label.
pub(super) struct RouteMetrics {
    route: Arc<str>,
    requests: IntCounterVec,
    seconds: Histogram,
    counters: RwLock<Vec<(Method, StatusCode, IntCounter)>>,
}

impl RequestMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("hark_http_requests_total", "Requests answered.");
        let requests = IntCounterVec::new(opts, &["method", "route", "status"])?;
        let opts = HistogramOpts::new(
            "hark_http_request_seconds",
            "Seconds from the head of a request to the head of its answer.",
        );
        let seconds = HistogramVec::new(opts.buckets(BUCKETS.to_vec()), &["route"])?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(Self {
            requests,
            seconds,
            routes: RwLock::default(),
        })
    }

    pub(super) fn route(&self, matched: Option<&MatchedPath>) -> Arc<RouteMetrics> {
        let route = matched.map_or(UNMATCHED, MatchedPath::as_str);
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = routes.get(route) {
            return found.clone();
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes
            .entry(route.into())
            .or_insert_with_key(|route| Arc::new(self.new_route(route)))
            .clone()
    }

    fn new_route(&self, route: &Arc<str>) -> RouteMetrics {
        RouteMetrics {
            route: route.clone(),
            requests: self.requests.clone(),
            seconds: self.seconds.with_label_values(&[route]),
            counters: RwLock::default(),
        }
    }
}

impl RouteMetrics {
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    pub(super) fn record(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        self.seconds.observe(elapsed.as_secs_f64());
        // A route answers with a handful of methods and statuses: a scan beats a hash.
        let counters = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        let known = counters
            .iter()
            .find(|(m, s, _)| m == method && *s == status);
        if let Some((_, _, counter)) = known {
            return counter.inc();
        }
        drop(counters);
        self.first(method, status);
    }

    fn first(&self, method: &Method, status: StatusCode) {
        let label = method_label(method);
        let counter = self
            .requests
            .with_label_values(&[label, self.route(), status.as_str()]);
        counter.inc();
        if label != OTHER {
            let mut counters = self
                .counters
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            counters.push((method.clone(), status, counter));
        }
    }
}

/// The method label of all that are not standard: a caller may invent names.
const OTHER: &str = "OTHER";

pub(super) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        Method::PATCH => "PATCH",
        _ => OTHER,
    }
}

/// `GET /metrics` over everything registered.
pub fn routes<S: Clone + Send + Sync + 'static>(registry: Registry) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(metrics))
        .with_state(registry)
}

/// Metrics of the server
///
/// Counters, gauges and histograms in the text format of Prometheus. They hold no personal data and no secret.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Server",
    responses(
        (status = 200, description = "Every metric with its current value.", body = String, content_type = "text/plain; version=0.0.4"),
        (status = 500, description = "The metrics could not be written as text.", body = ErrorBody),
    ),
    security(())
)]
async fn metrics(State(registry): State<Registry>) -> Result<Response, ApiError> {
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .map_err(ApiError::internal)?;
    let content_type = HeaderValue::from_static(prometheus::TEXT_FORMAT);
    Ok(([(CONTENT_TYPE, content_type)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_method_route_and_status() {
        let registry = Registry::new();
        let metrics = RequestMetrics::new(&registry).unwrap();
        let route = metrics.route(None);
        route.record(
            &Method::GET,
            StatusCode::NOT_FOUND,
            Duration::from_millis(2),
        );
        route.record(
            &Method::GET,
            StatusCode::NOT_FOUND,
            Duration::from_millis(2),
        );
        route.record(
            &Method::from_bytes(b"INVENTED").unwrap(),
            StatusCode::NOT_FOUND,
            Duration::ZERO,
        );
        metrics
            .route(None)
            .record(&Method::GET, StatusCode::OK, Duration::ZERO);

        let text = TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        let counted = |method: &str, status: u16, n: u64| {
            let line = format!(
                "hark_http_requests_total{{method=\"{method}\",route=\"unmatched\",status=\"{status}\"}} {n}"
            );
            assert!(text.contains(&line), "{line} is not in\n{text}");
        };
        counted("GET", 404, 2);
        counted("GET", 200, 1);
        counted("OTHER", 404, 1);
        assert!(
            text.contains("hark_http_request_seconds_count{route=\"unmatched\"} 4"),
            "{text}"
        );
    }
}
