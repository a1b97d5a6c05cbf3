//! The database of a test: a file, or with `HARK_TEST_ENGINE=postgres` a database of its own in the PostgreSQL that
//! `HARK_TEST_POSTGRES_URL` names, copied from one that was migrated before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use server::app::{postgres_config, sqlite_config};
use server::config::{Config, Database};
use server::schema::SCHEMA;
use store::{Environment, IdSource, ObjectId, PostgresConfig, Report, Store, SystemClock};
use tokio_postgres::NoTls;

/// Removes what it made when it is dropped.
pub enum TestDatabase {
    Folder,
    Postgres {
        server: String,
        name: String,
    },
    /// That of another node.
    Shared {
        url: String,
    },
}

impl TestDatabase {
    pub fn make() -> Self {
        let Some(server) = server() else {
            return Self::Folder;
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hark_api_{}_{number}", std::process::id());
        let template = template(&server);
        run(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        Self::Postgres { server, name }
    }

    /// The value of the option `database`.
    pub fn option(&self) -> String {
        match self {
            Self::Folder => "sqlite:".into(),
            Self::Postgres { server, name } => named(server, name),
            Self::Shared { url } => url.clone(),
        }
    }

    /// The same for another node; `None` for one that only one process may open.
    pub fn share(&self) -> Option<Self> {
        match self {
            Self::Folder => None,
            _ => Some(Self::Shared { url: self.option() }),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            run(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// How many rows each table has, but for those that engines keep for themselves, and the audit log, in which what was undone stays.
pub fn rows(config: &Config) -> Vec<(String, i64)> {
    // The blocks of the search are numbers that stay when what they counted is gone.
    let names = tables(config).into_iter();
    let counts: Vec<_> = names
        .filter(|name| !name.ends_with("_search_block") && name != "audit_entry")
        .map(|name| format!("SELECT '{name} ' || count(*) FROM \"{name}\""))
        .collect();
    let counted = |line: String| {
        let (name, rows) = line.split_once(' ').unwrap();
        (name.to_owned(), rows.parse().unwrap())
    };
    // One question for all of them: tests that compare the whole ask often.
    let lines = texts(config, &counts.join(" UNION ALL "));
    lines.into_iter().map(counted).collect()
}

/// The rows of each table as text; on PostgreSQL with the transaction that wrote them, so that a row that was written anew is another.
pub fn contents(config: &Config) -> BTreeMap<String, BTreeSet<String>> {
    let names = tables(config);
    let row = |name: &String| {
        let row = match &config.database {
            Database::Sqlite => quoted_columns(config, name),
            Database::Postgres(_) => "t.xmin::text || t::text".into(),
        };
        format!("SELECT '{name} ' || {row} FROM \"{name}\" t")
    };
    let rows: Vec<_> = names.iter().map(row).collect();
    let mut contents: BTreeMap<_, BTreeSet<_>> = names
        .into_iter()
        .map(|name| (name, BTreeSet::new()))
        .collect();
    for line in texts(config, &rows.join(" UNION ALL ")) {
        let (name, row) = line.split_once(' ').unwrap();
        contents.get_mut(name).unwrap().insert(row.to_owned());
    }
    contents
}

fn quoted_columns(config: &Config, table: &str) -> String {
    let columns = format!("SELECT name FROM pragma_table_info('{table}')");
    let columns = texts(config, &columns);
    let quoted = columns.iter().map(|name| format!("quote(\"{name}\")"));
    quoted.collect::<Vec<_>>().join(" || ' ' || ")
}

fn tables(config: &Config) -> Vec<String> {
    let tables = match &config.database {
        Database::Sqlite => {
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' ORDER BY name"
        }
        Database::Postgres(_) => {
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
             AND relname NOT LIKE 'hark\\_%' ORDER BY relname COLLATE \"C\""
        }
    };
    texts(config, tables)
}

/// Ends all connections to the database, as a restart of its server does.
pub fn cut_connections(config: &Config) {
    if let Database::Postgres(url) = &config.database {
        run(
            &url.0,
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
}

/// Runs a statement on the database of a node; returns the first column.
pub fn run_by_hand(config: &Config, sql: &str) -> Vec<String> {
    texts(config, sql)
}

/// The identity keys that find a document, each with its kind.
pub fn keys(config: &Config, owner: ObjectId) -> Vec<String> {
    let owner = match &config.database {
        Database::Sqlite => format!("x'{owner}'"),
        Database::Postgres(_) => format!("'\\x{owner}'::bytea"),
    };
    texts(
        config,
        &format!(
            "SELECT kind || ' ' || key FROM identity WHERE owner = {owner} ORDER BY kind, key"
        ),
    )
}

/// Compares the database with itself.
pub fn examine(config: &Config) -> Report {
    let quiet = &mut |_| {};
    match &config.database {
        Database::Sqlite => store::examine(&sqlite_config(config), &SCHEMA, false, quiet),
        Database::Postgres(url) => {
            store::examine_postgres(&postgres_config(config, &url.0), &SCHEMA, false, quiet)
        }
    }
    .unwrap()
}

/// The first column of a query.
fn texts(config: &Config, sql: &str) -> Vec<String> {
    match &config.database {
        Database::Sqlite => {
            let connection = rusqlite::Connection::open(sqlite_config(config).file).unwrap();
            let mut statement = connection.prepare(sql).unwrap();
            let texts = statement.query_map([], |row| row.get(0)).unwrap();
            texts.map(Result::unwrap).collect()
        }
        Database::Postgres(url) => run(&url.0, sql),
    }
}

/// A database with the schema, made once by the process. It stays as long as its server.
fn template(server: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("hark_template_{}", std::process::id());
        run(server, &format!("CREATE DATABASE {name}"));
        let environment = Environment {
            clock: std::sync::Arc::new(SystemClock),
            ids: std::sync::Arc::new(IdSource::new([0; 8])),
            on_commit: std::sync::Arc::new(|_| {}),
            on_gap: std::sync::Arc::new(|| {}),
            on_word: std::sync::Arc::new(|_| {}),
        };
        let config = PostgresConfig::new(named(server, &name));
        let store = Store::open_postgres(&config, &SCHEMA, environment).unwrap();
        store.close();
        name
    })
}

fn named(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

/// Runs a statement on a connection and a thread of its own, since tests call it from within their runtime; returns the
/// first column.
fn run(url: &str, sql: &str) -> Vec<String> {
    let work = async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let served = tokio::spawn(connection);
        let messages = client.simple_query(sql).await.unwrap();
        drop(client);
        served.await.unwrap().unwrap();
        let text = |message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        messages.into_iter().filter_map(text).collect()
    };
    let runtime = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(runtime).join().unwrap())
}

#[expect(
    clippy::disallowed_methods,
    reason = "which engine to test with is said by the environment"
)]
fn server() -> Option<String> {
    match std::env::var("HARK_TEST_ENGINE").as_deref() {
        Ok("postgres") => Some(
            std::env::var("HARK_TEST_POSTGRES_URL")
                .expect("HARK_TEST_POSTGRES_URL names the PostgreSQL to test with"),
        ),
        Ok("sqlite") | Err(_) => None,
        Ok(other) => panic!("HARK_TEST_ENGINE is {other:?}: use sqlite or postgres"),
    }
}
