//! The SDK surface: what the official clients call (contract: wire note).

mod bugs;
mod uploads;

use axum::Extension;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::SharedApp;
use crate::http::limits::BodyLimit;

/// The operations.
pub fn routes(app: &SharedApp) -> OpenApiRouter<SharedApp> {
    let report = Extension(BodyLimit(app.config.sdk.report_bytes_max));
    OpenApiRouter::new()
        .routes(routes!(bugs::report).layer(report))
        .routes(routes!(uploads::capture))
        .routes(routes!(uploads::steps))
        .routes(routes!(uploads::attachments))
}
