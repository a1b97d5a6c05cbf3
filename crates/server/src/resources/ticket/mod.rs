//! Tickets: what end users report (/v3/tickets).

use utoipa_axum::router::OpenApiRouter;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
}
