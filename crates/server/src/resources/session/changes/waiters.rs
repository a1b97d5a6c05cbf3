//! Those who wait for changes of sessions, in this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Change, ObjectId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use super::super::document::SESSIONS;
use crate::http::error::ApiError;
use crate::live::slot;

/// Who was told nothing looks again after this time: another node may have died before it told of what it committed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Those who wait, by project.
pub struct Waiters {
    slots: Arc<Semaphore>,
    /// How many wait, so that a commit costs nothing while nobody does.
    waiting: AtomicUsize,
    projects: Mutex<HashMap<ObjectId, watch::Sender<()>>>,
    is_stopping: AtomicBool,
}

/// One who waits. Dropping it ends that.
pub(super) struct Waiter {
    changes: watch::Receiver<()>,
    project: ObjectId,
    waiters: Arc<Waiters>,
    _slot: OwnedSemaphorePermit,
}

impl Waiters {
    /// Nobody waits yet; at most `most` will.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(most)),
            waiting: AtomicUsize::new(0),
            projects: Mutex::default(),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Wakes those whose project has changes.
    pub fn committed(&self, changes: &[Change]) {
        if self.waiting.load(Ordering::SeqCst) == 0 {
            return;
        }
        for change in changes {
            if let Change::Document { table, project, .. } = change
                && *table == SESSIONS.table
                && let Some(waiting) = self.lock().get(project)
            {
                waiting.send_replace(());
            }
        }
    }

    /// Wakes all: commits of other nodes may have been missed.
    pub fn wake_all(&self) {
        for waiting in self.lock().values() {
            waiting.send_replace(());
        }
    }

    /// Lets all go: the process stops.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.wake_all();
    }

    /// Waits for changes of a project, of those that are committed from now on.
    ///
    /// # Errors
    /// 503 when there are as many who wait as there may be.
    pub(super) fn wait(self: &Arc<Self>, project: ObjectId) -> Result<Waiter, ApiError> {
        let slot = slot(
            &self.slots,
            "callers that wait for changes of sessions",
            "live.watchers_max",
        )?;
        let mut projects = self.lock();
        let waiting = projects
            .entry(project)
            .or_insert_with(|| watch::channel(()).0);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        Ok(Waiter {
            changes: waiting.subscribe(),
            project,
            waiters: Arc::clone(self),
            _slot: slot,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectId, watch::Sender<()>>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Done when there may be something to read, and at `until` at the latest.
    pub async fn changed(&mut self, until: Instant) {
        if self.is_let_go() {
            return;
        }
        let until = until.min(Instant::now() + LOOK_AGAIN);
        // The sender stays as long as somebody waits.
        let _ = timeout_at(until, self.changes.changed()).await;
    }

    /// Whether the process stops.
    pub fn is_let_go(&self) -> bool {
        self.waiters.is_stopping.load(Ordering::SeqCst)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.waiters.waiting.fetch_sub(1, Ordering::SeqCst);
        let mut projects = self.waiters.lock();
        let was_last = projects
            .get(&self.project)
            .is_some_and(|waiting| waiting.receiver_count() <= 1);
        if was_last {
            projects.remove(&self.project);
        }
    }
}
