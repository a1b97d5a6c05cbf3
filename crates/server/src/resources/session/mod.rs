//! Sessions: `/v3/sessions`.

mod activities;
pub mod activity;
mod addresses;
pub mod attributes;
pub mod blocked;
pub mod changes;
pub mod columns;
pub mod credential;
mod data;
mod delete;
pub mod document;
pub mod erase;
pub mod event;
mod export;
pub mod fields;
pub mod history;
pub mod identify;
pub mod import;
mod importer;
pub mod list;
pub mod lookup;
mod memory;
pub mod merge;
pub mod not_identifying;
pub mod render;
pub mod schema;
pub mod search;
pub mod searched;
mod subscription;
mod timeline;
pub mod unsubscribe_page;
pub mod visit;
pub mod warmup;
pub mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::SharedApp;

/// The operations on sessions.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list, write::create))
        .routes(routes!(export::export))
        .routes(routes!(importer::import))
        .routes(routes!(lookup::by_user_id))
        .routes(routes!(lookup::by_id, write::update, delete::delete))
        .routes(routes!(search::search))
        .routes(routes!(changes::operations::changes))
        .routes(routes!(warmup::warm_up))
        .routes(routes!(list::identity_history))
        .routes(routes!(timeline::events))
        .routes(routes!(activities::list))
        .routes(routes!(data::download))
        .routes(routes!(merge::operations::merge))
        .routes(routes!(merge::operations::list))
        .routes(routes!(merge::operations::get))
        .routes(routes!(merge::operations::undo))
        .routes(routes!(subscription::unsubscribe))
        .routes(routes!(subscription::resubscribe))
        .routes(routes!(unsubscribe_page::show, unsubscribe_page::confirm))
        .routes(routes!(memory::list, memory::create, memory::clear))
        .routes(routes!(memory::get, memory::update, memory::remove))
}
