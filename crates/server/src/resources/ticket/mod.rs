//! Tickets: what end users report (/v3/tickets).

mod actions;
mod audit;
pub mod change;
mod compose;
mod contact;
pub mod counters;
pub mod create;
pub mod document;
mod export;
pub mod fields;
pub mod find;
pub mod history;
mod links;
pub mod list;
pub mod load;
pub mod log;
pub mod logs;
mod merge;
pub mod number;
pub mod owner;
pub mod people;
mod place;
pub mod render;
pub mod replay;
pub mod schema;
mod searched;
pub mod settings;
pub mod show;
pub mod told;
mod tracker;
pub mod transcript;
pub mod vote;
pub mod wake;
mod write;

use axum::Extension;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::SharedApp;
use crate::http::limits::BodyLimit;

/// Bytes of the body that makes a ticket: its logs may be long.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    let large = Extension(BodyLimit(BODY_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(list::list, write::create).layer(large))
        .routes(routes!(find::search))
        .routes(routes!(find::extended))
        .routes(routes!(find::by_session))
        .routes(routes!(list::count))
        .routes(routes!(export::json))
        .routes(routes!(export::csv))
        .routes(routes!(export::fields))
        .routes(routes!(show::by_share_token))
        .routes(routes!(compose::compose))
        .routes(routes!(merge::merge))
        .routes(routes!(actions::archive_all))
        .routes(routes!(tracker::create, tracker::find))
        .routes(routes!(show::by_id, write::update, write::delete))
        .routes(routes!(audit::export))
        .routes(routes!(actions::snooze))
        .routes(routes!(actions::archive))
        .routes(routes!(transcript::send))
        .routes(routes!(actions::unarchive))
        .routes(routes!(actions::link))
        .routes(routes!(actions::unlink))
        .routes(routes!(vote::vote))
        .routes(routes!(logs::console))
        .routes(routes!(logs::network))
        .routes(routes!(logs::activity))
        .routes(routes!(replay::replay))
        .routes(routes!(replay::snapshot))
}
