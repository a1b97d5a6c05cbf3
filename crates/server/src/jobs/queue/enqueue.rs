//! Asking for a job, in the unit of work that causes it: either both are committed or neither.

use serde::Serialize;
use store::{Error, Millis, ObjectId, Row, Tx};

use super::document::QueuedJob;
use crate::identity;
use crate::resources::session::merge::rows;

/// A job to ask for.
pub struct NewJob {
    kind: String,
    payload: store::Result<Box<serde_json::value::RawValue>>,
    run_at: Option<Millis>,
    unique: Option<String>,
    lane: Option<(String, i64)>,
    session: Option<ObjectId>,
}

impl NewJob {
    /// A job that runs as soon as its unit of work is committed.
    #[must_use]
    pub fn new(kind: impl Into<String>, payload: &impl Serialize) -> Self {
        Self {
            kind: kind.into(),
            payload: serde_json::value::to_raw_value(payload).map_err(Error::Json),
            run_at: None,
            unique: None,
            lane: None,
            session: None,
        }
    }

    /// Not before `at`.
    #[must_use]
    pub fn run_at(mut self, at: Millis) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Not when an unfinished job of the project has the same key: that one stands for both, with its payload and its time. When it
    /// runs already, it runs once more. Begin the key with the kind.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique = Some(key.into());
        self
    }

    /// After all jobs of the project in this lane with a lower position, also while they wait to be tried again. The version that a
    /// document has after its change is a good position: it is in the order of the commits.
    #[must_use]
    pub fn lane(mut self, lane: impl Into<String>, position: i64) -> Self {
        self.lane = Some((lane.into(), position));
        self
    }

    /// The payload holds data of this session: when it is erased, the job goes too.
    #[must_use]
    pub fn session(mut self, session: ObjectId) -> Self {
        self.session = Some(session);
        self
    }
}

/// Asks for a job; returns its id, or that of the job which stands for it.
///
/// # Errors
/// Those of the store.
pub fn enqueue(tx: &mut Tx<'_>, new: NewJob) -> store::Result<ObjectId> {
    let id = tx.new_id();
    if let Some(key) = &new.unique
        && let Err(error) = tx.claim(identity::JOB, key, id)
    {
        return match error {
            Error::Taken { holder, .. } => run_again(tx, holder).map(|()| holder),
            other => Err(other),
        };
    }
    let (lane, position) = new.lane.unzip();
    let job = QueuedJob {
        kind: new.kind,
        payload: new.payload?,
        due_at: Some(new.run_at.unwrap_or_else(|| tx.now())),
        not_before: new.run_at,
        attempts: 0,
        running: false,
        again: false,
        unique: new.unique,
        former_unique: None,
        lane,
        position,
        session: new.session,
        error: None,
        dead_at: None,
    };
    tx.insert(id, job).map(|row| row.id)
}

/// A job that runs may have seen the state before this unit of work: it runs once more.
pub(super) fn run_again(tx: &mut Tx<'_>, id: ObjectId) -> store::Result<()> {
    let Some(mut row) = tx.get_for_update::<QueuedJob>(id)? else {
        return Err(tx.raced()); // it was done meanwhile
    };
    if row.doc.running && !row.doc.again {
        row.doc.again = true;
        tx.put(&mut row)?;
    }
    Ok(())
}

/// Takes a job out of the table.
pub(super) fn remove(tx: &mut Tx<'_>, row: &Row<QueuedJob>) -> store::Result<()> {
    if let Some(key) = &row.doc.unique {
        tx.release(identity::JOB, key, row.id)?;
    }
    tx.delete::<QueuedJob>(row.id).map(drop)
}

/// Deletes the jobs with data of a session that is erased.
///
/// # Errors
/// Those of the store.
pub fn erase(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    rows::each::<QueuedJob>(tx, "session", session, |tx, job| remove(tx, &job))
}
