//! Some rows of an import: written, with what became of them and how far the import is, in one unit of work.

use std::sync::Arc;

use store::Tx;

use super::changes;
use super::document::{Import, ImportBatch, ImportChange, ImportedRow, RowOutcome, Status};
use super::queue::Place;
use crate::app::SharedApp;
use crate::resources::session::history::Origin;
use crate::resources::session::import::{self as session, Line, Outcome, Written};

/// Rows that were read: each ready to be written, or its line and what is wrong with it.
#[derive(Default)]
pub struct Batch {
    pub rows: Vec<Result<Line, (u64, String)>>,
    /// Bytes of the file up to here.
    pub position: u64,
}

impl Batch {
    /// What is wrong with which line.
    pub fn faults(&self) -> impl Iterator<Item = (u64, &str)> {
        let wrong = self.rows.iter().filter_map(|row| row.as_ref().err());
        wrong.map(|(line, fault)| (*line, fault.as_str()))
    }
}

/// Why a batch was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// A row is wrong, and the import is all or nothing.
    Row(u64, String),
    Store(store::Error),
}

impl From<store::Error> for NotWritten {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Why a unit was rolled back.
enum Rollback {
    NotWritten(NotWritten),
    /// It was to find out only.
    DryRun(Vec<ImportedRow>),
}

impl From<store::Error> for Rollback {
    fn from(error: store::Error) -> Self {
        Self::NotWritten(error.into())
    }
}

/// Writes a batch of an import that has written `first` rows. Gives whether to go on: not when it was stopped.
pub async fn write(
    app: &SharedApp,
    place: Place,
    import: &Import,
    first: u64,
    batch: Batch,
) -> Result<bool, NotWritten> {
    let (project, id) = place;
    let job = Arc::new(Job {
        place,
        first,
        batch,
        dry_run: import.dry_run,
        partial: import.partial,
        origin: Origin::of_import(Some(format!("/v3/imports/{id}")), Some(import.user)),
    });
    loop {
        let unit = Arc::clone(&job);
        match app.store.write(project, move |tx| unit.run(tx)).await {
            Ok(go_on) => return Ok(go_on),
            Err(Rollback::DryRun(rows)) => return job.record_alone(app, rows).await,
            Err(Rollback::NotWritten(NotWritten::Store(store::Error::Overloaded))) => {
                tokio::time::sleep(super::run::RETRY_PAUSE).await;
            }
            Err(Rollback::NotWritten(error)) => return Err(error),
        }
    }
}

struct Job {
    place: Place,
    first: u64,
    batch: Batch,
    dry_run: bool,
    partial: bool,
    origin: Origin,
}

impl Job {
    fn run(&self, tx: &mut Tx<'_>) -> Result<bool, Rollback> {
        if !self.may_go_on(tx)? {
            return Ok(false);
        }
        let mut rows = Vec::with_capacity(self.batch.rows.len());
        for row in &self.batch.rows {
            let imported = match row {
                Ok(line) => self.write_row(tx, line)?,
                Err((line, fault)) => failed(*line, fault.clone()),
            };
            if let (false, Some(fault)) = (self.partial, &imported.error) {
                let fault = NotWritten::Row(imported.line, fault.clone());
                return Err(Rollback::NotWritten(fault));
            }
            rows.push(imported);
        }
        if self.dry_run {
            return Err(Rollback::DryRun(rows));
        }
        Ok(self.record(tx, rows)?)
    }

    /// Stops an import that is to be stopped.
    fn may_go_on(&self, tx: &mut Tx<'_>) -> store::Result<bool> {
        let Some(mut row) = tx.get_for_update::<Import>(self.place.1)? else {
            return Ok(false);
        };
        if row.doc.status == Status::Running && row.doc.cancel_requested {
            row.doc.status = Status::Cancelled;
            row.doc.finished_at = Some(tx.now());
            tx.put(&mut row)?;
        }
        Ok(row.doc.status == Status::Running && row.doc.counts.rows == self.first)
    }

    fn write_row(&self, tx: &mut Tx<'_>, line: &Line) -> store::Result<ImportedRow> {
        let written = match session::write(tx, line, &self.origin)? {
            Ok(written) => written,
            Err(fault) => return Ok(failed(line.number, fault)),
        };
        let Written {
            outcome,
            row,
            before,
            released,
        } = written;
        let mut imported = ImportedRow {
            session: Some(row.id),
            ..ImportedRow::new(line.number, RowOutcome::Unchanged)
        };
        match (outcome, before) {
            (Outcome::Unchanged, _) => {}
            (Outcome::Updated, Some(before)) => {
                imported.outcome = RowOutcome::Updated;
                let fields = changes::between(&before, &serde_json::to_vec(&row.doc)?)?;
                let change = ImportChange {
                    session: row.id,
                    fields,
                    released: released
                        .into_iter()
                        .map(|(kind, key)| (kind.0, key))
                        .collect(),
                };
                let id = tx.new_id();
                tx.append(id, &change)?;
                imported.change = Some(id);
            }
            (Outcome::Created | Outcome::Updated, _) => {
                imported.outcome = RowOutcome::Created;
                imported.made = Some(changes::fingerprint(&row.doc)?);
                if self.dry_run {
                    imported.session = None; // it will have another id
                }
            }
        }
        Ok(imported)
    }

    /// What became of the rows, and how far the import is.
    fn record(&self, tx: &mut Tx<'_>, rows: Vec<ImportedRow>) -> store::Result<bool> {
        let id = self.place.1;
        let Some(mut import) = tx.get_for_update::<Import>(id)? else {
            return Ok(false);
        };
        let doc = &mut import.doc;
        for row in &rows {
            match row.outcome {
                RowOutcome::Created => doc.counts.created += 1,
                RowOutcome::Updated => doc.counts.updated += 1,
                RowOutcome::Failed => doc.fail(row.line, row.error.as_deref().unwrap_or_default()),
                _ => doc.counts.unchanged += 1,
            }
        }
        doc.counts.rows += rows.len() as u64;
        doc.bytes_read = self.batch.position;
        tx.put(&mut import)?;
        let batch = ImportBatch {
            import: id,
            first: self.first,
            rows,
        };
        tx.add(&batch)?;
        Ok(true)
    }

    async fn record_alone(
        self: &Arc<Self>,
        app: &SharedApp,
        rows: Vec<ImportedRow>,
    ) -> Result<bool, NotWritten> {
        let job = Arc::clone(self);
        let unit = move |tx: &mut Tx<'_>| {
            let mut rows = rows.clone();
            rows.iter_mut().for_each(|row| {
                row.change = None;
                row.made = None;
            });
            Ok(job.may_go_on(tx)? && job.record(tx, rows)?)
        };
        Ok(super::run::retried(app, self.place.0, unit).await?)
    }
}

fn failed(line: u64, fault: String) -> ImportedRow {
    ImportedRow {
        error: Some(fault),
        ..ImportedRow::new(line, RowOutcome::Failed)
    }
}
