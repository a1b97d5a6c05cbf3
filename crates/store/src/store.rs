//! The front door: units of work and reads, whichever engine is below.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::sqlite::Length;
use crate::statements::StatementBook;
use crate::tx::{Probe, Snapshot, Tx};
use crate::{
    Change, Clock, Counted, Document, Error, IdSource, Kind, Millis, ObjectId, PostgresConfig,
    Registered, Result, Schema, SqliteConfig,
};
use crate::{postgres, sqlite};

/// So long the building of an index waits when there is too much other work.
const BUILD_PAUSE: Duration = Duration::from_secs(1);
/// By how much the clock of a node may differ from that of the database, until it follows it.
pub(crate) const CLOCK_DIFFERENCE_MAX_MS: i64 = 10 * 60 * 1000;

/// Told what was committed.
pub type Listener = Arc<dyn Fn(&[Change]) + Send + Sync>;

/// What the store needs from its surroundings.
#[derive(Clone)]
pub struct Environment {
    /// The time of units.
    pub clock: Arc<dyn Clock>,
    /// Where new ids come from.
    pub ids: Arc<IdSource>,
    /// Told what was committed, after the commit and before its callers are answered; what other processes committed, at some time
    /// after that. Must be quick.
    pub on_commit: Listener,
    /// Told that other processes may have committed anything without a word. Must be quick.
    pub on_gap: Arc<dyn Fn() + Send + Sync>,
    /// Told what other processes said by [`Store::say`]. Must be quick.
    pub on_word: Arc<dyn Fn(&str) + Send + Sync>,
}

/// What both engines share.
pub(crate) struct Shared {
    pub schema: &'static Schema,
    pub book: StatementBook,
    pub environment: Environment,
}

impl Shared {
    fn new(schema: &'static Schema, environment: Environment) -> Arc<Self> {
        let book = StatementBook::new(schema.documents.iter().map(|document| document.collection));
        Arc::new(Self {
            schema,
            book,
            environment,
        })
    }

    /// Tells the listener. What it does wrong does not undo what was committed, nor end the thread that commits.
    pub fn tell(&self, changes: &[Change]) {
        if catch_unwind(AssertUnwindSafe(|| (self.environment.on_commit)(changes))).is_err() {
            tracing::error!(
                "the listener of commits panicked: what it keeps in memory may be old until a restart"
            );
        }
    }

    /// Tells that something may have been missed.
    pub fn tell_gap(&self) {
        if catch_unwind(AssertUnwindSafe(|| (self.environment.on_gap)())).is_err() {
            tracing::error!("the listener of gaps panicked");
        }
    }

    /// Tells what another process said.
    pub fn tell_word(&self, word: &str) {
        if catch_unwind(AssertUnwindSafe(|| (self.environment.on_word)(word))).is_err() {
            tracing::error!("the listener of words panicked");
        }
    }

    pub fn now(&self) -> Millis {
        self.environment.clock.now()
    }
}

/// A database of documents.
pub struct Store {
    engine: Engine,
    shared: Arc<Shared>,
}

enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

/// A unit of work as the engines see it.
pub(crate) trait Unit: Send {
    /// Runs the function. The engine keeps what it wrote only when this returns [`Ran::Keep`].
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran;
    /// Tells the caller. `committed`: whether what was kept is durable.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// What became of a unit's function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It succeeded: commit.
    Keep,
    /// It refused: roll back.
    Drop,
}

struct FunctionUnit<T, E, F> {
    function: F,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Unit for FunctionUnit<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Ran {
        let result = catch_unwind(AssertUnwindSafe(|| (self.function)(tx)))
            .unwrap_or_else(|_| Err(Error::Panicked.into()));
        let ran = if result.is_ok() { Ran::Keep } else { Ran::Drop };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let result = match (committed, self.result) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(Error::Closed.into()),
        };
        let _ = self.caller.send(result); // a caller that went away does not undo what was committed
    }
}

/// Why nothing was written for a caller of whom something was known.
enum Unwritten<E> {
    /// It may be true no longer.
    Outdated,
    Other(E),
}

impl<E: From<Error>> From<Error> for Unwritten<E> {
    fn from(error: Error) -> Self {
        match error {
            Error::Outdated => Self::Outdated,
            error => Self::Other(error.into()),
        }
    }
}

impl Store {
    /// Opens (or makes) a SQLite database, migrating it when it is older.
    ///
    /// # Errors
    /// [`Error::Refused`] when the file is of another program or a newer version, or another process has it open.
    pub fn open_sqlite(
        config: &SqliteConfig,
        schema: &'static Schema,
        environment: Environment,
    ) -> Result<Self> {
        let shared = Shared::new(schema, environment);
        let engine = sqlite::Engine::open(config, Arc::clone(&shared))?;
        Ok(Self {
            engine: Engine::Sqlite(engine),
            shared,
        })
    }

    /// Connects to a PostgreSQL database, migrating it when it is older. Blocks until that is done.
    ///
    /// # Errors
    /// [`Error::Refused`] when the database is of a newer version; connection failures.
    pub fn open_postgres(
        config: &PostgresConfig,
        schema: &'static Schema,
        environment: Environment,
    ) -> Result<Self> {
        let shared = Shared::new(schema, environment);
        let engine = postgres::Engine::open(config, Arc::clone(&shared))?;
        Ok(Self {
            engine: Engine::Postgres(engine),
            shared,
        })
    }

    /// An id for a document that is yet to be made.
    #[must_use]
    pub fn new_id(&self) -> ObjectId {
        self.shared.environment.ids.next(self.shared.now())
    }

    /// Runs a unit of work in one project. When this returns `Ok`, what it wrote is durable and seen by every later read.
    ///
    /// The function may run more than once (it lost a race), so it must not have effects outside its `Tx`.
    pub async fn write<T, E, F>(&self, project: ObjectId, function: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(project, function, None).await
    }

    /// As [`Store::write`], for a caller of whom the node knows what was true when [`Store::writes_of_numbered`] was `writes`: with SQLite
    /// it still is. `None` when it may be true no longer: then nothing was done.
    pub async fn write_as_of<T, E, F>(
        &self,
        project: ObjectId,
        writes: i64,
        function: F,
    ) -> Result<Option<T>, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let function = move |tx: &mut Tx<'_>| function(tx).map_err(Unwritten::Other);
        match self.submit(project, function, Some(writes)).await {
            Ok(done) => Ok(Some(done)),
            Err(Unwritten::Outdated) => Ok(None),
            Err(Unwritten::Other(error)) => Err(error),
        }
    }

    async fn submit<T, E, F>(
        &self,
        project: ObjectId,
        function: F,
        as_of: Option<i64>,
    ) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let unit = Box::new(FunctionUnit {
            function,
            result: None,
            caller,
        });
        match &self.engine {
            Engine::Sqlite(engine) => engine.submit(project, unit)?,
            Engine::Postgres(engine) => engine.submit(project, unit, as_of)?,
        }
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Runs a function that reads in one project.
    pub async fn read<T, E, F>(&self, project: ObjectId, function: F) -> Result<T, E>
    where
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        self.queue_read(project, guarded(function, caller), Length::Long)?;
        answer.await.unwrap_or_else(|_| Err(self.gone().into()))
    }

    /// As [`Store::read`], for a few rows by id or key: on SQLite it runs on the calling thread while that is quick.
    pub async fn lookup<T, E, F>(&self, project: ObjectId, function: F) -> Result<T, E>
    where
        F: FnOnce(&Snapshot<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (caller, mut answer) = oneshot::channel();
        let job = guarded(function, caller);
        let left = match &self.engine {
            Engine::Sqlite(engine) => engine.try_here(project, job),
            Engine::Postgres(_) => Some(job),
        };
        if let Some(job) = left {
            self.queue_read(project, job, Length::Short)?;
            return answer.await.unwrap_or_else(|_| Err(self.gone().into()));
        }
        answer
            .try_recv()
            .unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// The bytes of the document with this id. Where other processes write too, one that is still of the version that is `known` is not
    /// read again: one statement, which nobody waits for on a thread.
    pub async fn get_unless<D: Document>(
        &self,
        project: ObjectId,
        id: ObjectId,
        known: i64,
    ) -> Result<Option<Probe>> {
        let Engine::Postgres(engine) = &self.engine else {
            let get = move |snapshot: &Snapshot<'_>| snapshot.raw::<D>(id);
            return Ok(self.lookup(project, get).await?.map(Probe::of_one_process));
        };
        let sql = &self.shared.book.of(D::COLLECTION).get_unless;
        let binds = [
            known.into(),
            engine.numbered().into(),
            project.into(),
            id.into(),
        ];
        engine.probe(project, sql, &binds).await
    }

    /// The bytes of the document that an identity key finds; otherwise as [`Store::get_unless`], with the id and version that are known.
    pub async fn find_unless<D: Document>(
        &self,
        project: ObjectId,
        kind: Kind,
        key: &str,
        (id, version): (ObjectId, i64),
    ) -> Result<Option<Probe>> {
        let Engine::Postgres(engine) = &self.engine else {
            let key = key.to_owned();
            let find = move |snapshot: &Snapshot<'_>| snapshot.find_raw::<D>(kind, &key);
            return Ok(self.lookup(project, find).await?.map(Probe::of_one_process));
        };
        let sql = &self.shared.book.of(D::COLLECTION).find_unless;
        let binds = [
            id.into(),
            version.into(),
            engine.numbered().into(),
            project.into(),
            i64::from(kind.0).into(),
            key.into(),
        ];
        engine.probe(project, sql, &binds).await
    }

    /// Why a read was dropped.
    fn gone(&self) -> Error {
        match &self.engine {
            Engine::Postgres(engine) if !engine.is_closed() => Error::Unavailable,
            _ => Error::Closed,
        }
    }

    fn queue_read(
        &self,
        project: ObjectId,
        job: impl FnOnce(&Snapshot<'_>) + Send + 'static,
        length: Length,
    ) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(project, Box::new(job), length),
            Engine::Postgres(engine) => engine.read(project, Box::new(job)),
        }
    }

    /// Adds the documents that were there before their search index to it, some at a time beside all other work; returns when
    /// all are in it, and at once when they are already. Begins where it was when it was stopped.
    ///
    /// # Errors
    /// [`Error::Closed`] when the store was closed meanwhile; those of the engine.
    pub async fn build_search(&self) -> Result<()> {
        for document in self.shared.schema.documents {
            let Some(name) = document.search else {
                continue;
            };
            let unbuilt = self.read(ObjectId::ZERO, move |snapshot| snapshot.unbuilt(name));
            for project in unbuilt.await? {
                tracing::info!(%project, index = name, "building the search index");
                while self.build_some(project, name, document).await? {}
                tracing::info!(%project, index = name, "the search index is built");
            }
        }
        Ok(())
    }

    /// Builds and removes declared indexes, some documents at a time beside all other work; returns when nothing is left to do, and at
    /// once when there is nothing. Begins where it was when it was stopped.
    ///
    /// # Errors
    /// As [`Store::build_search`].
    pub async fn build_declared(&self) -> Result<()> {
        for document in self.shared.schema.documents {
            let Some(table) = document.declared else {
                continue;
            };
            let unfinished = self.read(ObjectId::ZERO, move |snapshot| {
                snapshot.projects_with_work(table)
            });
            for project in unfinished.await? {
                while self.build_some_declared(project, table, document).await? {}
                tracing::info!(%project, table, "the declared indexes are as they were declared");
            }
        }
        Ok(())
    }

    /// For a day after a migration: computes the columns that it added again, of documents that nodes of the older version wrote, which do
    /// not know them. Returns how many were wrong.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fill_again(&self) -> Result<u64> {
        let Engine::Postgres(engine) = &self.engine else {
            return Ok(0); // one process has the file: none is of another version
        };
        let Some((found, at)) = engine.upgraded().await? else {
            return Ok(0);
        };
        let (schema, since) = (self.shared.schema, Millis(at.0 - CLOCK_DIFFERENCE_MAX_MS));
        let unit = move |tx: &mut Tx<'_>| tx.fill_again(schema, found, since);
        self.write(ObjectId::ZERO, unit).await
    }

    async fn build_some_declared(
        &self,
        project: ObjectId,
        table: &'static str,
        document: &'static Registered,
    ) -> Result<bool> {
        let count = move |snapshot: &Snapshot<'_>| snapshot.to_add(table, document.collection);
        let total = match self.read(project, count).await {
            Err(Error::Overloaded) => None,
            counted => counted?,
        };
        let unit = move |tx: &mut Tx<'_>| tx.build_declared(table, document, total);
        self.patiently(project, unit).await
    }

    async fn build_some(
        &self,
        project: ObjectId,
        name: &'static str,
        document: &'static Registered,
    ) -> Result<bool> {
        let unit = move |tx: &mut Tx<'_>| tx.build_search(name, document);
        self.patiently(project, unit).await
    }

    /// Does a part of what is built in the background; returns whether there may be more.
    async fn patiently(
        &self,
        project: ObjectId,
        unit: impl Fn(&mut Tx<'_>) -> Result<bool> + Send + 'static,
    ) -> Result<bool> {
        match self.write(project, unit).await {
            Err(Error::Overloaded) => {
                tokio::time::sleep(BUILD_PAUSE).await;
                Ok(true)
            }
            built => built,
        }
    }

    /// Whether other processes may write to the same database, so that what was read before may be old without a commit here.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// The number of units that wrote in [`PostgresConfig::numbered`] so far, of all processes: while it is the same, nothing of that
    /// project changed. 0 on SQLite, which has one process.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn writes_of_numbered(&self) -> Result<i64> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(0),
            Engine::Postgres(engine) => engine.writes_of_numbered().await,
        }
    }

    /// Adds `more` to what all nodes count under `key` in this minute, by the clock of the database. `None` on SQLite, where one
    /// process counts for itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self, key: [u8; 16], more: u32) -> Result<Option<Counted>> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(engine) => engine.count(key, more).await.map(Some),
        }
    }

    /// Forgets what was counted in minutes that are over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_counts(&self) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.forget_counts().await.map(drop),
        }
    }

    /// Takes what is called `name` for this process, or goes on having it, from now on for `time`; `false` when another process that
    /// shares the database has it. A time of zero lets it go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&self, name: &str, time: Duration) -> Result<bool> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(true),
            Engine::Postgres(engine) => engine.take(name, time).await,
        }
    }

    /// Has the other processes over this database told a word: one line of at most [`WORD_BYTES_MAX`](crate::WORD_BYTES_MAX) bytes. For what is over in a moment anyway: nobody waits for it, it
    /// may be lost, and is dropped when too many wait. Nothing on SQLite, which has one process.
    pub fn say(&self, word: String) {
        match &self.engine {
            Engine::Sqlite(_) => {}
            Engine::Postgres(engine) => engine.say(word),
        }
    }

    /// How often units of work and reads waited for an answer of PostgreSQL so far. Statements that are sent together wait once.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        match &self.engine {
            Engine::Sqlite(_) => 0,
            Engine::Postgres(engine) => engine.round_trips(),
        }
    }

    /// Lets go of what [`Store::take`] took, when nobody will ask for that name again.
    ///
    /// # Errors
    /// When the database does not answer: then it is let go of when its time is over.
    pub async fn release(&self, name: &str) -> Result<()> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(engine) => engine.release(name).await,
        }
    }

    /// How many units wait to be written, for metrics.
    #[must_use]
    pub fn writes_waiting(&self) -> usize {
        match &self.engine {
            Engine::Sqlite(engine) => engine.writes_waiting(),
            Engine::Postgres(engine) => engine.writes_waiting(),
        }
    }

    /// Finishes what was accepted, flushes, and lets the database go. Later calls answer [`Error::Closed`].
    /// Blocks until that is done: call it on a thread that may block.
    pub fn close(&self) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.close(),
            Engine::Postgres(engine) => engine.close(),
        }
    }
}

/// A read that tells its caller, also when it panics.
fn guarded<T, E: From<Error>>(
    function: impl FnOnce(&Snapshot<'_>) -> Result<T, E>,
    caller: oneshot::Sender<Result<T, E>>,
) -> impl FnOnce(&Snapshot<'_>) {
    move |snapshot| {
        let result = catch_unwind(AssertUnwindSafe(|| function(snapshot)))
            .unwrap_or_else(|_| Err(Error::Panicked.into()));
        let _ = caller.send(result);
    }
}
