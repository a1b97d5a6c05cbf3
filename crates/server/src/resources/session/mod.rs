//! Sessions: `/v3/sessions`.

pub mod attributes;
pub mod credential;
pub mod document;
pub mod erase;
pub mod event;
pub mod fields;
pub mod history;
pub mod identify;
pub mod import;
pub mod list;
pub mod lookup;
mod memory;
pub mod merge;
pub mod render;
pub mod schema;
mod search;
pub mod searched;
mod subscription;
mod timeline;
pub mod visit;
pub mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations on sessions.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list, write::create))
        .routes(routes!(lookup::by_user_id))
        .routes(routes!(search::search))
        .routes(routes!(lookup::by_id, write::update))
        .routes(routes!(list::identity_history))
        .routes(routes!(timeline::events))
        .routes(routes!(subscription::unsubscribe))
        .routes(routes!(subscription::resubscribe))
        .routes(routes!(memory::list, memory::create, memory::clear))
        .routes(routes!(memory::get, memory::update, memory::remove))
}
