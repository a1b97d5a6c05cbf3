//! The one writer: takes what waits, runs each unit in a savepoint, commits once, tells listeners, answers all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::SqliteConfig;
use super::checkpoint::Wanted;
use crate::conn::{Conn, Deadline};
use crate::pending::Pending;
use crate::store::{Ran, Shared, Unit};
use crate::tx::{Snapshot, Tx};
use crate::{Change, Error, ObjectId, Result};

type Submitted = (ObjectId, Box<dyn Unit>);

/// The handle of the writer thread.
pub(crate) struct Writer {
    queue: Mutex<Option<SyncSender<Submitted>>>,
    waiting: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(
        mut connection: Connection,
        config: &SqliteConfig,
        shared: Arc<Shared>,
        checkpoint_wanted: Wanted,
    ) -> Result<Self> {
        let (queue, submitted) = sync_channel(config.write_queue_max);
        let waiting = Arc::new(AtomicUsize::new(0));
        let worker = Worker {
            deadline: Deadline::watch(&mut connection)?,
            connection,
            shared,
            submitted,
            waiting: Arc::clone(&waiting),
            units_max: config.units_per_commit_max,
            checkpoint_wanted,
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            waiting,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub fn submit(&self, project: ObjectId, unit: Box<dyn Unit>) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or(Error::Closed)?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        queue.try_send((project, unit)).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => Error::Overloaded,
                TrySendError::Disconnected(_) => Error::Closed,
            }
        })
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes no more units, and returns when those that were taken are committed.
    pub fn close(&self) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            let _ = thread.join();
        }
    }
}

struct Worker {
    connection: Connection,
    deadline: Deadline,
    shared: Arc<Shared>,
    submitted: Receiver<Submitted>,
    waiting: Arc<AtomicUsize>,
    units_max: usize,
    checkpoint_wanted: Wanted,
}

impl Worker {
    fn run(self) {
        while let Ok(first) = self.submitted.recv() {
            let mut batch = vec![first];
            batch.extend(self.submitted.try_iter().take(self.units_max - 1));
            self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
            self.commit(batch);
            if self.checkpoint_wanted.take() {
                super::checkpoint::passive(&self.connection);
            }
        }
        super::checkpoint::truncate(&self.connection);
    }

    fn commit(&self, mut batch: Vec<Submitted>) {
        let mut changes = Vec::new();
        let committed = self.run_all(&mut batch, &mut changes);
        if committed.is_ok() {
            self.shared.tell(&changes);
        }
        let failure = committed.err().map(|error| error.to_string());
        for (_, unit) in batch {
            unit.answer(failure.clone().map_or(Ok(()), |text| {
                Err(Error::Refused(format!("the commit failed: {text}")))
            }));
        }
    }

    fn run_all(&self, batch: &mut [Submitted], changes: &mut Vec<Change>) -> Result<()> {
        self.statement("BEGIN IMMEDIATE")?;
        let mut pending = Pending::default();
        let ran = batch.iter_mut().try_for_each(|(project, unit)| {
            self.run_one(*project, unit.as_mut(), changes, &mut pending)
        });
        if let Err(error) = ran.and_then(|()| pending.write(&self.conn())) {
            let _ = self.statement("ROLLBACK");
            return Err(error);
        }
        self.statement("COMMIT").inspect_err(|_| {
            let _ = self.statement("ROLLBACK");
        })
    }

    fn run_one(
        &self,
        project: ObjectId,
        unit: &mut dyn Unit,
        changes: &mut Vec<Change>,
        pending: &mut Pending,
    ) -> Result<()> {
        self.statement("SAVEPOINT unit")?;
        let snapshot = Snapshot::new(self.conn(), &self.shared.book, project);
        let mut tx = Tx::new(snapshot, &self.shared.environment.ids, self.shared.now());
        match unit.run(&mut tx) {
            Ran::Keep => {
                let (mut changed, later) = tx.finish();
                changes.append(&mut changed);
                pending.append(later);
            }
            Ran::Drop => self.statement("ROLLBACK TO unit")?,
        }
        self.statement("RELEASE unit")
    }

    fn conn(&self) -> Conn<'_> {
        Conn::Sqlite {
            connection: &self.connection,
            dictionary: self.shared.schema.dictionary,
            deadline: &self.deadline,
        }
    }

    fn statement(&self, sql: &str) -> Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}
