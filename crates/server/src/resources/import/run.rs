//! An import from its start, or from where it was left, to its end.

use std::path::Path;
use std::time::Duration;

use store::{ObjectId, Tx};
use tokio::sync::mpsc;

use super::batch::{Batch, NotWritten, write};
use super::document::{Counts, Import, ImportBatch, ImportedRow, RowOutcome, Status};
use super::queue::{Place, folder};
use super::services::{self, Fetch};
use super::source::{Rows, Unreadable};
use super::undo;
use crate::app::SharedApp;
use crate::resources::session::credential::NewCredential;
use crate::resources::session::import::{Line, Rules, read};

/// Rows that are written in one unit of work.
pub const ROWS_PER_UNIT: usize = 500;
/// Bytes of rows after which a unit is full.
pub const BYTES_PER_UNIT: usize = 1 << 20;
/// Batches that are read while one is written.
const BATCHES_AHEAD: usize = 2;
/// Batches between two notes of how far the check is.
const BATCHES_PER_NOTE: u64 = 20;
/// Wrong rows of a refused import that its result names.
pub const REFUSED_ROWS_MAX: usize = 1_000;
/// The pause before a unit is tried again when too much waits.
pub const RETRY_PAUSE: Duration = Duration::from_millis(500);

const WITHOUT_FILE: &str = "the server stopped while the contacts were fetched, and keeps no credentials: start the import again";

/// Does what is to be done of an import.
///
/// # Errors
/// When the store fails: then it goes on from the last batch at the next start.
pub async fn run(app: &SharedApp, place: Place) -> store::Result<()> {
    let Some(import) = begin(app, place).await? else {
        return Ok(());
    };
    if import.status == Status::Running {
        work(app, place, import).await?;
    }
    // An import that could not be finished is taken back, as one that somebody wants undone.
    undo::run(app, place).await?;
    clean(app, place).await
}

/// Fetches the contacts of an import into its file.
///
/// # Errors
/// When the store fails: then the import fails with the next start.
pub async fn fetch(app: &SharedApp, place: Place, fetch: Fetch) -> store::Result<()> {
    let import = begin(app, place).await?;
    if import.is_some_and(|import| import.status == Status::Running) {
        services::fetch(app, place, &fetch).await?;
    }
    Ok(())
}

/// The import, when it is to be done.
async fn begin(app: &SharedApp, (project, id): Place) -> store::Result<Option<Import>> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Import>(id)? else {
            return Ok(None);
        };
        if row.doc.status == Status::Queued {
            row.doc.status = Status::Running;
            tx.put(&mut row)?;
        }
        Ok(Some(row.doc))
    };
    retried(app, project, unit).await
}

/// Runs a unit; waits while the store has too much to do.
pub async fn retried<T, F>(app: &SharedApp, project: ObjectId, unit: F) -> store::Result<T>
where
    F: Fn(&mut Tx<'_>) -> store::Result<T> + Clone + Send + 'static,
    T: Send + 'static,
{
    loop {
        match app.store.write(project, unit.clone()).await {
            Err(store::Error::Overloaded) => tokio::time::sleep(RETRY_PAUSE).await,
            done => return done,
        }
    }
}

/// Changes the document of an import while it runs; gives what it then is.
pub async fn note(
    app: &SharedApp,
    (project, id): Place,
    change: impl Fn(&mut Import) + Clone + Send + 'static,
) -> store::Result<Option<Import>> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Import>(id)? else {
            return Ok(None);
        };
        if row.doc.status == Status::Running {
            change(&mut row.doc);
            tx.put(&mut row)?;
        }
        Ok(Some(row.doc))
    };
    retried(app, project, unit).await
}

async fn work(app: &SharedApp, place: Place, mut import: Import) -> store::Result<()> {
    if import.file.is_none() {
        return end_without_file(app, place).await;
    }
    if !import.checked {
        match check(app, place, &import).await? {
            Some(checked) => import = checked,
            None => return Ok(()),
        }
    }
    write_all(app, place, &import).await
}

/// Ends an import whose contacts were not fetched to the end.
///
/// # Errors
/// Those of the store.
pub async fn end_without_file(app: &SharedApp, place: Place) -> store::Result<()> {
    begin(app, place).await?;
    let now = app.now();
    let end = move |import: &mut Import| {
        if import.file.is_none() {
            end_failed(import, WITHOUT_FILE, now);
        }
    };
    note(app, place, end).await.map(drop)
}

fn end_failed(import: &mut Import, message: &str, now: store::Millis) {
    import.name_fault(0, message);
    import.status = Status::Failed;
    import.finished_at = Some(now);
}

/// Ends an import of which nothing is written.
pub async fn fail(app: &SharedApp, place: Place, message: String) -> store::Result<()> {
    let now = app.now();
    let failed = move |import: &mut Import| end_failed(import, &message, now);
    note(app, place, failed).await.map(drop)
}

/// Whether an import that is to stop has been stopped here.
fn stop(import: &mut Import, now: store::Millis) -> bool {
    if import.cancel_requested {
        import.status = Status::Cancelled;
        import.finished_at = Some(now);
    }
    import.status != Status::Running
}

/// Looks at all rows. Gives the import when it may be written.
async fn check(app: &SharedApp, place: Place, import: &Import) -> store::Result<Option<Import>> {
    let mut batches = read_file(app, import, 0);
    let (mut seen, mut wrong, mut read) = (Counts::default(), Vec::new(), 0u64);
    while let Some(batch) = batches.recv().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                fail(app, place, error.0).await?;
                return Ok(None);
            }
        };
        seen.rows += batch.rows.len() as u64;
        for (line, fault) in batch.faults() {
            seen.failed += 1;
            if wrong.len() < REFUSED_ROWS_MAX {
                wrong.push((line, fault.to_owned()));
            }
        }
        read += 1;
        if read % BATCHES_PER_NOTE == 0 {
            let (position, now) = (batch.position, app.now());
            let told = note(app, place, move |import| {
                import.bytes_read = position;
                stop(import, now);
            });
            if told
                .await?
                .is_none_or(|import| import.status != Status::Running)
            {
                return Ok(None);
            }
        }
    }
    if !wrong.is_empty() && !import.partial {
        refuse(app, place, seen, wrong).await?;
        return Ok(None);
    }
    let now = app.now();
    let checked = note(app, place, move |import| {
        import.checked = true;
        import.bytes_read = 0;
        stop(import, now);
    });
    Ok(checked
        .await?
        .filter(|import| import.status == Status::Running))
}

/// Ends an import whose rows are not all right, and keeps what is wrong with them as its result.
async fn refuse(
    app: &SharedApp,
    (project, id): Place,
    seen: Counts,
    wrong: Vec<(u64, String)>,
) -> store::Result<()> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Import>(id)? else {
            return Ok(());
        };
        row.doc.counts = seen;
        for (line, fault) in &wrong {
            row.doc.name_fault(*line, fault);
        }
        row.doc.status = Status::Failed;
        row.doc.finished_at = Some(tx.now());
        tx.put(&mut row)?;
        let row = |(line, fault): &(u64, String)| ImportedRow {
            error: Some(fault.clone()),
            ..ImportedRow::new(*line, RowOutcome::Failed)
        };
        let batch = ImportBatch {
            import: id,
            first: 0,
            rows: wrong.iter().map(row).collect(),
        };
        tx.add(&batch)
    };
    retried(app, project, unit).await
}

async fn write_all(app: &SharedApp, place: Place, import: &Import) -> store::Result<()> {
    let mut first = import.counts.rows;
    let mut batches = read_file(app, import, first);
    while let Some(batch) = batches.recv().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return undo::give_up(app, place, 0, error.0).await,
        };
        let rows = batch.rows.len() as u64;
        match write(app, place, import, first, batch).await {
            Ok(true) => first += rows,
            Ok(false) => return Ok(()),
            Err(NotWritten::Row(line, fault)) => {
                return undo::give_up(app, place, line, fault).await;
            }
            Err(NotWritten::Store(error)) => return Err(error),
        }
    }
    let now = app.now();
    let done = move |import: &mut Import| {
        import.status = Status::Done;
        import.bytes_read = import.bytes;
        import.finished_at = Some(now);
    };
    note(app, place, done).await.map(drop)
}

type Batches = mpsc::Receiver<Result<Batch, Unreadable>>;

/// Reads the file on a thread of its own, without the first `skipped` rows.
fn read_file(app: &SharedApp, import: &Import, skipped: u64) -> Batches {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let path = folder(app).join(import.file.as_deref().unwrap_or_default());
    let (app, import) = (app.clone(), import.clone());
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read_batches(&app, &import, &path, skipped, &sender) {
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn read_batches(
    app: &SharedApp,
    import: &Import,
    path: &Path,
    mut skipped: u64,
    batches: &mpsc::Sender<Result<Batch, Unreadable>>,
) -> Result<(), Unreadable> {
    let file = std::fs::File::open(path)
        .map_err(|error| Unreadable(format!("the file cannot be read: {error}")))?;
    let mut rows = Rows::open(Box::new(file), import.format, &import.mapping)?;
    let rules = Rules {
        limits: app.attribute_limits(),
        now: import.created_at,
    };
    let (mut batch, mut bytes) = (Batch::default(), 0);
    while let Some(row) = rows.next_row()? {
        if skipped > 0 {
            skipped -= 1;
            continue;
        }
        bytes += row.json.as_ref().map_or(0, Vec::len);
        let line: Result<Line, String> = row.json.and_then(|json| {
            let credential = NewCredential::new(&app.random);
            read(row.line, &json, &credential, rules)
        });
        batch.rows.push(line.map_err(|fault| (row.line, fault)));
        if batch.rows.len() >= ROWS_PER_UNIT || bytes >= BYTES_PER_UNIT {
            batch.position = rows.bytes();
            bytes = 0;
            if batches
                .blocking_send(Ok(std::mem::take(&mut batch)))
                .is_err()
            {
                return Ok(()); // nobody wants more
            }
        }
    }
    if !batch.rows.is_empty() {
        batch.position = rows.bytes();
        let _ = batches.blocking_send(Ok(batch));
    }
    Ok(())
}

/// Removes the file of an import that is finished.
async fn clean(app: &SharedApp, (project, id): Place) -> store::Result<()> {
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Import>(id)? else {
            return Ok(None);
        };
        if Status::UNFINISHED.contains(&row.doc.status) {
            return Ok(None);
        }
        let file = row.doc.file.take();
        if file.is_some() {
            tx.put(&mut row)?;
        }
        Ok(file)
    };
    if let Some(file) = retried(app, project, unit).await? {
        let _ = tokio::fs::remove_file(folder(app).join(file)).await;
    }
    Ok(())
}
