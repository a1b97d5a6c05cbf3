//! Dead jobs are forgotten after a time.

use anyhow::Result;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Tx};

use super::document::QueuedJob;
use super::enqueue::remove;
use super::run::everywhere;
use crate::app::SharedApp;

/// Days for which a dead job is kept.
pub const DEAD_DAYS: i64 = 30;
/// Jobs that are deleted in one unit of work.
const JOBS_PER_UNIT: u32 = 200;

const DAY_MS: i64 = 86_400_000;

/// Deletes the jobs of all projects that have been dead for [`DEAD_DAYS`]; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &SharedApp) -> Result<u64> {
    let until = Millis(app.now().0 - DEAD_DAYS * DAY_MS);
    let mut deleted = 0;
    for project in everywhere(app).await? {
        loop {
            let some = sweep_some(app, project, until).await?;
            deleted += some;
            if some < u64::from(JOBS_PER_UNIT) {
                break;
            }
        }
    }
    Ok(deleted)
}

async fn sweep_some(app: &SharedApp, project: ObjectId, until: Millis) -> store::Result<u64> {
    let query = Query {
        filter: Filter::Range {
            field: FieldPath::known("deadAt"),
            op: RangeOp::Le,
            value: Scalar::Instant(until),
        },
        limit: JOBS_PER_UNIT,
        ..Query::default()
    };
    let asked = query.clone();
    let read = app.store.read(project, move |snapshot| {
        Ok::<_, store::Error>(snapshot.count::<QueuedJob>(&asked, 1)? > 0)
    });
    if !read.await? {
        return Ok(0);
    }
    let unit = move |tx: &mut Tx<'_>| {
        let rows = tx.page::<QueuedJob>(&query)?.rows;
        for row in &rows {
            remove(tx, &row.typed()?)?;
        }
        Ok::<_, store::Error>(rows.len() as u64)
    };
    app.store.write(project, unit).await
}
