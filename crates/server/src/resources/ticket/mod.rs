//! Tickets: what end users report (/v3/tickets).

pub mod create;
pub mod document;
pub mod list;
pub mod log;
pub mod logs;
pub mod number;
pub mod owner;
mod render;
pub mod replay;
pub mod schema;
pub mod show;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::by_id))
        .routes(routes!(logs::console))
        .routes(routes!(logs::network))
        .routes(routes!(logs::activity))
        .routes(routes!(replay::replay))
        .routes(routes!(replay::snapshot))
}
