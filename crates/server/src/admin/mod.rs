//! `/admin/*`: what servers of the customer call, with the secret token of a project (wire note §4.14).
//!
//! The official client ignores the status of answers and sends nothing twice, so what can be kept of a call within the limits is kept.

mod auth;
mod companies;
mod contacts;
mod identify;
mod track;

use axum::Extension;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::SharedApp;
use crate::http::limits::BodyLimit;
use crate::resources::session::history::Origin;

/// The operations of the surface.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(auth::check))
        .routes(routes!(identify::identify))
        .routes(routes!(track::track).layer(Extension(BodyLimit(track::BODY_BYTES_MAX))))
        .routes(routes!(contacts::delete))
        .routes(routes!(companies::get, companies::put, companies::delete))
}

fn origin(path: &str) -> Origin {
    Origin {
        source: "admin".into(),
        method: Some("POST".into()),
        original_url: Some(path.into()),
        user_id: None,
        has_api_key: true,
    }
}
