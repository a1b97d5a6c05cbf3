//! What is pushed: to the sockets of end users, and to those who watch a session.

use utoipa_axum::router::OpenApiRouter;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
}

mod hub;

pub use hub::{Activity, Hub};
