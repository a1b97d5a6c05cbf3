//! Which jobs run next. Many processes may ask at once: each takes the lock of a job's row before it takes the job.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Error, Millis, Query, Row, Snapshot, Sort, Tx};

use super::document::QueuedJob;
use super::kind::{Job, Kind};

/// Jobs that are looked at in one unit of work.
const ROWS_PER_CLAIM: u32 = 32;
/// Milliseconds that a lease outlives the time limit of its run: for a process that stood still for a while.
const LEASE_MARGIN_MS: i64 = 60_000;
/// Milliseconds after which a job behind others of its lane is looked at again at the earliest.
const LANE_PAUSE_MS: i64 = 1_000;

/// Kinds, and how many more of each may run now.
pub(super) type Room = Vec<(Kind, usize)>;

/// Takes jobs that are due, the longest due first.
///
/// # Errors
/// Those of the store.
pub(super) fn claim(tx: &mut Tx<'_>, room: &Room) -> store::Result<Vec<Job>> {
    let mut left = room.clone();
    let page = tx.page::<QueuedJob>(&due(room, tx.now()))?;
    let mut jobs = Vec::new();
    for row in page.rows {
        let Some(mut row) = tx.get_for_update::<QueuedJob>(row.id)? else {
            continue; // done meanwhile
        };
        let kind = left.iter_mut().find(|(kind, _)| kind.name == row.doc.kind);
        let Some((kind, slots)) = kind.filter(|(_, slots)| *slots > 0) else {
            continue;
        };
        let is_due = row.doc.due_at.is_some_and(|at| at <= tx.now());
        if is_due && !waits_for_others(tx, &mut row)? {
            *slots -= 1;
            jobs.push(begin(tx, kind, row)?);
        }
    }
    Ok(jobs)
}

/// When the next job of these kinds is due.
pub(super) fn next_due(snapshot: &Snapshot<'_>, kinds: &Room) -> store::Result<Option<Millis>> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Exists(FieldPath::known("dueAt")),
            of_kinds(kinds),
        ]),
        limit: 1,
        ..by("dueAt")
    };
    let first = snapshot.page::<QueuedJob>(&query)?.rows;
    let first = first.first().map(store::RawRow::parse::<QueuedJob>);
    Ok(first.transpose()?.and_then(|job| job.due_at))
}

fn begin(tx: &mut Tx<'_>, kind: &Kind, mut row: Row<QueuedJob>) -> store::Result<Job> {
    let limit = i64::try_from(kind.time_limit.as_millis()).unwrap_or(i64::MAX / 2);
    row.doc.running = true;
    row.doc.again = false;
    row.doc.attempts += 1;
    row.doc.due_at = Some(Millis(tx.now().0 + limit + LEASE_MARGIN_MS));
    tx.put(&mut row)?;
    Ok(Job {
        id: row.id,
        project: tx.project(),
        kind: row.doc.kind,
        attempt: row.doc.attempts,
        is_last: row.doc.attempts as usize > kind.pauses.len(),
        payload: row.doc.payload,
    })
}

/// Whether others of its lane are before the job; then it is put off until they may be done.
fn waits_for_others(tx: &mut Tx<'_>, row: &mut Row<QueuedJob>) -> store::Result<bool> {
    let Some(lane) = &row.doc.lane else {
        return Ok(false);
    };
    let first = first_of_lane(tx, lane)?.ok_or_else(|| tx.raced())?;
    if first.id == row.id {
        return Ok(false);
    }
    let soon = Millis(tx.now().0 + LANE_PAUSE_MS);
    row.doc.due_at = Some(first.doc.due_at.unwrap_or(soon).max(soon));
    tx.put(row)?;
    Ok(true)
}

/// The job of a lane that runs before all others of it.
pub(super) fn first_of_lane(
    snapshot: &Snapshot<'_>,
    lane: &str,
) -> store::Result<Option<Row<QueuedJob>>> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("lane"), Scalar::Text(lane.into())),
        limit: 1,
        ..by("position")
    };
    let rows = snapshot.page::<QueuedJob>(&query)?.rows;
    rows.first().map(store::RawRow::typed).transpose()
}

fn due(room: &Room, now: Millis) -> Query {
    let is_due = Filter::Range {
        field: FieldPath::known("dueAt"),
        op: RangeOp::Le,
        value: Scalar::Instant(now),
    };
    Query {
        filter: Filter::And(vec![is_due, of_kinds(room)]),
        limit: ROWS_PER_CLAIM,
        ..by("dueAt")
    }
}

/// Kinds that this process knows: a newer one may have others.
fn of_kinds(room: &Room) -> Filter {
    let names = room.iter().filter(|(_, slots)| *slots > 0);
    let names = names.map(|(kind, _)| Scalar::Text(kind.name.into()));
    Filter::In(FieldPath::known("kind"), names.collect())
}

pub(super) fn by(path: &str) -> Query {
    Query {
        sort: vec![Sort {
            path: path.into(),
            descending: false,
        }],
        ..Query::default()
    }
}

/// The errors after which a job is claimed again in a moment.
pub(super) fn is_passing(error: &Error) -> bool {
    error.is_transient() || matches!(error, Error::Overloaded | Error::TooExpensive)
}
