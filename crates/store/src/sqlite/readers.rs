//! Connections that read, and the threads that work off bounded queues: one of reads, one of lookups.
//!
//! A read may take seconds. One thread does lookups alone, so that they never wait until all who read are done.
//!
//! A lookup by key takes a few microseconds when its pages are in memory, less than handing it to another thread costs.
//! So it runs on the thread of the caller, on a connection that is free at the moment. When one took long (a cold or slow
//! disk), the threads do the lookups for a while, so that the caller's other work does not stand still.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select_biased};
use rusqlite::Connection;

use super::{SqliteConfig, open};
use crate::conn::{Conn, Deadline};
use crate::store::Shared;
use crate::tx::Snapshot;
use crate::{Error, ObjectId, Result};

/// So many lookups are judged together: a single one may be slow because its thread had to wait for a core.
const JUDGED_TOGETHER: u64 = 64;
/// Lookups that take longer than this on average wait for the disk.
const QUICK_MICROS: u64 = 250;
/// So long after slow lookups none runs on the thread of a caller.
const SLOW_PERIOD: Duration = Duration::from_secs(1);

pub(crate) type Job = Box<dyn FnOnce(&Snapshot<'_>) + Send>;
type Queued = (ObjectId, Job);

/// How long a read may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// A few rows by id or key.
    Short,
    /// Anything.
    Long,
}

/// The connections, the queues and the threads.
pub(crate) struct Readers {
    pool: Arc<Pool>,
    queues: Mutex<Option<Queues>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Queues {
    reads: Sender<Queued>,
    lookups: Sender<Queued>,
}

struct Pool {
    /// One for each thread that reads, and one for lookups alone. Empty places once it is closed.
    connections: Vec<Mutex<Option<Reader>>>,
    shared: Arc<Shared>,
    started: Instant,
    /// Microseconds after `started` until which lookups go to the threads.
    slow_until: AtomicU64,
    /// The lookups that are being judged, and the microseconds that they took.
    judged: AtomicU64,
    judged_micros: AtomicU64,
}

impl Pool {
    fn judge(&self, began: Duration, ended: Duration) {
        let sum = micros(ended - began)
            + self
                .judged_micros
                .fetch_add(micros(ended - began), Ordering::Relaxed);
        if self.judged.fetch_add(1, Ordering::Relaxed) % JUDGED_TOGETHER == JUDGED_TOGETHER - 1 {
            self.judged_micros.store(0, Ordering::Relaxed);
            if sum > QUICK_MICROS * JUDGED_TOGETHER {
                self.slow_until
                    .store(micros(ended + SLOW_PERIOD), Ordering::Relaxed);
            }
        }
    }
}

struct Reader {
    connection: Connection,
    deadline: Deadline,
}

impl Reader {
    fn run(&self, shared: &Shared, project: ObjectId, job: impl FnOnce(&Snapshot<'_>)) {
        let conn = Conn::Sqlite {
            connection: &self.connection,
            dictionary: shared.schema.dictionary,
            deadline: &self.deadline,
        };
        job(&Snapshot::new(conn, &shared.book, project));
    }
}

impl Readers {
    pub fn start(config: &SqliteConfig, shared: &Arc<Shared>) -> Result<Self> {
        let count = config.reader_threads.max(1);
        let connections = (0..=count)
            .map(|_| reader(config, shared))
            .collect::<Result<_>>()?;
        let pool = Arc::new(Pool {
            connections,
            shared: Arc::clone(shared),
            started: Instant::now(),
            slow_until: AtomicU64::new(0),
            judged: AtomicU64::new(0),
            judged_micros: AtomicU64::new(0),
        });
        let (reads, long) = bounded(config.read_queue_max);
        let (lookups, short) = bounded(config.read_queue_max);
        let mut threads = Vec::new();
        for number in 0..=count {
            let pool = Arc::clone(&pool);
            let (long, short) = (long.clone(), short.clone());
            let thread = std::thread::Builder::new().name(format!("reader-{number}"));
            threads.push(thread.spawn(move || {
                if number < count {
                    work_off(&pool, number, &long, &short);
                } else {
                    finish(&pool, number, &short);
                }
            })?);
        }
        Ok(Self {
            pool,
            queues: Mutex::new(Some(Queues { reads, lookups })),
            threads: Mutex::new(threads),
        })
    }

    /// Queues a read.
    pub fn submit(&self, project: ObjectId, job: Job, length: Length) -> Result<()> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queues = queues.as_ref().ok_or(Error::Closed)?;
        let queue = match length {
            Length::Short => &queues.lookups,
            Length::Long => &queues.reads,
        };
        queue.try_send((project, job)).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Closed,
        })
    }

    /// Runs a lookup here and now, when a connection is free and lookups are quick; otherwise gives it back.
    pub fn try_here<F: FnOnce(&Snapshot<'_>)>(&self, project: ObjectId, job: F) -> Option<F> {
        let started = self.pool.started.elapsed();
        if micros(started) < self.pool.slow_until.load(Ordering::Relaxed) {
            return Some(job);
        }
        let Some(reader) = self
            .pool
            .connections
            .iter()
            .find_map(|reader| reader.try_lock().ok())
        else {
            return Some(job);
        };
        let Some(reader) = &*reader else {
            return Some(job); // and the queue answers that it is closed
        };
        reader.run(&self.pool.shared, project, job);
        self.pool.judge(started, self.pool.started.elapsed());
        None
    }

    pub fn close(&self) {
        self.queues
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
        for reader in &self.pool.connections {
            reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn reader(config: &SqliteConfig, shared: &Shared) -> Result<Mutex<Option<Reader>>> {
    let mut connection = open::reader(config)?;
    open::register_functions(&connection, shared.schema.dictionary)?;
    let deadline = Deadline::watch(&mut connection)?;
    Ok(Mutex::new(Some(Reader {
        connection,
        deadline,
    })))
}

/// Lookups first: they are quick, and so is whoever waits for one.
fn work_off(pool: &Pool, number: usize, reads: &Receiver<Queued>, lookups: &Receiver<Queued>) {
    loop {
        let job = select_biased! {
            recv(lookups) -> job => job,
            recv(reads) -> job => job,
        };
        let Ok(job) = job else { break };
        run(pool, number, job);
    }
    // Both were closed together; what waits is still done.
    finish(pool, number, lookups);
    finish(pool, number, reads);
}

/// Works a queue off until it is closed and empty.
fn finish(pool: &Pool, number: usize, jobs: &Receiver<Queued>) {
    for job in jobs {
        run(pool, number, job);
    }
}

fn run(pool: &Pool, number: usize, (project, job): Queued) {
    let reader = pool.connections[number]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(reader) = &*reader {
        reader.run(&pool.shared, project, job);
    }
}
