//! Opening the file: whose it is, who else has it, on what it lies, how connections are set.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::SqliteConfig;
use crate::conn::{Conn, Deadline};
use crate::store::Shared;
use crate::{Dictionary, Error, Result, Schema, copy, migrate};

/// `HARK`, in the header of the file.
pub(crate) const APPLICATION_ID: i64 = 0x4841_524B;
/// The prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 256;
/// The write-ahead log is cut to this size when it is restarted.
const WAL_BYTES_KEPT: i64 = 64 << 20;

/// An advisory lock on the database.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Locks the database for this process.
pub(crate) fn lock(file: &Path) -> Result<Lock> {
    if let Some(folder) = file.parent() {
        make_folder(folder)?;
        warn_on_network_file_system(folder);
    }
    let path = beside(file, ".lock");
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::Refused(format!("{} cannot be opened: {error}", path.display())))?;
    match lock.try_lock() {
        Ok(()) => Ok(Lock { _file: lock }),
        Err(TryLockError::WouldBlock) => Err(Error::Refused(format!(
            "another process has {} open: stop it, or use a data folder of your own",
            file.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Error::Io(error)),
    }
}

/// The path of `file` with more at its end, as SQLite names what lies beside a database.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// File systems whose locks and shared memory SQLite cannot rely on.
const NETWORK_FILE_SYSTEMS: &[(i64, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x00C3_6400, "Ceph"),
    (0x6573_5546, "FUSE"),
];

fn warn_on_network_file_system(folder: &Path) {
    let Ok(status) = rustix::fs::statfs(folder) else {
        return;
    };
    if let Some((_, name)) = NETWORK_FILE_SYSTEMS
        .iter()
        .find(|(magic, _)| *magic == status.f_type)
    {
        tracing::warn!(
            folder = %folder.display(),
            file_system = name,
            "the data folder lies on a network file system, on which SQLite can lose data: use a local disk"
        );
    }
}

/// The file is this process's alone ([`lock`]), so its connections agree in memory instead of through locks of the system,
/// which would cost several system calls a read.
const VFS: &str = "unix-excl";

/// A connection to a file that is there, or that is made.
fn connect(file: &Path, flags: OpenFlags) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags_and_vfs(file, flags, VFS)?)
}

/// A connection to a file that is there.
pub(crate) fn existing(file: &Path) -> Result<Connection> {
    connect(file, OpenFlags::empty())
}

/// A connection that may write.
pub(crate) fn writer(config: &SqliteConfig) -> Result<Connection> {
    let connection = connect(&config.file, OpenFlags::SQLITE_OPEN_CREATE)?;
    let number = |sql: &str| -> Result<i64> {
        let number = connection.query_row(sql, [], |row| row.get(0));
        number.map_err(|error| unreadable(config, error))
    };
    let application = number("PRAGMA application_id")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(Error::Refused(format!(
            "{} is a database of another program: choose another data folder",
            config.file.display()
        )));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    set_up(&connection, config)?;
    Ok(connection)
}

pub(super) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::Refused(format!(
            "the folder {} cannot be made: {error}",
            folder.display()
        ))
    })
}

fn unreadable(config: &SqliteConfig, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Refused(format!(
            "{} cannot be read as a database ({error}): restore a backup, or choose another data folder",
            config.file.display()
        )),
        _ => Error::Sqlite(error),
    }
}

/// A connection that only reads.
pub(crate) fn reader(config: &SqliteConfig) -> Result<Connection> {
    let connection = existing(&config.file)?;
    connection.pragma_update(None, "query_only", true)?;
    set_up(&connection, config)?;
    Ok(connection)
}

fn set_up(connection: &Connection, config: &SqliteConfig) -> Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "cache_size", -i64::from(config.page_cache_kib))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Plans do not depend on bound values; otherwise some statements are parsed again at every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(())
}

/// Makes `doc_json(doc)` known to the connection: filters look into compressed documents through it.
pub(crate) fn register_functions(connection: &Connection, dictionary: Dictionary) -> Result<()> {
    use rusqlite::functions::FunctionFlags;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("doc_json", 1, flags, move |context| {
        let stored = context
            .get_raw(0)
            .as_blob()
            .map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        let json = dictionary
            .decode(stored)
            .map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        String::from_utf8(json).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
    })?;
    Ok(())
}

/// Brings the schema of the file up to that of the program.
pub(crate) fn prepare(
    connection: &mut Connection,
    config: &SqliteConfig,
    shared: &Arc<Shared>,
) -> Result<()> {
    let dictionary = shared.schema.dictionary;
    register_functions(connection, dictionary)?;
    let deadline = Deadline::watch(connection)?;
    copy::refuse_unfinished(&Conn::Sqlite {
        connection,
        dictionary,
        deadline: &deadline,
    })?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    shared.schema.refuse_newer(found)?;
    if found == shared.schema.version() {
        return Ok(());
    }
    if found > 0 {
        let copy = backup_path(&config.file, found, shared);
        super::backup::copy_to(connection, &copy)?;
        tracing::info!(from = found, to = shared.schema.version(), backup = %copy.display(), "migrating; the database was copied before");
    }
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    migrate::apply(
        &Conn::Sqlite {
            connection: &transaction,
            dictionary,
            deadline: &deadline,
        },
        shared.schema,
        found,
    )?;
    set_version(&transaction, shared.schema)?;
    transaction.commit()?;
    Ok(())
}

/// Notes whose file it is, and the version of its schema.
pub(crate) fn set_version(connection: &Connection, schema: &Schema) -> Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema.version())?;
    Ok(())
}

fn backup_path(file: &Path, version: i64, shared: &Shared) -> PathBuf {
    let stamp = shared.now().to_string().replace([':', '.'], "-");
    file.with_file_name("backups")
        .join(format!("before-migration-from-{version}-at-{stamp}.db"))
}
