//! Loading sessions from files and from other services: `/v3/imports`.
//!
//! An import is a document that says how far it is. Its file lies in the data folder until it is finished. A worker takes one after the
//! other ([`queue`]), looks at all rows, and writes them in batches ([`run`], [`batch`]); each batch leaves what became of its rows and what
//! it changed, in the same unit of work, so that a crash loses nothing and [`undo`] finds the way back.

mod batch;
mod body;
mod changes;
mod claim;
pub mod create;
pub mod document;
pub mod forget;
mod operations;
pub mod queue;
mod result;
mod run;
mod services;
pub mod source;
mod undo;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::queue::{Queue, start};
use self::services::routes as services_routes;
use crate::app::SharedApp;

/// The operations on imports.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(operations::list, create::create))
        .routes(routes!(operations::get))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::undo))
        .routes(routes!(result::result))
        .routes(routes!(services_routes::from_intercom))
        .routes(routes!(services_routes::from_hubspot))
        .routes(routes!(services_routes::from_zendesk))
}
