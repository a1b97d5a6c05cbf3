//! Old entries of the audit log are forgotten.

use anyhow::Result;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Sort, Tx};

use super::document::AuditEntry;
use crate::accounts::{SCOPE, project};
use crate::app::App;

/// Days for which entries are kept.
pub const AUDIT_DAYS: i64 = 400;
/// Entries that are deleted in one unit of work.
const ENTRIES_PER_UNIT: u32 = 200;
const DAY_MS: i64 = 86_400_000;

/// Deletes the entries of all projects that are older than [`AUDIT_DAYS`]; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> Result<u64> {
    let until = Millis(app.now().0 - AUDIT_DAYS * DAY_MS);
    let mut deleted = 0;
    for scope in project::ids(app).await?.into_iter().chain([SCOPE]) {
        loop {
            let some = sweep_some(app, scope, until).await?;
            deleted += some;
            if some < u64::from(ENTRIES_PER_UNIT) {
                break;
            }
        }
    }
    Ok(deleted)
}

/// Ids begin with the time, so the oldest come first without an index of their own.
async fn sweep_some(app: &App, scope: ObjectId, until: Millis) -> store::Result<u64> {
    let query = Query {
        filter: Filter::Range {
            field: FieldPath::known("_id"),
            op: RangeOp::Lt,
            value: Scalar::Id(ObjectId::from_parts(until.seconds(), [0; 8])),
        },
        sort: vec![Sort {
            path: "_id".into(),
            descending: false,
        }],
        limit: ENTRIES_PER_UNIT,
        ..Query::default()
    };
    let read = app.store.read(scope, move |snapshot| {
        let rows = snapshot.page::<AuditEntry>(&query)?.rows;
        Ok::<_, store::Error>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    });
    let old = read.await?;
    if old.is_empty() {
        return Ok(0);
    }
    let unit = move |tx: &mut Tx<'_>| {
        for id in &old {
            tx.delete::<AuditEntry>(*id)?;
        }
        Ok::<_, store::Error>(old.len() as u64)
    };
    app.store.write(scope, unit).await
}
