//! What is pushed: to the sockets of end users, and to those who watch a session.
//!
//! What must arrive is written to the [`outbox`] of its session. The commit wakes [`delivery`], which hands it to the
//! sockets in the [`hub`] or leaves it where it is until there are some.

mod action;
mod checklist;
mod checklists;
mod delivery;
mod feed;
mod frame;
mod harmless;
mod hub;
pub mod notification;
pub mod outbox;
mod room;
mod socket;
pub mod team;
mod unread;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::feed::{HEARTBEAT, WATCH_MAX};
pub(crate) use self::hub::slot;
pub use self::hub::{Activity, Hub, Place};
pub use self::team::Team;
use crate::app::SharedApp;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(socket::open))
        .routes(routes!(socket::open_at_root))
        .routes(routes!(feed::watch))
        .routes(routes!(team::operations::watch))
        .routes(routes!(team::operations::typing))
        .routes(routes!(team::operations::viewing))
        .routes(routes!(notification::send))
        .routes(routes!(unread::set))
        .routes(routes!(checklists::list))
        .routes(routes!(checklist::record))
}

/// Starts to deliver what is in outboxes, until the hub stops or the application is gone.
pub fn start(app: &SharedApp) {
    tokio::spawn(delivery::run(Arc::downgrade(app), Arc::clone(&app.live)));
}
