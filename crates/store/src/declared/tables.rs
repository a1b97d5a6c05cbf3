//! The tables of declared indexes, and what is looked for in all projects.

use super::IndexState;
use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::{ObjectId, Result};

/// Makes the tables under the name `table`.
pub(crate) fn create(conn: &Conn<'_>, table: &str) -> Result<()> {
    let (bytes, int, text, rowid) = match conn {
        Conn::Sqlite { .. } => ("BLOB", "INTEGER", "TEXT", " WITHOUT ROWID"),
        Conn::Postgres(_) => ("BYTEA", "BIGINT", "TEXT COLLATE \"C\"", ""),
    };
    for sql in [
        // The rows of a document lie together: they are compared with it whenever it is written.
        format!(
            "CREATE TABLE {table} (project {bytes} NOT NULL, id {bytes} NOT NULL, attribute {int} NOT NULL, value {bytes} NOT NULL, \
             element {int} NOT NULL, PRIMARY KEY (project, id, attribute, value)){rowid}"
        ),
        format!("CREATE INDEX {table}_value ON {table} (project, attribute, value, id, element)"),
        format!(
            "CREATE TABLE {table}_declared (project {bytes} NOT NULL, attribute {int} NOT NULL, path {text} NOT NULL, \
             state {int} NOT NULL, after {bytes} NOT NULL, done {int} NOT NULL, total {int}, declared_at {int} NOT NULL, \
             PRIMARY KEY (project, attribute)){rowid}"
        ),
    ] {
        conn.execute(&sql, &[])?;
    }
    Ok(())
}

/// The projects in which an index is being built or removed.
pub(crate) fn projects_with_work(conn: &Conn<'_>, table: &str) -> Result<Vec<ObjectId>> {
    let sql =
        format!("{EVERY_PROJECT}SELECT DISTINCT project FROM {table}_declared WHERE state <> $1");
    conn.query(&sql, &[IndexState::Ready.number().into()], |row| row.id(0))
}

/// All projects that declared something.
pub(super) fn projects(conn: &Conn<'_>, table: &str) -> Result<Vec<ObjectId>> {
    let sql = format!("{EVERY_PROJECT}SELECT DISTINCT project FROM {table}_declared");
    conn.query(&sql, &[], |row| row.id(0))
}
