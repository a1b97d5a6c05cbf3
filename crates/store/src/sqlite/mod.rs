//! The embedded engine: one writer thread with group commit, reader threads, a checkpointer.

pub(crate) mod backup;
pub(crate) mod checkpoint;
pub(crate) mod open;
mod readers;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub(crate) use self::readers::Length;
use crate::conn::Deadline;
use crate::store::{Shared, Unit};
use crate::tx::Snapshot;
use crate::{Error, ObjectId, Report, Result, Schema};

/// How the embedded database is opened.
#[derive(Debug, Clone)]
pub struct SqliteConfig {
    /// The database file. Its folder is made when missing.
    pub file: PathBuf,
    /// Threads that read.
    pub reader_threads: usize,
    /// Reads that may wait; beyond it they are refused.
    pub read_queue_max: usize,
    /// Units that may wait; beyond it they are refused.
    pub write_queue_max: usize,
    /// Units that share one commit at the most.
    pub units_per_commit_max: usize,
    /// Memory for pages, per connection, in KiB.
    pub page_cache_kib: u32,
    /// The write-ahead log grows to about this many pages (of 4 KiB) before writers have to wait for the disk. Only writing
    /// at full speed for long comes near it: it is restarted from a sixteenth of that on, when that holds nobody up.
    pub log_pages_max: i64,
}

impl SqliteConfig {
    /// The defaults over `file`.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            reader_threads: 2,
            read_queue_max: 4096,
            write_queue_max: 4096,
            units_per_commit_max: 256,
            page_cache_kib: 16 * 1024,
            log_pages_max: 64 * 1024,
        }
    }
}

pub(crate) struct Engine {
    readers: readers::Readers,
    writer: writer::Writer,
    checkpointer: Mutex<Option<checkpoint::Checkpointer>>,
    /// Held as long as the engine lives, so that no second process opens the file.
    lock: Mutex<Option<open::Lock>>,
}

impl Engine {
    pub fn open(config: &SqliteConfig, shared: Arc<Shared>) -> Result<Self> {
        let lock = open::lock(&config.file)?;
        let mut connection = open::writer(config)?;
        open::prepare(&mut connection, config, &shared)?;
        let checkpoint_wanted = checkpoint::Wanted::default();
        let writer = writer::Writer::start(
            connection,
            config,
            Arc::clone(&shared),
            checkpoint_wanted.clone(),
        )?;
        let readers = readers::Readers::start(config, &shared)?;
        let checkpointer = checkpoint::Checkpointer::start(config, checkpoint_wanted)?;
        Ok(Self {
            readers,
            writer,
            checkpointer: Mutex::new(Some(checkpointer)),
            lock: Mutex::new(Some(lock)),
        })
    }

    pub fn submit(&self, project: ObjectId, unit: Box<dyn Unit>) -> Result<()> {
        self.writer.submit(project, unit)
    }

    pub fn read(
        &self,
        project: ObjectId,
        job: Box<dyn FnOnce(&Snapshot<'_>) + Send>,
        length: Length,
    ) -> Result<()> {
        self.readers.submit(project, job, length)
    }

    pub fn try_here<F: FnOnce(&Snapshot<'_>)>(&self, project: ObjectId, job: F) -> Option<F> {
        self.readers.try_here(project, job)
    }

    pub fn writes_waiting(&self) -> usize {
        self.writer.waiting()
    }

    pub fn close(&self) {
        self.readers.close();
        self.writer.close();
        drop(
            self.checkpointer
                .lock()
                .map(|mut checkpointer| checkpointer.take()),
        );
        drop(self.lock.lock().map(|mut lock| lock.take()));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// Compares the database of `config` with itself. Only repairing needs it for itself.
///
/// # Errors
/// When the database cannot be read, is of another version, or a process has it open that should be repaired.
pub fn examine(
    config: &SqliteConfig,
    schema: &Schema,
    repair: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Report> {
    if !config.file.exists() {
        return Err(Error::Refused(format!(
            "{} is not there: name the data folder with --data",
            config.file.display()
        )));
    }
    let _lock = if repair {
        Some(open::lock(&config.file)?)
    } else {
        None
    };
    let mut connection = open::writer(config)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    schema.refuse_newer(found)?;
    if found < schema.version() {
        return Err(Error::Refused(
            "the database is of an older version: start the server once, which migrates it".into(),
        ));
    }
    open::register_functions(&connection, schema.dictionary)?;
    let deadline = Deadline::watch(&mut connection)?;
    crate::doctor::examine(&connection, &deadline, schema, repair, progress)
}
