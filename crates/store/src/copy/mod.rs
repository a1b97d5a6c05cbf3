//! Copies all that a database holds into an empty one, of the same engine or the other.
//!
//! Rows go over in the order of their keys, some at a time, each time in a transaction of the target. So the last row of a table in
//! the target says how far it is, and a copy that broke off goes on there. Search indexes, which the engines keep differently, are made
//! of the documents on the way. Until all is compared, the target is marked as unfinished, and no server opens it.

mod compare;
mod part;
mod side;
mod transfer;

use std::fmt;

use tokio_postgres::config::Host;

use self::side::Side;
pub(crate) use self::side::refuse_unfinished;
use crate::postgres::{Target, on_own_thread};
use crate::{Error, PostgresConfig, Result, Schema, SqliteConfig};

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A file.
    Sqlite(SqliteConfig),
    /// A database of a server.
    Postgres(PostgresConfig),
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyProgress {
    /// So many rows of so many are in the target.
    Copied(u64, u64),
    /// So many rows of so many were compared.
    Compared(u64, u64),
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Rows of documents, identity keys and declared indexes, all compared with those of the source.
    pub rows: u64,
    /// How many of them an earlier run had copied.
    pub before: u64,
}

/// How places are named: without user and password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(config) => {
                let file = std::path::absolute(&config.file);
                let file = file.as_deref().unwrap_or(&config.file);
                write!(f, "sqlite:{}", file.display())
            }
            Self::Postgres(config) => {
                let Ok(target) = Target::parse(config) else {
                    return f.write_str("postgres://");
                };
                let settings = &target.settings;
                let hosts = settings.get_hosts().iter().map(|host| match host {
                    Host::Tcp(name) => name.clone(),
                    Host::Unix(path) => path.display().to_string(),
                });
                let ports = settings.get_ports().iter().map(u16::to_string);
                write!(
                    f,
                    "postgres://{}:{}/{}",
                    hosts.collect::<Vec<_>>().join(","),
                    ports.collect::<Vec<_>>().join(","),
                    settings.get_dbname().unwrap_or_default()
                )?;
                match settings.get_options() {
                    Some(options) => write!(f, "?options={options}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The tables of documents, identity keys and declared indexes.
pub(crate) fn tables(schema: &Schema) -> Vec<String> {
    part::all(schema)
        .into_iter()
        .map(|part| part.table)
        .collect()
}

/// Copies the database `from` to `to`, which has to be empty, or a copy of the same database that broke off: that one is gone on with.
/// Nobody may write to either meanwhile. Compares both at the end, by counts and checksums of each project. Blocks until that is done.
///
/// # Errors
/// [`Error::Refused`] when one of the databases is in use, of another version or not what it should be, or when they differ at the end;
/// those of the engines.
pub fn copy(
    from: &Place,
    to: &Place,
    schema: &Schema,
    progress: &mut (dyn FnMut(CopyProgress) + Send),
) -> Result<Copied> {
    on_own_thread(|| {
        let name = from.to_string();
        if name == to.to_string() {
            return Err(Error::Refused(format!(
                "{name} cannot be copied to itself: name another database with --to"
            )));
        }
        let source = Side::open_source(from, schema)?;
        let target = Side::open_target(to, schema, &name)?;
        let parts = part::all(schema);
        let rows = part::count_all(&source, &parts)?;
        let before = part::count_all(&target, &parts)?;
        let mut done = before;
        progress(CopyProgress::Copied(done, rows));
        for part in &parts {
            transfer::transfer(&source, &target, part, &mut |more| {
                done += more;
                progress(CopyProgress::Copied(done, rows));
            })?;
        }
        let mut compared = 0;
        compare::compare(&source, &target, &parts, &mut |more| {
            compared += more;
            progress(CopyProgress::Compared(compared, rows));
        })?;
        target.finish()?;
        Ok(Copied { rows, before })
    })
}
