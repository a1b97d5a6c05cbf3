//! Invitations: who may become a member, and by whom (/v3/invitations).

mod accept;
mod body;
pub mod mail;
mod mine;
mod operations;
mod organisation;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::body::EMAILS_MAX;
use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(mine::list))
        .routes(routes!(operations::list, operations::create))
        .routes(routes!(organisation::list, organisation::create))
        .routes(routes!(accept::look))
        .routes(routes!(accept::accept))
        .routes(routes!(mine::answer, operations::withdraw))
        .routes(routes!(operations::change_role))
}
