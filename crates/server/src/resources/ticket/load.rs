//! The open tickets of each member: what teams limit and share out evenly.

use std::time::Duration;

use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, Snapshot, Sort, Tx};

use super::document::Ticket;
use super::settings;
use crate::app::SharedApp;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::resources::team::queue;

/// Tickets of a member are counted up to this many.
const COUNT_MAX: u64 = 10_000;
/// The name of the job.
const KIND: &str = "recount_open_tickets";
const TIME_LIMIT: Duration = Duration::from_secs(600);
const PAUSES: &[Duration] = &[Duration::from_secs(60), Duration::from_secs(600)];
/// Tickets of one unit of work.
const TICKETS_PER_UNIT: u32 = 200;

/// Whether something is to be done about a ticket: it is not closed, put away or spam.
///
/// # Errors
/// Those of the store.
pub fn is_open(snapshot: &Snapshot<'_>, ticket: &Ticket) -> store::Result<bool> {
    Ok(!ticket.archived && !ticket.is_spam && !settings::of(snapshot)?.is_closed(&ticket.status))
}

/// Brings into line among whose open tickets a ticket counts.
///
/// # Errors
/// Those of the store.
pub fn settle(snapshot: &Snapshot<'_>, ticket: &mut Ticket) -> store::Result<()> {
    ticket.carried_by = match ticket.processing_user {
        Some(user) if is_open(snapshot, ticket)? => Some(user),
        _ => None,
    };
    Ok(())
}

/// How many open tickets a member has.
///
/// # Errors
/// Those of the store.
pub fn count(snapshot: &Snapshot<'_>, user: ObjectId) -> store::Result<u64> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("carriedBy"), Scalar::Id(user)),
        ..Query::default()
    };
    snapshot.count::<Ticket>(&query, COUNT_MAX)
}

/// The job that counts anew when other statuses close.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, 2, TIME_LIMIT, PAUSES, recount)
}

/// Has all tickets of members looked at again, after the commit of this unit.
///
/// # Errors
/// Those of the store.
pub fn ask_to_recount(tx: &mut Tx<'_>) -> store::Result<()> {
    enqueue(tx, NewJob::new(KIND, &()).unique(KIND)).map(drop)
}

async fn recount(app: SharedApp, job: Job) -> Result<(), Failure> {
    let mut query = Query {
        filter: Filter::Exists(FieldPath::known("processingUser")),
        sort: vec![Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: TICKETS_PER_UNIT,
        ..Query::default()
    };
    loop {
        let asked = query.clone();
        let unit = move |tx: &mut Tx<'_>| {
            let page = tx.page::<Ticket>(&asked)?;
            for row in &page.rows {
                recount_one(tx, row.id)?;
            }
            Ok::<_, store::Error>(page.next)
        };
        match app.store.write(job.project, unit).await? {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(app.store.write(job.project, queue::wake).await?)
}

fn recount_one(tx: &mut Tx<'_>, id: ObjectId) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<Ticket>(id)? else {
        return Ok(());
    };
    let before = row.doc.carried_by;
    settle(tx, &mut row.doc)?;
    if row.doc.carried_by != before {
        tx.put(&mut row)?;
    }
    Ok(())
}
