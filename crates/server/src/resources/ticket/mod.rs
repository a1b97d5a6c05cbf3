//! Tickets: what end users report (/v3/tickets).

pub mod change;
pub mod counters;
pub mod create;
pub mod document;
mod fields;
pub mod history;
mod links;
pub mod list;
pub mod log;
pub mod logs;
pub mod number;
pub mod owner;
mod place;
mod render;
pub mod replay;
pub mod schema;
mod searched;
pub mod show;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list, write::create))
        .routes(routes!(show::by_id, write::update, write::delete))
        .routes(routes!(logs::console))
        .routes(routes!(logs::network))
        .routes(routes!(logs::activity))
        .routes(routes!(replay::replay))
        .routes(routes!(replay::snapshot))
}
