//! Threads that read, each with a connection of its own, on one bounded queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::{SqliteConfig, open};
use crate::conn::{Conn, Deadline};
use crate::store::Shared;
use crate::tx::Snapshot;
use crate::{Error, ObjectId, Result};

type Job = (ObjectId, Box<dyn FnOnce(&Snapshot<'_>) + Send>);

/// The handle of the reader threads.
pub(crate) struct Readers {
    queue: Mutex<Option<Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub fn start(config: &SqliteConfig, shared: &Arc<Shared>) -> Result<Self> {
        let (queue, jobs) = bounded(config.read_queue_max);
        let mut threads = Vec::new();
        for number in 0..config.reader_threads.max(1) {
            let mut connection = open::reader(config)?;
            open::register_functions(&connection, shared.schema.dictionary)?;
            let deadline = Deadline::watch(&mut connection)?;
            let (jobs, shared) = (jobs.clone(), Arc::clone(shared));
            let thread = std::thread::Builder::new().name(format!("reader-{number}"));
            threads.push(thread.spawn(move || run(&connection, &deadline, &jobs, &shared))?);
        }
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            threads: Mutex::new(threads),
        })
    }

    pub fn submit(
        &self,
        project: ObjectId,
        job: Box<dyn FnOnce(&Snapshot<'_>) + Send>,
    ) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue
            .as_ref()
            .ok_or(Error::Closed)?
            .try_send((project, job))
            .map_err(|error| match error {
                TrySendError::Full(_) => Error::Overloaded,
                TrySendError::Disconnected(_) => Error::Closed,
            })
    }

    pub fn close(&self) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for thread in self
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _ = thread.join();
        }
    }
}

fn run(
    connection: &rusqlite::Connection,
    deadline: &Deadline,
    jobs: &Receiver<Job>,
    shared: &Shared,
) {
    for (project, job) in jobs {
        let conn = Conn::Sqlite {
            connection,
            dictionary: shared.schema.dictionary,
            deadline,
        };
        job(&Snapshot::new(conn, &shared.book, project));
    }
}
