//! The SDK surface: what the official clients call (contract: wire note).

pub mod config;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(config::config))
        .routes(routes!(config::tooltips))
        // Android's spelling. A redirect would fail the preflight of a browser.
        .route("/config/{sdkKey}/", get(config::config))
}
