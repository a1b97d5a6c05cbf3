//! Message templates: texts that a team writes again and again (/v3/message-templates).

pub mod body;
pub mod document;
mod list;
mod operations;
pub mod schema;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list, operations::create))
        .routes(routes!(
            operations::get,
            operations::update,
            operations::delete
        ))
}
