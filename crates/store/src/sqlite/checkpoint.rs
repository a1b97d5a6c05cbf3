//! Moves the write-ahead log into the database file, beside the writer.
//!
//! A thread of its own copies what it can (passive: nobody waits): at rest, and when the log has grown. Not earlier, because
//! a page that was written many times is copied once. The log can only be restarted at a moment when all of it was
//! copied, which never comes under steady writing: the writer is asked to copy the little that is left between two commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{SqliteConfig, open};
use crate::Result;

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// A log that is longer than this part of what it may be is copied and restarted when that is cheap.
const FULL_PART: i64 = 16;
/// Passes over the log before it is left for the next look.
const PASSES_MAX: u32 = 10;
/// A pass that leaves the writer little to do.
const SHORT_PASS: Duration = Duration::from_millis(10);

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
        let pages_max = config.log_pages_max;
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("checkpointer".into())
            .spawn(move || {
                let mut seen = 0;
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    let Some((pages, copied)) = checkpoint(&connection, "NOOP") else {
                        continue;
                    };
                    let at_rest = pages == seen && copied < pages;
                    if at_rest || pages > pages_max / FULL_PART {
                        copy(&connection, &wanted, pages_max);
                    }
                    seen = pages;
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

/// Each pass copies what was written during the one before. When one took next to no time, little is left, and the
/// writer, whom all callers wait for, is asked to copy it. While the disk cannot keep up it is not asked, until the log is
/// as long as it may be.
fn copy(connection: &Connection, wanted: &Wanted, pages_max: i64) {
    for _ in 0..PASSES_MAX {
        let began = Instant::now();
        let Some(pages) = passive(connection) else {
            return;
        };
        if began.elapsed() < SHORT_PASS || pages > pages_max {
            wanted
                .0
                .store(pages > pages_max / FULL_PART, Ordering::Relaxed);
            return;
        }
    }
}

/// Copies what no reader is in the way of. Returns the pages that the log had when it began.
pub(crate) fn passive(connection: &Connection) -> Option<i64> {
    checkpoint(connection, "PASSIVE").map(|(pages, _)| pages)
}

/// Runs a checkpoint; returns the pages of the log, and how many of them are copied.
fn checkpoint(connection: &Connection, mode: &str) -> Option<(i64, i64)> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let counts = connection.query_row(&sql, [], |row| Ok((row.get(1)?, row.get(2)?)));
    counts
        .inspect_err(|error| tracing::warn!(%error, "a checkpoint failed; it is tried again"))
        .ok()
}

/// Copies all and empties the log: the last act of a writer.
pub(crate) fn truncate(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the last checkpoint failed; the log is read at the next start");
    }
}
