//! Tickets that were put to sleep come back.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Tx};

use super::change::save;
use super::document::Ticket;
use super::history::By;
use crate::app::SharedApp;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};

/// The name of the job.
const KIND: &str = "wake_ticket";
const TIME_LIMIT: Duration = Duration::from_secs(30);
const PAUSES: &[Duration] = &[
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];

/// Which ticket.
#[derive(Serialize, Deserialize)]
struct Sleeper {
    ticket: ObjectId,
}

/// The job that wakes tickets.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 4, TIME_LIMIT, PAUSES, wake)
}

/// Has a ticket looked at when its sleep is over.
///
/// # Errors
/// Those of the store.
pub(super) fn at(tx: &mut Tx<'_>, ticket: ObjectId, until: Millis) -> store::Result<()> {
    enqueue(tx, NewJob::new(KIND, &Sleeper { ticket }).run_at(until)).map(drop)
}

/// One that was put to sleep again meanwhile has a job of its own for that.
async fn wake(app: SharedApp, job: Job) -> Result<(), Failure> {
    let sleeper: Sleeper = job.payload()?;
    let unit = move |tx: &mut Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<Ticket>(sleeper.ticket)? else {
            return Ok(());
        };
        let before = row.doc.clone();
        let is_over = |until: Millis| until <= tx.now();
        if before.snoozed_until.is_some_and(is_over) {
            row.doc.snoozed_until = None;
            row.doc.notifications_unread = true;
            save(tx, &mut row, &before, By::System)?;
        }
        Ok::<_, store::Error>(())
    };
    Ok(app.store.write(job.project, unit).await?)
}
