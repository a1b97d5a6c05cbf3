//! The PostgreSQL engine: each unit is a transaction of its own, run on a blocking thread so that the function of a unit
//! is the same plain code on both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio::runtime::Handle;

use crate::conn::{Conn, Trouble};
use crate::migrate;
use crate::store::{Ran, Shared, Unit};
use crate::tx::{Snapshot, Tx};
use crate::{Error, ObjectId, Result};

/// How often a unit is run before its last error is given to the caller.
const ATTEMPTS_MAX: u32 = 8;
/// How often closing looks whether all is done.
const CLOSE_POLL: Duration = Duration::from_millis(5);
/// All nodes take this lock before they look at the schema version.
const MIGRATION_LOCK: i64 = 0x4841_524B;

/// How PostgreSQL is reached.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://user@host:port/database`.
    pub url: String,
    /// Connections at the most.
    pub connections_max: usize,
    /// Units and reads that may wait for a connection; beyond it they are refused.
    pub queue_max: usize,
}

pub(crate) struct Engine {
    pool: Pool,
    runtime: Handle,
    shared: Arc<Shared>,
    waiting: Arc<AtomicUsize>,
    closed: AtomicBool,
    queue_max: usize,
}

impl Engine {
    pub async fn open(config: &PostgresConfig, shared: Arc<Shared>) -> Result<Self> {
        let settings: tokio_postgres::Config = config.url.parse()?;
        let manager = Manager::from_config(
            settings,
            tokio_postgres::NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(config.connections_max)
            .build()
            .map_err(|error| {
                Error::Refused(format!("no pool of PostgreSQL connections: {error}"))
            })?;
        let engine = Self {
            pool,
            runtime: Handle::current(),
            shared,
            waiting: Arc::new(AtomicUsize::new(0)),
            closed: AtomicBool::new(false),
            queue_max: config.queue_max,
        };
        engine.prepare().await?;
        Ok(engine)
    }

    async fn prepare(&self) -> Result<()> {
        let client = self.pool.get().await?;
        let (runtime, shared) = (self.runtime.clone(), Arc::clone(&self.shared));
        let prepared =
            tokio::task::spawn_blocking(move || migrate_schema(&client, &runtime, &shared)).await;
        prepared.map_err(|_| Error::Panicked)?
    }

    pub fn submit(&self, project: ObjectId, mut unit: Box<dyn Unit>) -> Result<()> {
        self.spawn(move |client, runtime, shared| {
            let done = client
                .and_then(|client| run_unit(&client, runtime, shared, project, unit.as_mut()));
            unit.answer(done);
        })
    }

    pub fn read(
        &self,
        project: ObjectId,
        job: Box<dyn FnOnce(&Snapshot<'_>) + Send>,
    ) -> Result<()> {
        self.spawn(move |client, runtime, shared| {
            let trouble = Trouble::default();
            if let Ok(client) = client {
                let conn = Conn::Postgres {
                    client: &client,
                    runtime,
                    trouble: &trouble,
                };
                job(&Snapshot::new(conn, &shared.book, project));
            } // else the job is dropped, and its caller sees that
        })
    }

    fn spawn(
        &self,
        work: impl FnOnce(Result<Client>, &Handle, &Shared) + Send + 'static,
    ) -> Result<()> {
        // Counted before `closed` is looked at: `close` waits for what it counts.
        let full = self.waiting.fetch_add(1, Ordering::SeqCst) >= self.queue_max;
        let closed = self.closed.load(Ordering::SeqCst);
        if full || closed {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(if closed {
                Error::Closed
            } else {
                Error::Overloaded
            });
        }
        let (pool, runtime, shared, waiting) = (
            self.pool.clone(),
            self.runtime.clone(),
            Arc::clone(&self.shared),
            Arc::clone(&self.waiting),
        );
        self.runtime.spawn(async move {
            let client = pool.get().await.map_err(Error::Pool);
            let _ = tokio::task::spawn_blocking(move || work(client, &runtime, &shared)).await;
            waiting.fetch_sub(1, Ordering::SeqCst);
        });
        Ok(())
    }

    pub fn writes_waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes no more, waits until what was taken is done, and lets the connections go.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        while self.waiting.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(CLOSE_POLL);
        }
        self.pool.close();
    }
}

/// Runs a unit until it is committed, refused, or has lost too many races.
fn run_unit(
    client: &Client,
    runtime: &Handle,
    shared: &Shared,
    project: ObjectId,
    unit: &mut dyn Unit,
) -> Result<()> {
    let mut attempt = 1;
    loop {
        let trouble = Trouble::default();
        let done = attempt_unit(client, runtime, shared, project, unit, &trouble);
        let again = match &done {
            Ok(Ran::Keep) => false,
            Ok(Ran::Drop) | Err(Error::Refused(_)) => trouble.transient.get(),
            Err(error) => error.is_transient(),
        };
        if !again || attempt == ATTEMPTS_MAX {
            return done.map(drop);
        }
        std::thread::sleep(Duration::from_millis(1 << attempt));
        attempt += 1;
    }
}

fn attempt_unit(
    client: &Client,
    runtime: &Handle,
    shared: &Shared,
    project: ObjectId,
    unit: &mut dyn Unit,
    trouble: &Trouble,
) -> Result<Ran> {
    let statement = |sql: &'static str| runtime.block_on(client.batch_execute(sql));
    statement("BEGIN")?;
    let snapshot = Snapshot::new(
        Conn::Postgres {
            client,
            runtime,
            trouble,
        },
        &shared.book,
        project,
    );
    let mut tx = Tx::new(snapshot, &shared.environment.ids, shared.now());
    match unit.run(&mut tx) {
        // COMMIT would answer without an error, and roll back.
        Ran::Keep if trouble.aborted.get() => {
            statement("ROLLBACK")?;
            Err(Error::Refused(
                "a statement of the unit failed, so nothing of it was kept".into(),
            ))
        }
        Ran::Keep => {
            let (changes, pending) = tx.finish();
            let conn = Conn::Postgres {
                client,
                runtime,
                trouble,
            };
            if let Err(error) = pending.write(&conn) {
                statement("ROLLBACK")?;
                return Err(error);
            }
            statement("COMMIT")?;
            shared.tell(&changes);
            Ok(Ran::Keep)
        }
        Ran::Drop => {
            statement("ROLLBACK")?;
            Ok(Ran::Drop)
        }
    }
}

/// Whichever node starts first migrates; the others wait for it.
fn migrate_schema(client: &Client, runtime: &Handle, shared: &Shared) -> Result<()> {
    let statement = |sql: String| runtime.block_on(async move { client.batch_execute(&sql).await });
    statement("BEGIN".into())?;
    statement(format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    statement("CREATE TABLE IF NOT EXISTS hark_schema (version BIGINT NOT NULL)".into())?;
    let conn = Conn::Postgres {
        client,
        runtime,
        trouble: &Trouble::default(),
    };
    let found = conn
        .first("SELECT version FROM hark_schema", &[], |row| row.int(0))?
        .unwrap_or(0);
    shared.schema.refuse_newer(found)?;
    if found < shared.schema.version() {
        migrate::apply(&conn, shared.schema, found)?;
        statement("DELETE FROM hark_schema".into())?;
        statement(format!(
            "INSERT INTO hark_schema (version) VALUES ({})",
            shared.schema.version()
        ))?;
    }
    statement("COMMIT".into())?;
    Ok(())
}
