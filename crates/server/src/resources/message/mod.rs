//! Messages: what is said in the conversations of tickets (/v3/messages).

pub mod body;
pub mod by_mail;
mod change;
pub mod conversation;
pub mod create;
pub mod document;
pub mod inbound;
mod list;
pub mod owner;
pub mod render;
pub mod rich_text;
pub mod schema;
pub mod search;
mod show;
pub mod unread;

use axum::Extension;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::SharedApp;
use crate::http::limits::BodyLimit;

/// Bytes of a body: the largest document, whose signs may be escaped.
const BODY_BYTES_MAX: usize = 4 * body::CONTENT_BYTES_MAX;

fn large() -> Extension<BodyLimit> {
    Extension(BodyLimit(BODY_BYTES_MAX))
}

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create).layer(large()))
        .routes(routes!(search::search))
        .routes(routes!(show::by_id, change::update, change::delete).layer(large()))
}
