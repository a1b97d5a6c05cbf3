//! Files that clients uploaded: kept outside of the database, served under addresses that cannot be guessed.

use utoipa_axum::router::OpenApiRouter;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
}
