//! What is kept of imports holds personal data, so it is kept no longer than it is good for.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Tx};

use super::document::{Import, ImportBatch, ImportChange};
use super::run::retried;
use crate::app::SharedApp;

/// Days in which an import can be undone and its result can be had.
pub const KEPT_DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Forgets what an erased or merged session was before imports changed it: then only the rest of them can be undone.
///
/// # Errors
/// Those of the store.
pub fn session(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    tx.delete_where::<ImportChange>("session", session)
        .map(drop)
}

/// Whether an import can no longer be undone, because too much time has passed.
#[must_use]
pub fn is_old(import: &Import, now: Millis) -> bool {
    now.0 - import.created_at.0 > KEPT_DAYS * DAY_MS
}

/// Forgets the imports of a project that are too old, batch by batch. Their sums stay.
pub async fn old(app: &SharedApp, project: ObjectId) -> store::Result<()> {
    let before = Millis(app.now().0 - KEPT_DAYS * DAY_MS);
    let query = Query {
        filter: Filter::Range {
            field: FieldPath::known("createdAt"),
            op: RangeOp::Lt,
            value: Scalar::Instant(before),
        },
        limit: 1_000,
        ..Query::default()
    };
    let read = app.store.read(project, move |snapshot| {
        let rows = snapshot.page::<Import>(&query)?.rows;
        Ok::<_, store::Error>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    });
    for import in read.await? {
        while retried(app, project, move |tx| batch(tx, import)).await? {}
    }
    Ok(())
}

fn batch(tx: &mut Tx<'_>, import: ObjectId) -> store::Result<bool> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("import"), Scalar::Id(import)),
        limit: 1,
        ..Query::default()
    };
    let Some(raw) = tx.page::<ImportBatch>(&query)?.rows.pop() else {
        return Ok(false);
    };
    let batch: ImportBatch = raw.parse()?;
    for change in batch.rows.iter().filter_map(|row| row.change) {
        tx.delete::<ImportChange>(change)?;
    }
    tx.delete_at::<ImportBatch>(&[import.into(), batch.position()], raw.id)
}
