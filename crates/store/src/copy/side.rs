//! The two databases of a copy, each held so that nobody else writes to it.

use deadpool_postgres::Client;

use super::Place;
use crate::conn::{Conn, Deadline};
use crate::postgres::link::Link;
use crate::postgres::{Connector, OwnRuntime, bring_up, presence, refuse_older_server};
use crate::rules::EVERY_PROJECT;
use crate::sqlite::open;
use crate::{
    Dictionary, Error, PostgresConfig, Registered, Result, Schema, SqliteConfig, Value, migrate,
};

/// The table that says whose unfinished copy a database is.
const MARK: &str = "hark_copy";

/// So long a source waits for transactions that write to it.
const LOCK_TIMEOUT_MS: u32 = 5_000;

/// Pages of the log of SQLite after which it is written into the file.
const LOG_PAGES: i64 = 4_096;

/// A database that is copied, or copied to.
pub(super) enum Side {
    Sqlite {
        connection: rusqlite::Connection,
        deadline: Deadline,
        dictionary: Dictionary,
        _lock: open::Lock,
    },
    Postgres {
        client: Client,
        runtime: OwnRuntime,
        prepared: bool,
    },
}

/// Refuses to open a copy that is not finished. To be asked before anything is migrated.
pub(crate) fn refuse_unfinished(conn: &Conn<'_>) -> Result<()> {
    match mark(conn)? {
        Some(source) => Err(Error::Refused(format!(
            "the database is a copy of {source} that was not finished: run the same `hark copy` again, or use another database"
        ))),
        None => Ok(()),
    }
}

/// Of which database this one is an unfinished copy.
fn mark(conn: &Conn<'_>) -> Result<Option<String>> {
    if !has_table(conn, MARK)? {
        return Ok(None);
    }
    conn.first(&format!("SELECT source FROM {MARK}"), &[], |row| {
        row.text(0)
    })
}

fn has_table(conn: &Conn<'_>, name: &str) -> Result<bool> {
    let sql = match conn {
        Conn::Sqlite { .. } => "SELECT count(*) FROM sqlite_schema WHERE name = $1",
        Conn::Postgres(_) => "SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)::oid",
    };
    let count = conn.first(sql, &[Value::from(name)], |row| row.int(0))?;
    Ok(count.unwrap_or(0) > 0)
}

/// The schema version of a database; `None` for one without.
fn version(conn: &Conn<'_>) -> Result<Option<i64>> {
    let sql = match conn {
        Conn::Sqlite { .. } => "SELECT user_version FROM pragma_user_version",
        Conn::Postgres(_) if !has_table(conn, "hark_schema")? => return Ok(None),
        Conn::Postgres(_) => "SELECT version FROM hark_schema",
    };
    let version = conn.first(sql, &[], |row| row.int(0))?;
    Ok(version.filter(|version| *version > 0))
}

impl Side {
    /// Opens the database that is copied, and keeps others from writing to it.
    pub fn open_source(place: &Place, schema: &Schema) -> Result<Self> {
        let side = match place {
            Place::Sqlite(config) if !config.file.exists() => {
                return Err(Error::Refused(format!(
                    "{place} is not there: name the database to copy with --from"
                )));
            }
            Place::Sqlite(config) => Self::sqlite(config, schema)?,
            Place::Postgres(config) => Self::postgres(config)?,
        };
        side.with(|conn| {
            refuse_unfinished(conn)?;
            match version(conn)? {
                None => Err(Error::Refused(format!(
                    "{place} is no database of Hark: name another with --from"
                ))),
                Some(version) => refuse_other_version(schema, version),
            }
        })?;
        side.alone(place)?;
        side.hold(schema, place)?;
        Ok(side)
    }

    /// Opens the database that is copied to: an empty one, which is marked, or one that is marked with the same `source`.
    pub fn open_target(place: &Place, schema: &Schema, source: &str) -> Result<Self> {
        let side = match place {
            Place::Sqlite(config) => Self::sqlite(config, schema)?,
            Place::Postgres(config) => Self::postgres(config)?,
        };
        if let Self::Sqlite { connection, .. } = &side {
            connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        }
        let found = side.with(version)?;
        if found.is_some() {
            side.alone(place)?;
        }
        side.in_transaction(|conn| match (mark(conn)?, found) {
            (Some(marked), _) if marked != source => Err(Error::Refused(format!(
                "{place} is a copy of {marked} that was not finished: name that with --from, or another database with --to"
            ))),
            (Some(_), Some(version)) => refuse_other_version(schema, version),
            (Some(_), None) => Err(Error::Refused(format!(
                "{place} is damaged: use another database"
            ))),
            (None, None) => side.make(conn, schema).and_then(|()| put_mark(conn, source)),
            (None, Some(version)) => {
                refuse_other_version(schema, version)?;
                refuse_filled(conn, schema, place)?;
                put_mark(conn, source)
            }
        })?;
        if found.is_none() {
            side.alone(place)?;
        }
        Ok(side)
    }

    fn sqlite(config: &SqliteConfig, schema: &Schema) -> Result<Self> {
        let lock = open::lock(&config.file)?;
        let mut connection = open::writer(config)?;
        open::register_functions(&connection, schema.dictionary)?;
        Ok(Self::Sqlite {
            deadline: Deadline::watch(&mut connection)?,
            connection,
            dictionary: schema.dictionary,
            _lock: lock,
        })
    }

    fn postgres(config: &PostgresConfig) -> Result<Self> {
        let runtime = OwnRuntime::start()?;
        let pool = Connector::new(config, runtime.handle.clone())?.pool(1, config)?;
        let client = runtime.handle.block_on(pool.get())?;
        refuse_older_server(&Link::new(&client, &runtime.handle, config.prepared))?;
        Ok(Self::Postgres {
            client,
            runtime,
            prepared: config.prepared,
        })
    }

    /// Does something with the connection.
    pub fn with<T>(&self, work: impl FnOnce(&Conn<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite {
                connection,
                deadline,
                dictionary,
                ..
            } => work(&Conn::Sqlite {
                connection,
                dictionary: *dictionary,
                deadline,
            }),
            Self::Postgres {
                client,
                runtime,
                prepared,
            } => {
                let link = Link::new(client, &runtime.handle, *prepared).in_transaction();
                work(&Conn::Postgres(&link))
            }
        }
    }

    /// Does something in a transaction.
    pub fn in_transaction<T>(&self, work: impl FnOnce(&Conn<'_>) -> Result<T>) -> Result<T> {
        self.command("BEGIN")?;
        let done = self.with(work);
        let ended = self.command(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
        let done = done?;
        ended?;
        Ok(done)
    }

    fn command(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite { connection, .. } => Ok(connection.execute_batch(sql)?),
            Self::Postgres {
                client, runtime, ..
            } => Link::new(client, &runtime.handle, false).command(sql),
        }
    }

    /// Refuses a database that a server uses, and keeps servers away as long as the connection lasts. The lock of the file does that
    /// for SQLite.
    fn alone(&self, place: &Place) -> Result<()> {
        // Behind a pooler the lock would stay with a connection that others get.
        let Self::Postgres { prepared: true, .. } = self else {
            return Ok(());
        };
        if self.with(presence::take_alone)? {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "a server uses {place}: stop all that do, so that nothing is written while it is copied"
        )))
    }

    /// Holds what is read as it is.
    fn hold(&self, schema: &Schema, place: &Place) -> Result<()> {
        let Self::Postgres { .. } = self else {
            return self.command("BEGIN");
        };
        self.command(&format!(
            "BEGIN; SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
        ))?;
        let tables = super::tables(schema).join(", ");
        self.command(&format!("LOCK TABLE {tables} IN SHARE MODE"))
            .map_err(|error| match error.is_transient() {
                true => Error::Refused(format!(
                    "something writes to {place}: stop it, so that nothing is written while it is copied"
                )),
                false => error,
            })
    }

    /// Makes the tables of an empty database.
    fn make(&self, conn: &Conn<'_>, schema: &Schema) -> Result<()> {
        match self {
            Self::Sqlite { connection, .. } => {
                migrate::apply(conn, schema, 0)?;
                open::set_version(connection, schema)
            }
            Self::Postgres { .. } => bring_up(conn, schema),
        }
    }

    /// Takes the mark away: servers may open the database.
    pub fn finish(&self) -> Result<()> {
        self.in_transaction(|conn| conn.execute(&format!("DROP TABLE {MARK}"), &[]))?;
        if let Self::Sqlite { connection, .. } = self {
            crate::sqlite::checkpoint::truncate(connection);
        }
        Ok(())
    }
}

fn put_mark(conn: &Conn<'_>, source: &str) -> Result<()> {
    conn.execute(&format!("CREATE TABLE {MARK} (source TEXT NOT NULL)"), &[])?;
    let sql = format!("INSERT INTO {MARK} (source) VALUES ($1)");
    conn.execute(&sql, &[source.into()]).map(drop)
}

fn refuse_other_version(schema: &Schema, found: i64) -> Result<()> {
    schema.refuse_newer(found)?;
    if found < schema.version() {
        return Err(Error::Refused(
            "one of the databases is of an older version: start a server over it once, which migrates it".into(),
        ));
    }
    Ok(())
}

fn refuse_filled(conn: &Conn<'_>, schema: &Schema, place: &Place) -> Result<()> {
    for Registered { collection, .. } in schema.documents {
        let sql = format!(
            "{EVERY_PROJECT}SELECT project FROM {} LIMIT 1",
            collection.table
        );
        if conn.first(&sql, &[], |row| row.id(0))?.is_some() {
            return Err(Error::Refused(format!(
                "{place} holds documents already: name an empty database with --to"
            )));
        }
    }
    Ok(())
}
