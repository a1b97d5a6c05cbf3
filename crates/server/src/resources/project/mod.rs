//! Settings of a project (/v3/projects).

use utoipa_axum::router::OpenApiRouter;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
}
