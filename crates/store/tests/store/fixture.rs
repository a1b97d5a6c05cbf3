//! A store of each engine that one test has for itself.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use store::{
    Change, Clock, Document, Environment, Error, IdSource, Millis, ObjectId, Place, PostgresConfig,
    Result, Row, SqliteConfig, Store, Tx,
};
use tempfile::TempDir;

use crate::postgres;
use crate::schema::{PROJECT, SCHEMA};

/// Runs each of the named functions as a test of its own on each engine.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::fixture::Fixture::sqlite()).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(fixture) = $crate::fixture::Fixture::postgres().await {
                    super::$test(&fixture).await;
                    fixture.end().await;
                }
            })*
        }
    };
}

/// A clock that stands still until it is told.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_769_846_700_123)))
    }

    pub fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// What is called with the changes of each commit.
type Hook = Box<dyn Fn(&[Change]) + Send>;

pub struct Fixture {
    pub store: Arc<Store>,
    pub clock: Arc<ManualClock>,
    /// What the listener was told, commit by commit; commits without changes are left out.
    pub heard: Arc<Mutex<Vec<Vec<Change>>>>,
    hook: Arc<Mutex<Option<Hook>>>,
    home: Home,
}

/// Where the data is; it is gone when the test is.
enum Home {
    Folder { _kept: TempDir, file: PathBuf },
    Schema(postgres::Home),
}

impl Fixture {
    pub fn sqlite() -> Self {
        Self::sqlite_with(|_| {})
    }

    pub fn sqlite_with(configure: impl FnOnce(&mut SqliteConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = SqliteConfig::new(folder.path().join("test.db"));
        configure(&mut config);
        let (environment, clock, heard, hook) = surroundings();
        let store = Store::open_sqlite(&config, &SCHEMA, environment);
        Self {
            store: Arc::new(store.unwrap()),
            clock,
            heard,
            hook,
            home: Home::Folder {
                _kept: folder,
                file: config.file,
            },
        }
    }

    /// `None`, and a loud word, when no PostgreSQL is named.
    pub async fn postgres() -> Option<Self> {
        Self::postgres_with(|_| {}).await
    }

    pub async fn postgres_with(configure: impl FnOnce(&mut PostgresConfig)) -> Option<Self> {
        let home = postgres::Home::make().await?;
        let mut config = home.config();
        configure(&mut config);
        let (environment, clock, heard, hook) = surroundings();
        let store = Store::open_postgres(&config, &SCHEMA, environment);
        Some(Self {
            store: Arc::new(store.unwrap()),
            clock,
            heard,
            hook,
            home: Home::Schema(home),
        })
    }

    /// Removes what PostgreSQL would keep.
    pub async fn end(self) {
        self.store.close();
        if let Home::Schema(home) = self.home {
            home.remove().await;
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.home, Home::Folder { .. })
    }

    /// The database file of SQLite.
    pub fn file(&self) -> PathBuf {
        match &self.home {
            Home::Folder { file, .. } => file.clone(),
            Home::Schema(_) => panic!("PostgreSQL has no file"),
        }
    }

    /// Where the database is.
    pub fn place(&self) -> Place {
        match &self.home {
            Home::Folder { file, .. } => Place::Sqlite(SqliteConfig::new(file.clone())),
            Home::Schema(home) => Place::Postgres(home.config()),
        }
    }

    /// A connection of its own to PostgreSQL.
    pub async fn client(&self) -> tokio_postgres::Client {
        match &self.home {
            Home::Schema(home) => home.client().await,
            Home::Folder { .. } => panic!("SQLite has no server"),
        }
    }

    /// Calls `hook` from the listener.
    pub fn on_commit(&self, hook: impl Fn(&[Change]) + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub fn heard(&self) -> Vec<Change> {
        self.heard.lock().unwrap().concat()
    }

    /// A unit of work in the project of most tests.
    pub async fn write<T: Send + 'static>(
        &self,
        function: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.write(PROJECT, function).await
    }

    /// Keeps a thread of the store busy until the gate is dropped: the writer of SQLite, a connection of PostgreSQL.
    pub async fn hold_writer(&self) -> Gate {
        let (gate, wait, mut started) = gate();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.write(PROJECT, move |_| wait()).await });
        started.recv().await.unwrap();
        gate
    }

    /// As [`Self::hold_writer`], for a reader.
    pub async fn hold_reader(&self) -> Gate {
        let (gate, wait, mut started) = gate();
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.read(PROJECT, move |_| wait()).await });
        started.recv().await.unwrap();
        gate
    }

    /// Inserts a document under a new id.
    pub async fn insert<D: Document + Clone>(&self, doc: D) -> Row<D> {
        let insert = move |tx: &mut Tx<'_>| tx.insert(tx.new_id(), doc.clone());
        self.write(insert).await.unwrap()
    }

    pub async fn get<D: Document>(&self, id: ObjectId) -> Option<Row<D>> {
        let read = self.store.read(PROJECT, move |snapshot| snapshot.get(id));
        read.await.unwrap()
    }
}

/// What waits behind it goes on when it is dropped.
pub struct Gate {
    _open: std::sync::mpsc::Sender<()>,
}

/// A gate, what waits behind it, and where it is told that the waiting has begun.
fn gate() -> (
    Gate,
    impl Fn() -> Result<()> + Send,
    tokio::sync::mpsc::UnboundedReceiver<()>,
) {
    let (open, opened) = std::sync::mpsc::channel::<()>();
    let (start, started) = tokio::sync::mpsc::unbounded_channel();
    let wait = move || {
        let _ = start.send(());
        let _ = opened.recv(); // an error once the gate is dropped
        Ok(())
    };
    (Gate { _open: open }, wait, started)
}

type Surroundings = (
    Environment,
    Arc<ManualClock>,
    Arc<Mutex<Vec<Vec<Change>>>>,
    Arc<Mutex<Option<Hook>>>,
);

fn surroundings() -> Surroundings {
    let clock = ManualClock::new();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hook: Arc<Mutex<Option<Hook>>> = Arc::default();
    let (log, called) = (Arc::clone(&heard), Arc::clone(&hook));
    let environment = Environment {
        clock: Arc::<ManualClock>::clone(&clock),
        ids: Arc::new(IdSource::new(seed())),
        on_gap: Arc::new(|| {}),
        on_word: Arc::new(|_| {}),
        on_commit: Arc::new(move |changes| {
            if !changes.is_empty() {
                log.lock().unwrap().push(changes.to_vec());
            }
            if let Some(hook) = &*called.lock().unwrap() {
                hook(changes);
            }
        }),
    };
    (environment, clock, heard, hook)
}

/// Two stores of one test make different ids, as two processes do.
fn seed() -> [u8; 8] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [a, b, c, d] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0]
}

/// What a store needs whose listener nobody looks at.
pub fn environment() -> Environment {
    surroundings().0
}

/// The error of an operation that must not succeed.
pub fn refused<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error,
    }
}
