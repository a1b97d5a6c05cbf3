//! Moves the write-ahead log into the database file, beside the writer.
//!
//! A thread of its own copies what it can (passive: nobody waits). The log can only be restarted at a moment when all of
//! it was copied, which never comes under steady writing; when the log has grown, the writer is asked to copy the little
//! that is left between two commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::{SqliteConfig, open};
use crate::Result;

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// A log of this many pages is worth copying.
const COPY_PAGES_MIN: i64 = 1_000;
/// A log of this many pages should be restarted.
const RESTART_PAGES_MIN: i64 = 16_000;

/// Set when the writer should finish a checkpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    pub fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// The handle of the thread; it ends when this is dropped.
pub(crate) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub fn start(config: &SqliteConfig, wanted: Wanted) -> Result<Self> {
        let connection = open::writer(config)?;
        let wal = open::beside(&config.file, "-wal");
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("checkpointer".into())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    let bytes = std::fs::metadata(&wal).map_or(0, |metadata| metadata.len());
                    if bytes > COPY_PAGES_MIN.unsigned_abs() * 4096 {
                        copy(&connection, &wanted);
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn copy(connection: &Connection, wanted: &Wanted) {
    // Whether all of these pages were copied says nothing: the writer has added to them meanwhile.
    if passive(connection).is_some_and(|pages| pages > RESTART_PAGES_MIN) {
        passive(connection); // what came meanwhile, so that the writer has little left to do
        wanted.0.store(true, Ordering::Relaxed);
    }
}

/// Copies what no reader is in the way of. Returns the pages that the log had when it began.
pub(crate) fn passive(connection: &Connection) -> Option<i64> {
    let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1));
    pages
        .inspect_err(|error| tracing::warn!(%error, "a checkpoint failed; it is tried again"))
        .ok()
}

/// Copies all and empties the log: the last act of a writer.
pub(crate) fn truncate(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the last checkpoint failed; the log is read at the next start");
    }
}
