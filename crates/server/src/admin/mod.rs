//! `/admin/*`: what servers of the customer call, with the secret token of a project (wire note §4.14).
//!
//! The official client ignores the status of answers and sends nothing twice, so what can be kept of a call within the limits is kept.

mod auth;
mod contacts;
mod identify;
mod track;

use axum::Extension;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::app::{App, SharedApp};
use crate::auth::token;
use crate::http::limits::BodyLimit;
use crate::resources::session::history::Origin;
use crate::resources::session::identify::NewCredential;

/// The operations of the surface.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(auth::check))
        .routes(routes!(identify::identify))
        .routes(routes!(track::track).layer(Extension(BodyLimit(track::BODY_BYTES_MAX))))
        .routes(routes!(contacts::delete))
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

/// A credential for a session that may have to be made.
pub fn new_credential(app: &App) -> NewCredential {
    NewCredential {
        gleap_id: hex::encode(app.random.bytes::<12>()),
        gleap_hash: token::new_gleap_hash(&app.random),
    }
}
