//! The SDK surface: what the official clients call (contract: wire note).

use utoipa_axum::router::OpenApiRouter;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
}
