//! Builds and removes indexes in the background, as soon as one was declared or dropped.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::app::SharedApp;

/// So long after the last time it looks whether another process left something to do.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Wakes who builds.
#[derive(Default)]
pub struct Builder(Arc<Notify>);

impl Builder {
    /// Says that there is something to do.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Starts to build what was left, and from then on what is declared, until the application is gone.
pub fn start(app: &SharedApp) {
    let woken = Arc::clone(&app.session_indexes.0);
    let app = Arc::downgrade(app);
    tokio::spawn(async move {
        while let Some(app) = app.upgrade() {
            match app.store.build_declared().await {
                Ok(()) => {}
                Err(store::Error::Closed) => return,
                Err(error) => {
                    tracing::error!(%error, "session indexes are not complete: trying again")
                }
            }
            drop(app);
            let _ = tokio::time::timeout(LOOK_AGAIN, woken.notified()).await;
        }
    });
}
