//! What becomes of a job after a run.

use std::time::Duration;

use store::filter::{FieldPath, Filter};
use store::{Millis, Query, Row, Snapshot, Tx};

use super::claim::first_of_lane;
use super::document::QueuedJob;
use super::enqueue::remove;
use super::kind::{Failure, Job};
use crate::identity;

/// Bytes of the reason that are kept.
const ERROR_BYTES_MAX: usize = 500;
/// Dead jobs of a project that are counted.
const DEAD_COUNT_MAX: u64 = 10_000;

/// How a run ended.
#[derive(Debug, Clone)]
pub(super) enum End {
    Done,
    /// It runs again after this pause.
    Retry(Duration, String),
    Dead(String),
    /// The server stops: the run does not count.
    CutShort,
}

impl End {
    pub fn of(result: Result<(), Failure>, job: &Job, pause: Option<Duration>) -> Self {
        match (result, pause) {
            (Ok(()), _) => Self::Done,
            (Err(Failure::Retry(error)), Some(pause)) if !job.is_last => Self::Retry(pause, error),
            (Err(error), _) => Self::Dead(error.to_string()),
        }
    }

    /// The name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry(..) => "failed",
            Self::Dead(_) => "dead",
            Self::CutShort => "cut_short",
        }
    }
}

/// Notes how a run ended. A run whose lease was over meanwhile changes nothing any more.
///
/// # Errors
/// Those of the store.
pub(super) fn finish(tx: &mut Tx<'_>, job: &Job, end: &End) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<QueuedJob>(job.id)? else {
        return Ok(());
    };
    if !row.doc.running || row.doc.attempts != job.attempt {
        return Ok(());
    }
    let lane = row.doc.lane.clone();
    row.doc.running = false;
    match end {
        End::Done if !row.doc.again => remove(tx, &row)?,
        End::Done => {
            row.doc.attempts = 0;
            put(tx, &mut row, tx.now())?;
        }
        End::Retry(pause, error) => {
            row.doc.error = Some(shortened(error));
            let pause = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2);
            put(tx, &mut row, Millis(tx.now().0 + pause))?;
        }
        End::CutShort => {
            row.doc.attempts -= 1;
            put(tx, &mut row, tx.now())?;
        }
        End::Dead(error) => bury(tx, &mut row, error)?,
    }
    if let Some(lane) = lane
        && matches!(end, End::Done | End::Dead(_))
    {
        wake_next(tx, &lane)?;
    }
    Ok(())
}

fn put(tx: &mut Tx<'_>, row: &mut Row<QueuedJob>, due_at: Millis) -> store::Result<()> {
    row.doc.due_at = Some(due_at);
    tx.put(row)
}

/// A dead job stays to be seen; it holds up nobody and stands for no other.
fn bury(tx: &mut Tx<'_>, row: &mut Row<QueuedJob>, error: &str) -> store::Result<()> {
    if let Some(key) = row.doc.unique.take() {
        tx.release(identity::JOB, &key, row.id)?;
        row.doc.former_unique = Some(key);
    }
    row.doc.error = Some(shortened(error));
    row.doc.lane = None;
    row.doc.position = None;
    row.doc.due_at = None;
    row.doc.dead_at = Some(tx.now());
    tx.put(row)
}

/// The next job of a lane was put off until this one might be done: now it is.
fn wake_next(tx: &mut Tx<'_>, lane: &str) -> store::Result<()> {
    let Some(next) = first_of_lane(tx, lane)? else {
        return Ok(());
    };
    let Some(mut next) = tx.get_for_update::<QueuedJob>(next.id)? else {
        return Ok(());
    };
    let due_at = next.doc.not_before.unwrap_or(tx.now()).max(tx.now());
    if next.doc.attempts == 0 && next.doc.due_at > Some(due_at) {
        put(tx, &mut next, due_at)?;
    }
    Ok(())
}

/// How many jobs of a project are dead.
pub(super) fn count_dead(snapshot: &Snapshot<'_>) -> store::Result<u64> {
    let query = Query {
        filter: Filter::Exists(FieldPath::known("deadAt")),
        ..Query::default()
    };
    snapshot.count::<QueuedJob>(&query, DEAD_COUNT_MAX)
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(ERROR_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
