//! Jobs that were given up: seen, and tried again when the operator has mended what they failed of.

use std::cmp::Reverse;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Error, Millis, ObjectId, Query, Row, Snapshot, Sort, Tx};

use super::claim::by;
use super::document::QueuedJob;
use super::enqueue::{remove, run_again};
use super::finish::count_dead;
use super::run::everywhere;
use crate::accounts::SCOPE;
use crate::app::SharedApp;
use crate::identity;

/// Dead jobs that a list shows.
pub const LISTED_MAX: u32 = 1_000;
/// Jobs that are tried again in one unit of work.
const JOBS_PER_UNIT: u32 = 200;

/// A job that was given up, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    pub id: ObjectId,
    /// The name of its [kind](super::Kind).
    pub kind: String,
    /// Absent: it belongs to the accounts.
    pub project: Option<ObjectId>,
    /// When it was given up.
    pub died_at: Millis,
    /// Runs that were begun.
    pub attempts: u32,
    /// Why the last run failed.
    pub error: Option<String>,
}

/// The dead jobs of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJobs {
    /// Those that died last, the last one first; at most [`LISTED_MAX`].
    pub jobs: Vec<DeadJob>,
    /// How many more there are.
    pub more: u64,
}

/// What became of jobs that were to be tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// How many are due now.
    pub due: u64,
    /// Those that were removed, because an unfinished job has their key.
    pub stood_for: Vec<StoodFor>,
}

/// A dead job that was removed instead of tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoodFor {
    pub id: ObjectId,
    /// The unfinished job with the same key.
    pub by: ObjectId,
}

/// The dead jobs of all projects and of the accounts.
///
/// # Errors
/// Those of the store.
pub async fn list(app: &SharedApp) -> Result<DeadJobs> {
    let (mut jobs, mut count) = (Vec::new(), 0);
    for project in everywhere(app).await? {
        let read = app.store.read(project, |snapshot| {
            Ok::<_, Error>((newest(snapshot)?, count_dead(snapshot)?))
        });
        let (some, of_project) = read.await?;
        jobs.extend(some);
        count += of_project;
    }
    jobs.sort_by_key(|job| Reverse((job.died_at, job.id)));
    jobs.truncate(LISTED_MAX as usize);
    let more = count.saturating_sub(jobs.len() as u64);
    Ok(DeadJobs { jobs, more })
}

fn newest(snapshot: &Snapshot<'_>) -> store::Result<Vec<DeadJob>> {
    let query = Query {
        filter: Filter::Exists(FieldPath::known("deadAt")),
        sort: vec![Sort {
            path: "deadAt".into(),
            descending: true,
        }],
        limit: LISTED_MAX,
        ..Query::default()
    };
    let project = snapshot.project();
    let rows = snapshot.page::<QueuedJob>(&query)?.rows;
    let shown = |row: &store::RawRow| {
        let Row { id, doc, .. } = row.typed::<QueuedJob>()?;
        Ok(doc.dead_at.map(|died_at| DeadJob {
            id,
            kind: doc.kind,
            project: (project != SCOPE).then_some(project),
            died_at,
            attempts: doc.attempts,
            error: doc.error,
        }))
    };
    rows.iter()
        .filter_map(|row| shown(row).transpose())
        .collect()
}

/// Has a dead job run as if it were new.
///
/// # Errors
/// When no dead job has this id, and those of the store.
pub async fn retry(app: &SharedApp, id: ObjectId) -> Result<Retried> {
    let mut retried = Retried::default();
    for project in everywhere(app).await? {
        let read = app.store.read(project, move |snapshot| {
            let row = snapshot.get::<QueuedJob>(id)?;
            Ok::<_, Error>(row.is_some_and(|row| row.doc.dead_at.is_some()))
        });
        if read.await? {
            let unit = move |tx: &mut Tx<'_>| revive(tx, id);
            let revived = app.store.write(project, unit).await?;
            retried.note(id, revived);
        }
    }
    if retried == Retried::default() {
        bail!("there is no dead job {id}; `hark jobs list` shows those that are");
    }
    Ok(retried)
}

/// Has all dead jobs run as if they were new.
///
/// # Errors
/// Those of the store; some jobs may be due then.
pub async fn retry_all(app: &SharedApp) -> Result<Retried> {
    let mut retried = Retried::default();
    // What dies again meanwhile stays dead.
    let until = app.now();
    for project in everywhere(app).await? {
        loop {
            let unit = move |tx: &mut Tx<'_>| revive_some(tx, until);
            let some = app.store.write(project, unit).await?;
            let is_last = some.len() < JOBS_PER_UNIT as usize;
            for (id, revived) in some {
                retried.note(id, revived);
            }
            if is_last {
                break;
            }
        }
    }
    Ok(retried)
}

/// What became of one job that was to be tried again.
#[derive(Debug, Clone, Copy)]
enum Revived {
    Due,
    StoodForBy(ObjectId),
    /// It was not dead any more.
    Alive,
}

impl Retried {
    fn note(&mut self, id: ObjectId, revived: Revived) {
        match revived {
            Revived::Due => self.due += 1,
            Revived::StoodForBy(by) => self.stood_for.push(StoodFor { id, by }),
            Revived::Alive => {}
        }
    }
}

/// The jobs that died first, with what became of them.
fn revive_some(tx: &mut Tx<'_>, until: Millis) -> store::Result<Vec<(ObjectId, Revived)>> {
    let query = Query {
        filter: Filter::Range {
            field: FieldPath::known("deadAt"),
            op: RangeOp::Le,
            value: Scalar::Instant(until),
        },
        limit: JOBS_PER_UNIT,
        ..by("deadAt")
    };
    let rows = tx.page::<QueuedJob>(&query)?.rows;
    let revived = rows.iter().map(|row| Ok((row.id, revive(tx, row.id)?)));
    revived.collect()
}

/// The lane of a job was given up when it died: others went on meanwhile, so its place is gone.
fn revive(tx: &mut Tx<'_>, id: ObjectId) -> store::Result<Revived> {
    let row = tx.get_for_update::<QueuedJob>(id)?;
    let Some(mut row) = row.filter(|row| row.doc.dead_at.is_some()) else {
        return Ok(Revived::Alive);
    };
    if let Some(key) = row.doc.former_unique.take() {
        match tx.claim(identity::JOB, &key, id) {
            Ok(()) => row.doc.unique = Some(key),
            Err(Error::Taken { holder, .. }) => {
                run_again(tx, holder)?;
                remove(tx, &row)?;
                return Ok(Revived::StoodForBy(holder));
            }
            Err(other) => return Err(other),
        }
    }
    row.doc.dead_at = None;
    row.doc.attempts = 0;
    row.doc.due_at = Some(tx.now());
    tx.put(&mut row)?;
    Ok(Revived::Due)
}
