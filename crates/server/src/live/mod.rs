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
mod word;

use std::sync::Arc;

use store::ObjectId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::feed::{HEARTBEAT, WATCH_MAX};
pub(crate) use self::hub::slot;
pub use self::hub::{Activity, Hub, Place};
pub use self::team::Team;
use self::word::Word;
use crate::app::{App, SharedApp};

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

/// Tells those who watch a session what it did, on whichever node they do. Call it after the commit.
pub fn report(app: &App, project: ObjectId, session: ObjectId, activity: Activity) {
    let place = (project, session);
    if app.live.is_watched_elsewhere(place) {
        let word = Word::did(place, activity.clone());
        app.store.say(word.to_line());
    }
    app.live.report(place, &activity);
}

/// Hears what another node says. What this version does not understand is of a newer one.
pub fn hear(line: &str, hub: &Hub, team: &Team) {
    match Word::of_line(line) {
        Some(Word::Present { project, present }) => team.hear(project, present),
        Some(Word::Watched { project, session }) => hub.watched_elsewhere((project, session)),
        Some(Word::Did {
            project,
            session,
            activity,
        }) => hub.report((project, session), &activity),
        Some(Word::Frame {
            project,
            session,
            frame,
        }) => {
            hub.push_to_pages((project, session), &frame.into());
        }
        None => tracing::debug!("another node said something that is not understood"),
    }
}

/// Starts to deliver what is in outboxes, until the hub stops or the application is gone.
pub fn start(app: &SharedApp) {
    tokio::spawn(delivery::run(Arc::downgrade(app), Arc::clone(&app.live)));
}
