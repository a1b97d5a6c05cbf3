//! Work that a unit of work asks for, to be done after its commit and never lost: mails, webhooks.
//!
//! [`enqueue`] writes a job in the unit that causes it. After the commit a process claims it with a lease, runs the handler of its
//! [kind](Kind), and takes it out of the table. A run that fails is repeated after a pause; one whose process died, when its lease is
//! over. So each job is done at least once, and handlers must bear to be called again. A job that failed too often is [dead]: it
//! stays for [`DEAD_DAYS`] to be seen and tried again.
//!
//! Every process looks after the jobs that it commits itself at once, and after all others every [`SCAN_INTERVAL`].

mod claim;
pub mod dead;
pub mod document;
mod enqueue;
mod finish;
mod kind;
mod run;
mod sweep;
mod worker;

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};
use store::{Change, ObjectId};
use tokio::sync::Notify;

use self::document::QUEUED_JOBS;
pub use self::enqueue::{NewJob, enqueue, erase};
pub use self::kind::{Failure, Job, Kind, all as kinds};
pub use self::run::run_due;
pub use self::sweep::{DEAD_DAYS, sweep};
pub use self::worker::{SCAN_INTERVAL, Worker};

/// What a process knows of the queue: the kinds of jobs, and where there may be some.
pub struct Queue {
    kinds: Vec<Kind>,
    marked: Mutex<HashSet<ObjectId>>,
    work: Notify,
    runs: IntCounterVec,
    dead: IntGauge,
}

impl Queue {
    /// # Errors
    /// When `registry` has its metrics already.
    pub fn new(kinds: Vec<Kind>, registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new(
            "hark_queue_runs_total",
            "Runs of queued jobs, by how they ended: done, failed (and tried again), dead or cut_short.",
        );
        let runs = IntCounterVec::new(opts, &["kind", "outcome"])?;
        let dead = IntGauge::new(
            "hark_queue_dead_jobs",
            "Queued jobs that were given up and are still kept.",
        )?;
        registry.register(Box::new(runs.clone()))?;
        registry.register(Box::new(dead.clone()))?;
        Ok(Self {
            kinds,
            marked: Mutex::default(),
            work: Notify::new(),
            runs,
            dead,
        })
    }

    /// Notes that jobs were written.
    pub fn committed(&self, changes: &[Change]) {
        let written = |change: &Change| match change {
            Change::Document { table, project, .. } if *table == QUEUED_JOBS.table => {
                Some(*project)
            }
            _ => None,
        };
        let mut written = changes.iter().filter_map(written).peekable();
        if written.peek().is_some() {
            self.lock().extend(written);
            self.work.notify_one();
        }
    }

    fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// The projects in which jobs were written since the last look.
    fn take_marked(&self) -> HashSet<ObjectId> {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<ObjectId>> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
