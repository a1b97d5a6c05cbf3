//! The end of files: those that nobody claimed in time, and those of sessions that are gone.

use anyhow::Result;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{ObjectId, Query, Tx};

use super::document::File;
use crate::accounts::project;
use crate::app::App;

/// Files that are removed in one go.
const FILES_PER_STEP: u32 = 200;

/// Removes the expired files of all projects; returns how many.
///
/// # Errors
/// Those of the store. Bytes that cannot be removed stay for the next time.
pub async fn sweep(app: &App) -> Result<u64> {
    let mut removed = 0;
    for project in project::ids(app).await? {
        removed += sweep_project(app, project).await?;
    }
    Ok(removed)
}

/// Removes the bytes of files that a session left behind. What cannot be removed now stays for [`sweep`].
pub async fn remove_erased(app: &App, project: ObjectId) {
    if let Err(error) = sweep_project(app, project).await {
        tracing::warn!(%error, "the files of an erased session are removed later");
    }
}

/// Removes the expired files of one project; returns how many.
async fn sweep_project(app: &App, project: ObjectId) -> store::Result<u64> {
    let mut removed = 0;
    loop {
        // From here on nobody reads or claims them.
        let ids = app.store.write(project, give_up_expired).await?;
        let (found, gone) = (ids.len(), remove_bytes(app, project, ids).await);
        removed += gone.len() as u64;
        let is_last = found < FILES_PER_STEP as usize || gone.is_empty();
        forget(app, project, gone).await?;
        if is_last {
            return Ok(removed);
        }
    }
}

/// Removes files that are nobody's yet. What cannot be removed is left for [`sweep`].
pub(super) async fn remove(app: &App, project: ObjectId, files: Vec<ObjectId>) {
    let gone = remove_bytes(app, project, files).await;
    if let Err(error) = forget(app, project, gone).await {
        tracing::warn!(%error, "uploads that were given up are removed later");
    }
}

fn give_up_expired(tx: &mut Tx<'_>) -> store::Result<Vec<ObjectId>> {
    let now = tx.now();
    let expired = Query {
        filter: Filter::Range {
            field: FieldPath::known("expiresAt"),
            op: RangeOp::Le,
            value: Scalar::Instant(now),
        },
        limit: FILES_PER_STEP,
        ..Query::default()
    };
    let ids: Vec<_> = tx
        .page::<File>(&expired)?
        .rows
        .iter()
        .map(|row| row.id)
        .collect();
    for id in &ids {
        let mut row = tx.get_for_update::<File>(*id)?.ok_or_else(|| tx.raced())?;
        if row.doc.is_somebodys() {
            row.doc.give_up(now);
            tx.put(&mut row)?;
        }
    }
    Ok(ids)
}

/// Returns those whose bytes are gone.
async fn remove_bytes(app: &App, project: ObjectId, files: Vec<ObjectId>) -> Vec<ObjectId> {
    let mut gone = Vec::with_capacity(files.len());
    for file in files {
        match app.files.remove(project, file).await {
            Ok(()) => gone.push(file),
            Err(error) => tracing::warn!(%file, %error, "a file could not be removed"),
        }
    }
    gone
}

async fn forget(app: &App, project: ObjectId, files: Vec<ObjectId>) -> store::Result<()> {
    let unit = move |tx: &mut Tx<'_>| {
        files
            .iter()
            .try_for_each(|id| tx.delete::<File>(*id).map(drop))
    };
    app.store.write(project, unit).await
}
