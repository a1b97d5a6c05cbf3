//! The PostgreSQL engine: each unit is a transaction of its own, run on a blocking thread so that the function of a unit
//! is the same plain code on both engines. The engine has threads of its own, as the embedded one does. Lookups alone need none.

mod citus;
mod config;
mod connect;
mod examine;
mod lines;
pub(crate) mod link;
mod nodes;
mod owners;
mod prepare;
pub(crate) mod presence;
mod shared;
mod unit;
mod words;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::Client;
use tokio::runtime::{Builder, Handle, Runtime};

pub use self::citus::distribute;
pub use self::config::PostgresConfig;
pub(crate) use self::config::Target;
pub(crate) use self::connect::Connector;
pub use self::examine::examine_postgres;
use self::link::Link;
pub(crate) use self::prepare::{bring_up, refuse_older_server};
pub use self::shared::Counted;
pub use self::words::WORD_BYTES_MAX;
use crate::conn::{Conn, RowRef};
use crate::store::{Shared, Unit};
use crate::tx::{Probe, Snapshot};
use crate::{Change, Error, Millis, ObjectId, Result, Value};

/// How often closing looks whether all is done.
const CLOSE_POLL: Duration = Duration::from_millis(5);

/// How long closing waits until the other nodes were told of the last commits.
const TELL_MAX: Duration = Duration::from_secs(1);

/// Threads that serve the connections; units and reads have others.
const CONNECTION_THREADS: usize = 2;

/// What units and reads need.
struct Context {
    owners: owners::Owners,
    runtime: Handle,
    shared: Arc<Shared>,
    prepared: bool,
    numbered: ObjectId,
    /// How a transaction begins.
    begin: String,
    /// How long a statement of a unit may take.
    statement_timeout: Duration,
    teller: nodes::Teller,
    speaker: words::Speaker,
    /// How often units and reads waited for the database.
    round_trips: AtomicU64,
}

impl Context {
    /// A connection as units and reads use it.
    fn link<'c>(&'c self, client: &'c Client) -> Link<'c> {
        Link::new(client, &self.runtime, self.prepared).counted(&self.round_trips)
    }

    /// After a commit, before its caller is answered.
    fn committed(&self, changes: &[Change]) {
        self.shared.tell(changes);
        self.teller.tell(changes);
    }
}

pub(crate) struct Engine {
    context: Arc<Context>,
    runtime: OwnRuntime,
    waiting: Arc<AtomicUsize>,
    closed: AtomicBool,
    queue_max: usize,
}

impl Engine {
    /// Blocks until the schema is there.
    pub fn open(config: &PostgresConfig, shared: Arc<Shared>) -> Result<Self> {
        let runtime = OwnRuntime::start()?;
        let node = shared.environment.ids.next(shared.now());
        let (teller, told) = nodes::Teller::new(node);
        let (speaker, said) = words::Speaker::new();
        let ways = (teller, speaker);
        let context = on_own_thread(|| prepare(config, shared, &runtime.handle, ways))?;
        let context = Arc::new(context);
        let handle = &runtime.handle;
        handle.spawn(nodes::tell(Arc::clone(&context), told));
        handle.spawn(words::say(Arc::clone(&context), said));
        handle.spawn(compare_clocks(Arc::clone(&context)));
        if config.listens {
            let connector = Connector::new(config, handle.clone())?;
            let shared = Arc::clone(&context.shared);
            handle.spawn(nodes::listen(connector, shared, node.to_string()));
        }
        Ok(Self {
            context,
            runtime,
            waiting: Arc::default(),
            closed: AtomicBool::new(false),
            queue_max: config.queue_max,
        })
    }

    /// `as_of`: how many units must have written in [`PostgresConfig::numbered`] by then, or the unit is not run.
    pub fn submit(
        &self,
        project: ObjectId,
        mut unit: Box<dyn Unit>,
        as_of: Option<i64>,
    ) -> Result<()> {
        self.spawn(project, move |client, context| {
            let place = (project, as_of);
            let done = client.and_then(|client| unit::run(client, context, place, unit.as_mut()));
            unit.answer(done);
        })
    }

    /// How often units and reads waited for the database so far.
    pub fn round_trips(&self) -> u64 {
        self.context.round_trips.load(Ordering::Relaxed)
    }

    pub fn read(
        &self,
        project: ObjectId,
        job: Box<dyn FnOnce(&Snapshot<'_>) + Send>,
    ) -> Result<()> {
        self.spawn(project, move |client, context| {
            match client {
                Ok(client) => {
                    let link = context.link(&client);
                    let conn = Conn::Postgres(&link);
                    job(&Snapshot::new(conn, &context.shared.book, project));
                }
                // The job is dropped, and its caller sees that.
                Err(error) => tracing::warn!(%error, "a read got no connection"),
            }
        })
    }

    fn spawn(
        &self,
        project: ObjectId,
        work: impl FnOnce(Result<Client>, &Context) + Send + 'static,
    ) -> Result<()> {
        let waiting = self.enter()?;
        let context = Arc::clone(&self.context);
        self.context.runtime.spawn(async move {
            let client = context.owners.of(project).await;
            let _ = tokio::task::spawn_blocking(move || work(client, &context)).await;
            drop(waiting);
        });
        Ok(())
    }

    /// Counts what waits, unless that is too much.
    fn enter(&self) -> Result<Waiting> {
        // Counted before `closed` is looked at: `close` waits for what it counts.
        let before = self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting = Waiting(Arc::clone(&self.waiting));
        if self.is_closed() {
            return Err(Error::Closed);
        }
        if before >= self.queue_max {
            return Err(Error::Overloaded);
        }
        Ok(waiting)
    }

    /// Asks for a document that may be known already. No thread waits for it.
    pub async fn probe(
        &self,
        project: ObjectId,
        sql: &str,
        binds: &[Value],
    ) -> Result<Option<Probe>> {
        let _waiting = self.enter()?;
        self.context.round_trips.fetch_add(1, Ordering::Relaxed);
        let row = self.context.owners.first(project, sql, binds).await?;
        let probe = |row| Probe::read(&RowRef::Postgres(&row));
        row.map(probe).transpose()
    }

    /// The project whose writes are numbered.
    pub fn numbered(&self) -> ObjectId {
        self.context.numbered
    }

    /// How many units wrote in [`PostgresConfig::numbered`] so far.
    pub async fn writes_of_numbered(&self) -> Result<i64> {
        let _waiting = self.enter()?;
        self.context.round_trips.fetch_add(1, Ordering::Relaxed);
        let numbered = [self.context.numbered.into()];
        let row = self.context.owners.first_of_any(unit::WRITES, &numbered);
        row.await?.map_or(Ok(0), |row| Ok(row.try_get(0)?))
    }

    /// Adds to what all nodes count under a key in this minute.
    pub async fn count(&self, key: [u8; 16], more: u32) -> Result<Counted> {
        self.ask(move |client, _| async move { shared::count(&client, key, more).await })
            .await
    }

    /// Forgets what was counted in minutes that are over.
    pub async fn forget_counts(&self) -> Result<u64> {
        self.ask(|client, _| async move { shared::forget_counts(&client).await })
            .await
    }

    /// Takes what is called `name` for this node, for a while.
    pub async fn take(&self, name: &str, time: Duration) -> Result<bool> {
        let name = name.to_owned();
        self.ask(move |client, context| async move {
            shared::take(&client, &name, context.teller.node, time).await
        })
        .await
    }

    /// Has the other nodes told a word, in a while or never.
    pub fn say(&self, word: String) {
        self.context.speaker.say(word);
    }

    /// Lets go of what is called `name`, and forgets the name.
    pub async fn release(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.ask(move |client, context| async move {
            shared::release(&client, &name, context.teller.node).await
        })
        .await
    }

    /// From which version the schema was brought up in the last day, and when.
    pub async fn upgraded(&self) -> Result<Option<(i64, Millis)>> {
        self.ask(|client, _| async move { shared::upgraded(&client).await })
            .await
    }

    /// Asks the database on the runtime of the engine, as all that waits for connections.
    async fn ask<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
        &self,
        question: impl FnOnce(Client, Arc<Context>) -> F + Send + 'static,
    ) -> Result<T> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        let context = Arc::clone(&self.context);
        context.round_trips.fetch_add(1, Ordering::Relaxed);
        let asked = self.context.runtime.spawn(async move {
            let client = context.owners.any().await?;
            question(client, Arc::clone(&context)).await
        });
        asked.await.unwrap_or(Err(Error::Closed))
    }

    pub fn writes_waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Whether [`Self::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Takes no more, waits until what was taken is done, and lets the connections go.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        while self.waiting.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(CLOSE_POLL);
        }
        let told = Instant::now() + TELL_MAX;
        while !self.context.teller.is_done() && Instant::now() < told {
            std::thread::sleep(CLOSE_POLL);
        }
        self.context.owners.close();
        self.runtime.stop();
    }
}

/// One that waits.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// The threads of an engine. Dropping them does not block, so that anybody may.
pub(crate) struct OwnRuntime {
    pub handle: Handle,
    runtime: Mutex<Option<Runtime>>,
}

impl OwnRuntime {
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(CONNECTION_THREADS)
            .thread_name("postgres")
            .enable_all()
            .build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    fn stop(&self) {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Compares the clock of this node with that of the database, again and again until the engine is closed.
async fn compare_clocks(context: Arc<Context>) {
    loop {
        tokio::time::sleep(shared::CLOCKS_COMPARED).await;
        let compared = async {
            let client = context.owners.any().await?;
            shared::compare_clocks(&client, &*context.shared.environment.clock).await
        };
        if let Err(error) = compared.await {
            tracing::debug!(%error, "the clock was not compared with that of the database");
        }
    }
}

/// Runs what blocks where blocking is allowed, whoever calls.
pub(crate) fn on_own_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| scope.spawn(work).join().map_err(|_| Error::Panicked)?)
}

fn prepare(
    config: &PostgresConfig,
    shared: Arc<Shared>,
    runtime: &Handle,
    (teller, speaker): (nodes::Teller, words::Speaker),
) -> Result<Context> {
    let connector = Connector::new(config, runtime.clone())?;
    let one = connector.pool(1, config)?;
    let client = runtime.block_on(one.get())?;
    let link = Link::new(&client, runtime, config.prepared);
    prepare::migrate(&link, shared.schema)?;
    let clocks = shared::compare_clocks(&client, &*shared.environment.clock);
    runtime.block_on(clocks)?;
    let size = match config.connections_max {
        0 => prepare::share_of_connections(&client, runtime)?,
        most => most,
    };
    let pool = connector.pool(size, config)?;
    let owners = owners::Owners::new(pool, connector, config, size);
    Ok(Context {
        owners: runtime.block_on(owners)?,
        runtime: runtime.clone(),
        shared,
        prepared: config.prepared,
        numbered: config.numbered,
        begin: unit::begin(),
        statement_timeout: config.statement_timeout,
        teller,
        speaker,
        round_trips: AtomicU64::new(0),
    })
}
