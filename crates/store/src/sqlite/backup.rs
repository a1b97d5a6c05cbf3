//! Copies of a live database, and back.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::open;
use crate::conn::{Conn, Deadline};
use crate::{Error, Millis, Result, Schema, feed};

/// Copies the database `file` to `copy`, also while this process writes to it, and checks the copy by opening it.
///
/// # Errors
/// When `copy` exists, another process has the database open, or the copy does not pass SQLite's check.
pub fn backup(file: &Path, copy: &Path, schema: &Schema) -> Result<()> {
    let connection = open::existing(file)?;
    copy_to(&connection, copy)?;
    verify(copy, schema)
}

/// Puts the backup `copy` in the place of the database `file`, which no server may have open. What was there is kept
/// beside it; returns where.
///
/// # Errors
/// When the backup does not pass the check, or a process has the database open: nothing was changed then.
pub fn restore(copy: &Path, file: &Path, schema: &Schema, now: Millis) -> Result<Option<PathBuf>> {
    let _lock = open::lock(file)?;
    verify(copy, schema)?;
    let incoming = open::beside(file, "-incoming");
    std::fs::copy(copy, &incoming)?;
    begin_again(&incoming, schema)?;
    std::fs::File::open(&incoming)?.sync_all()?;
    // A log counts also without its file: SQLite would read it into the file that takes the place.
    let parts: Vec<_> = ["", "-wal", "-shm"]
        .into_iter()
        .filter(|suffix| open::beside(file, suffix).exists())
        .collect();
    let kept = open::beside(file, &format!("-before-restore-{}", now.0));
    for suffix in &parts {
        std::fs::rename(open::beside(file, suffix), open::beside(&kept, suffix))?;
    }
    std::fs::rename(&incoming, file)?;
    if let Some(folder) = file.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok((!parts.is_empty()).then_some(kept))
}

/// Who read the feeds of the database that is replaced may know of what the backup does not: all begin again.
fn begin_again(file: &Path, schema: &Schema) -> Result<()> {
    let mut connection = Connection::open(file)?;
    let deadline = Deadline::watch(&mut connection)?;
    let conn = Conn::Sqlite {
        connection: &connection,
        dictionary: schema.dictionary,
        deadline: &deadline,
    };
    feed::forget_all(&conn, schema.documents)
}

/// A compact copy of one moment of the database.
pub(crate) fn copy_to(connection: &Connection, copy: &Path) -> Result<()> {
    if copy.exists() {
        return Err(Error::Refused(format!(
            "{} exists: name a file that does not",
            copy.display()
        )));
    }
    if let Some(folder) = copy.parent() {
        open::make_folder(folder)?;
    }
    let path = copy.to_str().ok_or_else(|| {
        Error::Refused("the path of the copy is not UTF-8: name another file".into())
    })?;
    connection.execute("VACUUM INTO ?1", [path])?;
    std::fs::File::open(copy)?.sync_all()?;
    Ok(())
}

fn verify(copy: &Path, schema: &Schema) -> Result<()> {
    let connection = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let bad = |why: String| {
        let copy = copy.display();
        Error::Refused(format!(
            "{copy} is no good copy: {why}: restore another backup"
        ))
    };
    let application: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(|error| bad(error.to_string()))?;
    if application != open::APPLICATION_ID {
        return Err(bad("it is a file of another program".into()));
    }
    schema.refuse_newer(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)?;
    let check: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| bad(error.to_string()))?;
    if check == "ok" {
        Ok(())
    } else {
        Err(bad(check))
    }
}
