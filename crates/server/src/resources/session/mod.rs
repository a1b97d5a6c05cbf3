//! Sessions: `/v3/sessions`.

pub mod attributes;
pub mod credential;
pub mod document;
pub mod erase;
pub mod event;
pub mod history;
pub mod identify;
pub mod import;
pub mod list;
pub mod lookup;
pub mod merge;
pub mod render;
pub mod schema;
pub mod visit;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations on sessions.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(lookup::by_user_id))
        .routes(routes!(lookup::by_id))
        .routes(routes!(list::identity_history))
}
