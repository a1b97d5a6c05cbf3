//! Runs a unit of work: one transaction, again when it lost a race or its connection.

use std::time::Duration;

use deadpool_postgres::Client;

use super::Context;
use super::link::{Link, Uncommitted};
use crate::conn::Conn;
use crate::store::{Ran, Unit};
use crate::tx::{Snapshot, Tx};
use crate::{Error, ObjectId, Result, Value};

/// How often a unit is run before its last error is given to the caller.
const ATTEMPTS_MAX: u32 = 8;

/// A transaction that its process forgot (it was paused, or its machine is gone) lets go of its locks after this time.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10);

/// How many units wrote in a project that is counted.
pub(super) const WRITES: &str = "SELECT number FROM hark_writes WHERE project = $1";

/// Why an attempt failed.
struct Failure {
    error: Error,
    /// Whether the commit was sent: then nobody knows what became of it, and it is not tried again.
    at_commit: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            at_commit: false,
        }
    }
}

/// Runs a unit until it is committed, refused, or has lost too many races.
pub(super) fn run(
    mut client: Client,
    context: &Context,
    (project, as_of): (ObjectId, Option<i64>),
    unit: &mut dyn Unit,
) -> Result<()> {
    let mut attempt = 1;
    loop {
        let link = context
            .link(&client)
            .beginning(&context.begin, context.statement_timeout);
        let done = attempt_unit(&link, context, (project, as_of), unit);
        let is_lost =
            client.is_closed() || matches!(&done, Err(failure) if failure.error.lost_connection());
        let again = match &done {
            Ok(Ran::Keep) => false,
            Err(failure) if failure.at_commit => failure.error.is_transient(),
            Err(_) if is_lost => true,
            Ok(Ran::Drop)
            | Err(Failure {
                error: Error::Refused(_),
                ..
            }) => link.transient.get() || (is_lost && link.aborted.get()),
            Err(failure) => failure.error.is_transient(),
        };
        if !again || attempt == ATTEMPTS_MAX {
            return done.map(drop).map_err(|failure| failure.error);
        }
        std::thread::sleep(Duration::from_millis(1 << attempt));
        attempt += 1;
        if is_lost {
            drop(Client::take(client)); // it is not given to others
            client = context.runtime.block_on(context.owners.of(project))?;
        }
    }
}

fn attempt_unit(
    link: &Link<'_>,
    context: &Context,
    (project, as_of): (ObjectId, Option<i64>),
    unit: &mut dyn Unit,
) -> Result<Ran, Failure> {
    if let Some(writes) = as_of {
        link.require(WRITES, vec![context.numbered.into()], writes)?;
    }
    let snapshot = Snapshot::new(Conn::Postgres(link), &context.shared.book, project);
    let mut tx = Tx::new(
        snapshot,
        &context.shared.environment.ids,
        context.shared.now(),
    );
    let ran = unit.run(&mut tx);
    if link.outdated.get() {
        link.rollback()?;
        return Err(Error::Outdated.into());
    }
    if ran == Ran::Drop {
        link.rollback()?;
        return Ok(Ran::Drop);
    }
    // COMMIT would answer without an error, and roll back.
    if link.aborted.get() {
        link.rollback()?;
        let told = "a statement of the unit failed, so nothing of it was kept";
        return Err(Error::Refused(told.into()).into());
    }
    let (changes, pending) = tx.finish();
    let mut rest = pending.write(&Conn::Postgres(link));
    if rest.is_ok() && project == context.numbered && !changes.is_empty() {
        rest = number(link, project);
    }
    if let Err(error) = rest {
        link.rollback()?;
        return Err(error.into());
    }
    if let Err(Uncommitted { error, is_unsure }) = link.commit() {
        if !is_unsure {
            let _ = link.rollback(); // it may be open still; the error above is the one to tell
        }
        return Err(Failure {
            error,
            at_commit: is_unsure,
        });
    }
    context.committed(&changes);
    Ok(Ran::Keep)
}

/// Counts the writes of a project, within them: whoever reads the same number knows that nothing was written since.
fn number(link: &Link<'_>, project: ObjectId) -> Result<()> {
    let sql = "INSERT INTO hark_writes (project, number) VALUES ($1, $2) \
               ON CONFLICT (project) DO UPDATE SET number = hark_writes.number + 1";
    link.later_one(sql, vec![project.into(), Value::Int(1)])
}

/// How a transaction begins, with a limit that ends with it, so that a pooler may sit between.
pub(super) fn begin() -> String {
    format!(
        "BEGIN; SET LOCAL idle_in_transaction_session_timeout = {}",
        FORGOTTEN_AFTER.as_millis()
    )
}
