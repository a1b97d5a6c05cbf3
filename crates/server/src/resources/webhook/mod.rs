//! Webhooks (/v3/webhooks): servers of the customer are told what happens in a project.

pub mod body;
pub mod deliver;
pub mod document;
pub mod emit;
pub mod log;
mod operations;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(operations::list, operations::create))
        .routes(routes!(
            operations::get,
            operations::update,
            operations::delete
        ))
        .routes(routes!(operations::rotate))
        .routes(routes!(log::list))
        .routes(routes!(log::resend))
}
