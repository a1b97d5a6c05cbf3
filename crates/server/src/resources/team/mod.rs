//! Teams: members who share tickets, and who of them gets which (/v3/teams).

pub mod assign;
pub mod attendance;
mod body;
pub mod document;
mod hours;
pub mod leave;
mod operations;
pub mod queue;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::body::{NAME_CHARS_MAX, TEAM_MEMBERS_MAX, TEAMS_MAX, TICKET_AMOUNT_MAX};
use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(operations::list, operations::create))
        .routes(routes!(operations::update, operations::delete))
}
