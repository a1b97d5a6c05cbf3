//! Follows the retention rules of projects: once a day each, in small units of work, on one node at a time.
//!
//! [`start_due`] begins the runs that are due, on whichever node is first; a queued job does them. Each unit of work notes with its
//! document how far the run is, so what was cut off goes on from there.

use std::time::Duration;

use anyhow::Result;
use prometheus::{IntCounterVec, Opts, Registry};
use store::{Millis, ObjectId, Row, Snapshot, Tx};

use super::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::accounts::project;
use crate::app::{App, SharedApp};
use crate::files;
use crate::resources::project::retention::document::{
    self, RUN_EVERY_MS, Retention, RetentionDone, RetentionRules, RetentionRun, Stage,
};
use crate::resources::project::retention::select::{self, Seen};
use crate::resources::session::document::Session;
use crate::resources::session::erase::erase;
use crate::resources::session::event::Event;
use crate::resources::ticket::settings;

/// Guests that are erased in one unit of work: others wait for the writer meanwhile.
pub const GUESTS_PER_UNIT: usize = 100;
/// Events that are removed in one unit of work.
pub const EVENTS_PER_UNIT: u32 = 2_000;
/// Units of work of one run of the queued job, which then is asked for again.
const UNITS_PER_JOB: u32 = 100;

const KIND: &str = "retention";
const TIME_LIMIT: Duration = Duration::from_secs(600);
const PAUSES: &[Duration] = &[
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
    Duration::from_secs(6 * 3_600),
];

/// What was let go since the start of the process, for `/metrics`.
pub struct Removed(IntCounterVec);

impl Removed {
    /// # Errors
    /// When `registry` has it already.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new(
            "hark_retention_removed_total",
            "What retention rules let go: events, guests.",
        );
        let counts = IntCounterVec::new(opts, &["what"])?;
        registry.register(Box::new(counts.clone()))?;
        Ok(Self(counts))
    }

    fn add(&self, what: &str, count: u64) {
        self.0.with_label_values(&[what]).inc_by(count);
    }
}

/// The job that follows the rules of a project.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 1, TIME_LIMIT, PAUSES, follow)
}

/// Begins the runs that are due in all projects; returns how many. One that did not come to its end goes on.
///
/// # Errors
/// Those of the store.
pub async fn start_due(app: &App) -> Result<u64> {
    let mut started = 0;
    for project in project::ids(app).await? {
        let own = app.store.read(project, document::of).await?;
        if own.next_at.is_some_and(|at| at <= app.now()) {
            started += u64::from(app.store.write(project, start).await?);
        }
    }
    Ok(started)
}

/// Of several nodes that want to begin a run, the first does.
fn start(tx: &mut Tx<'_>) -> store::Result<bool> {
    let Some(mut row) = tx.get_for_update::<Retention>(tx.project())? else {
        return Ok(false);
    };
    let now = tx.now();
    if row.doc.next_at.is_none_or(|at| at > now) {
        return Ok(false);
    }
    row.doc.next_at = Some(Millis(now.0 + RUN_EVERY_MS));
    row.doc.run.get_or_insert_with(|| RetentionRun::begin(now));
    tx.put(&mut row)?;
    enqueue(tx, job())?;
    Ok(true)
}

fn job() -> NewJob {
    NewJob::new(KIND, &()).unique(KIND)
}

/// Works on a run for a while.
async fn follow(app: SharedApp, job: Job) -> Result<(), Failure> {
    for _ in 0..UNITS_PER_JOB {
        if !step(&app, job.project).await? {
            return Ok(());
        }
    }
    // A job that is asked for while it runs is run once more: others get their turn before.
    let again = |tx: &mut Tx<'_>| enqueue(tx, self::job()).map(drop);
    Ok(app.store.write(job.project, again).await?)
}

/// Does the next unit of work; returns whether there may be more.
async fn step(app: &App, project: ObjectId) -> store::Result<bool> {
    let own = app.store.read(project, document::of).await?;
    match own.run {
        None => Ok(false),
        Some(run) if run.stage == Stage::Guests => guests(app, project, own.rules, run).await,
        Some(run) => events(app, project, own.rules, run).await,
    }
}

/// The rules with their run, unless that ended meanwhile or somebody else took it further.
fn current(tx: &Tx<'_>, known: &RetentionRun) -> store::Result<Option<Row<Retention>>> {
    let row = tx.get_for_update::<Retention>(tx.project())?;
    Ok(row.filter(|row| row.doc.run.as_ref() == Some(known)))
}

async fn guests(
    app: &App,
    project: ObjectId,
    rules: RetentionRules,
    run: RetentionRun,
) -> store::Result<bool> {
    let mut seen = Seen::default();
    let before = rules.guests_before(run.started_at);
    if let Some(before) = before {
        let after = run.after;
        let read = move |snapshot: &Snapshot<'_>| select::guests(snapshot, after, before);
        seen = app.store.read(project, read).await?;
    }
    if seen.found.len() > GUESTS_PER_UNIT {
        seen.found.truncate(GUESTS_PER_UNIT);
        seen.next = seen.found.last().map(|(id, _)| *id);
    }
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = current(tx, &run)? else {
            return Ok(None);
        };
        let ids = seen.found.iter().map(|(id, _)| *id);
        let erased = erase_guests(tx, ids, before.unwrap_or_default())?;
        let mut run = run.clone();
        run.guests += erased.len() as u64;
        (run.stage, run.after) = match seen.next {
            Some(next) => (Stage::Guests, next),
            None => (Stage::Events, ObjectId::ZERO),
        };
        row.doc.run = Some(run);
        tx.put(&mut row)?;
        Ok::<_, store::Error>(Some(erased))
    };
    let Some(erased) = app.store.write(project, unit).await? else {
        return Ok(false);
    };
    for session in &erased {
        app.live.erased(project, *session);
    }
    if !erased.is_empty() {
        files::remove_erased(app, project).await;
    }
    app.retention.add("guests", erased.len() as u64);
    Ok(true)
}

/// Erases those that are still to go: between read and write a guest may have come back. Returns which.
fn erase_guests(
    tx: &mut Tx<'_>,
    guests: impl Iterator<Item = ObjectId>,
    before: Millis,
) -> store::Result<Vec<ObjectId>> {
    let settings = settings::of(tx)?;
    let mut erased = Vec::new();
    for id in guests {
        let guest = tx.get_for_update::<Session>(id)?;
        if let Some(guest) = guest.filter(|guest| select::is_unseen_guest(&guest.doc, before))
            && !select::has_open_ticket(tx, id, &settings)?
        {
            erase(tx, &guest)?;
            erased.push(id);
        }
    }
    Ok(erased)
}

async fn events(
    app: &App,
    project: ObjectId,
    rules: RetentionRules,
    run: RetentionRun,
) -> store::Result<bool> {
    let mut seen = Seen::default();
    let before = rules.events_before(run.started_at);
    if let Some(before) = before {
        let after = run.after;
        let read = move |snapshot: &Snapshot<'_>| select::with_old_events(snapshot, after, before);
        seen = app.store.read(project, read).await?;
    }
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = current(tx, &run)? else {
            return Ok(None);
        };
        let mut run = run.clone();
        let (removed, next) = remove_events(tx, run.after, &seen, before.unwrap_or_default())?;
        run.events += removed;
        let done = RetentionDone {
            date: tx.now(),
            events: run.events,
            guests: run.guests,
        };
        let is_done = next.is_none();
        if is_done {
            row.doc.last_run = Some(done.clone());
        }
        row.doc.run = next.map(|after| RetentionRun { after, ..run });
        tx.put(&mut row)?;
        Ok::<_, store::Error>(Some((removed, is_done.then_some(done))))
    };
    let Some((removed, done)) = app.store.write(project, unit).await? else {
        return Ok(false);
    };
    app.retention.add("events", removed);
    if let Some(done) = &done {
        let (events, guests) = (done.events, done.guests);
        tracing::info!(%project, events, guests, "the retention rules were followed");
    }
    Ok(done.is_none())
}

/// Removes the old events of these sessions, as many as a unit of work may; returns how many, and where to go on.
fn remove_events(
    tx: &mut Tx<'_>,
    mut after: ObjectId,
    seen: &Seen<(ObjectId, Millis)>,
    before: Millis,
) -> store::Result<(u64, Option<ObjectId>)> {
    let mut removed = 0;
    for (id, _) in &seen.found {
        let left = EVENTS_PER_UNIT - removed as u32;
        removed += tx.delete_oldest::<Event>(*id, before, left)?;
        if removed >= u64::from(EVENTS_PER_UNIT) {
            return Ok((removed, Some(after))); // this session may have more
        }
        after = *id;
    }
    Ok((removed, seen.next))
}
