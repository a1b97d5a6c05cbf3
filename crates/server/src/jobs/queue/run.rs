//! One run of a job.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use store::{ObjectId, Tx};

use super::claim::{Room, claim, is_passing};
use super::finish::{End, finish};
use super::kind::{Failure, Job};
use crate::accounts::{SCOPE, project};
use crate::app::SharedApp;
use crate::jobs::runner::jittered;

/// How often it is tried to note the end of a run, a second apart; then the job runs again when its lease is over.
const FINISH_TRIES: u32 = 30;
/// The pause between these.
const FINISH_PAUSE: Duration = Duration::from_secs(1);

/// Runs a job that was claimed, and notes how that ended.
pub(super) async fn run(app: SharedApp, job: Job) {
    let end = outcome(&app, &job).await;
    let (kind, attempt) = (kind_name(&app, &job), job.attempt);
    match &end {
        End::Retry(pause, error) => {
            tracing::warn!(job = %job.id, project = %job.project, kind, attempt, pause_s = pause.as_secs(), "a job failed and is tried again: {error}");
        }
        End::Dead(error) => {
            tracing::error!(job = %job.id, project = %job.project, kind, attempt, "a job failed and is given up: {error}");
        }
        End::Done | End::CutShort => {}
    }
    app.queue.runs.with_label_values(&[kind, end.name()]).inc();
    note(&app, job, end).await;
}

async fn outcome(app: &SharedApp, job: &Job) -> End {
    let Some(kind) = app.queue.kind(&job.kind) else {
        return End::Dead("no handler".into());
    };
    let work = async { kind.run(app.clone(), job.clone()).await };
    let work = tokio::time::timeout(kind.time_limit, AssertUnwindSafe(work).catch_unwind());
    let result = match work.await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::retry("the handler panicked")),
        Err(_) => Err(Failure::retry("it took longer than its time limit")),
    };
    let pause = kind.pauses.get(job.attempt as usize - 1);
    End::of(
        result,
        job,
        pause.map(|pause| jittered(*pause, &app.random)),
    )
}

fn kind_name(app: &SharedApp, job: &Job) -> &'static str {
    app.queue.kind(&job.kind).map_or("", |kind| kind.name)
}

/// Writes down how a run ended, also when the store has no time for it at once.
pub(super) async fn note(app: &SharedApp, job: Job, end: End) {
    let id = job.id;
    let project = job.project;
    let (job, end) = (std::sync::Arc::new(job), std::sync::Arc::new(end));
    for _ in 0..FINISH_TRIES {
        let (job, end) = (job.clone(), end.clone());
        let unit = move |tx: &mut Tx<'_>| finish(tx, &job, &end);
        match app.store.write(project, unit).await {
            Err(error) if is_passing(&error) => tokio::time::sleep(FINISH_PAUSE).await,
            Err(error) => {
                tracing::error!(job = %id, %error, "the end of a job cannot be noted: it runs again");
                return;
            }
            Ok(()) => return,
        }
    }
}

/// Runs all jobs that are due, one after another, also those that they ask for; returns how many runs that took. For tests, whose
/// clock stands still.
///
/// # Errors
/// Those of the store.
pub async fn run_due(app: &SharedApp) -> store::Result<usize> {
    let mut runs = 0;
    loop {
        let before = runs;
        for project in everywhere(app).await? {
            for job in claimed(app, project, all_room(app)).await? {
                run(app.clone(), job).await;
                runs += 1;
            }
        }
        if runs == before {
            return Ok(runs);
        }
    }
}

fn all_room(app: &SharedApp) -> Room {
    let kinds = app.queue.kinds.iter();
    kinds.map(|kind| (kind.clone(), kind.at_once)).collect()
}

/// Every project, and the scope of accounts.
pub(super) async fn everywhere(app: &SharedApp) -> store::Result<Vec<ObjectId>> {
    let mut all = project::ids(app).await?;
    all.push(SCOPE);
    Ok(all)
}

pub(super) async fn claimed(
    app: &SharedApp,
    project: ObjectId,
    room: Room,
) -> store::Result<Vec<Job>> {
    let unit = move |tx: &mut Tx<'_>| claim(tx, &room);
    app.store.write(project, unit).await
}
