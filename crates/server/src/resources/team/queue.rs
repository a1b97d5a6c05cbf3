//! Tickets that wait for a member of their team, and the job that gives them away when there is room.

use std::time::Duration;

use store::filter::{FieldPath, Filter};
use store::{Millis, ObjectId, Query, Tx};

use super::{assign, document};
use crate::app::SharedApp;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::resources::ticket::change::save_assigned;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;

/// The name of the job.
const KIND: &str = "assign_waiting";
const TIME_LIMIT: Duration = Duration::from_secs(120);
const PAUSES: &[Duration] = &[
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
];

/// The job that gives tickets away which wait.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 4, TIME_LIMIT, PAUSES, run)
}

/// Has the tickets looked at that wait in the project, if there are any: there may be room now.
///
/// # Errors
/// Those of the store.
pub fn wake(tx: &mut Tx<'_>) -> store::Result<()> {
    let waiting = Query {
        filter: Filter::Exists(FieldPath::known("queuedAt")),
        limit: 1,
        ..Query::default()
    };
    if tx.page::<Ticket>(&waiting)?.rows.is_empty() {
        return Ok(());
    }
    enqueue(tx, NewJob::new(KIND, &()).unique(KIND)).map(drop)
}

/// Has them looked at when a team begins its work.
///
/// # Errors
/// Those of the store.
pub(super) fn wake_at(tx: &mut Tx<'_>, at: Millis) -> store::Result<()> {
    let job = NewJob::new(KIND, &()).run_at(at);
    enqueue(tx, job.unique(format!("{KIND}:{}", at.0))).map(drop)
}

async fn run(app: SharedApp, job: Job) -> Result<(), Failure> {
    let teams = app.store.read(job.project, document::all).await?;
    for team in teams {
        let unit = move |tx: &mut Tx<'_>| give_next(tx, team.id);
        while app.store.write(job.project, unit).await? {}
    }
    Ok(())
}

/// Gives the ticket away that waits longest; returns whether there may be more to give.
fn give_next(tx: &mut Tx<'_>, team: ObjectId) -> store::Result<bool> {
    let Some(first) = assign::first_waiting(tx, team)? else {
        return Ok(false);
    };
    let row = tx.get_for_update::<Ticket>(first.id)?;
    let mut row = row.ok_or_else(|| tx.raced())?;
    if row.doc.processing_team != Some(team) || !row.doc.queued {
        return Ok(true); // it was changed meanwhile
    }
    let before = row.doc.clone();
    assign::assign(tx, row.id, &mut row.doc, None)?;
    if row.doc.queued {
        return Ok(false);
    }
    save_assigned(tx, &mut row, &before, By::System)
}
