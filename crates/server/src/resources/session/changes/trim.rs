//! Changes are kept for a time.

use anyhow::Result;
use store::{Millis, ObjectId, Tx};

use super::super::document::Session;
use crate::accounts::project;
use crate::app::App;

const DAY_MS: i64 = 86_400_000;
/// Changes that are deleted in one unit of work.
const CHANGES_PER_UNIT: u32 = 1_000;

/// Deletes the changes of all projects that are older than `session.change_days`; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> Result<u64> {
    let before = Millis(app.now().0 - i64::from(app.config.session.change_days) * DAY_MS);
    let mut deleted = 0;
    for project in project::ids(app).await? {
        loop {
            let some = sweep_some(app, project, before).await?;
            deleted += some;
            if some < u64::from(CHANGES_PER_UNIT) {
                break;
            }
        }
    }
    Ok(deleted)
}

async fn sweep_some(app: &App, project: ObjectId, before: Millis) -> store::Result<u64> {
    let read = app.store.read(project, move |snapshot| {
        snapshot.feed_older::<Session>(before, CHANGES_PER_UNIT)
    });
    let old = read.await?;
    if old.is_empty() {
        return Ok(0);
    }
    let trim = app.store.write(project, move |tx: &mut Tx<'_>| {
        tx.trim_feed::<Session>(before, &old)
    });
    trim.await
}
