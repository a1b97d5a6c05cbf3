//! Documents that are kept for a time and then forgotten, whoever wrote them.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Document, Millis, ObjectId, Query, Sort, Tx};

use crate::app::App;

/// Documents that are deleted in one unit of work.
const DOCUMENTS_PER_UNIT: u32 = 200;

/// Deletes the documents of a project that were made before `until`, some at a time; returns how many. For those that nothing refers to.
///
/// # Errors
/// Those of the store; some may be deleted then.
pub async fn delete<D: Document>(
    app: &App,
    project: ObjectId,
    until: Millis,
) -> store::Result<u64> {
    let mut deleted = 0;
    loop {
        let some = delete_some::<D>(app, project, until).await?;
        deleted += some;
        if some < u64::from(DOCUMENTS_PER_UNIT) {
            return Ok(deleted);
        }
    }
}

/// Ids begin with the time, so the oldest come first without an index of their own.
async fn delete_some<D: Document>(
    app: &App,
    project: ObjectId,
    until: Millis,
) -> store::Result<u64> {
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
        limit: DOCUMENTS_PER_UNIT,
        ..Query::default()
    };
    let read = app.store.read(project, move |snapshot| {
        let rows = snapshot.page::<D>(&query)?.rows;
        Ok::<_, store::Error>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    });
    let old = read.await?;
    if old.is_empty() {
        return Ok(0);
    }
    let unit = move |tx: &mut Tx<'_>| {
        for id in &old {
            tx.delete::<D>(*id)?;
        }
        Ok::<_, store::Error>(old.len() as u64)
    };
    app.store.write(project, unit).await
}
