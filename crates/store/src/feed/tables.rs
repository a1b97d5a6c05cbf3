//! The tables of feeds.

use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::{Registered, Result, Value};

/// The tables of a feed.
pub(crate) fn tables_of(feed: &str) -> [String; 2] {
    [feed.into(), format!("{feed}_head")]
}

/// Makes the tables under the name `feed`.
pub(crate) fn create(conn: &Conn<'_>, feed: &str) -> Result<()> {
    let (bytes, int, rowid) = match conn {
        Conn::Sqlite { .. } => ("BLOB", "INTEGER", " WITHOUT ROWID"),
        Conn::Postgres(_) => ("BYTEA", "BIGINT", ""),
    };
    for sql in [
        format!(
            "CREATE TABLE {feed} (project {bytes} NOT NULL, id {bytes} NOT NULL, number {int} NOT NULL, fate {int} NOT NULL, \
             heir {bytes}, at {int} NOT NULL, PRIMARY KEY (project, id)){rowid}"
        ),
        format!("CREATE INDEX {feed}_number ON {feed} (project, number, id)"),
        format!(
            "CREATE TABLE {feed}_head (project {bytes} NOT NULL, epoch {bytes} NOT NULL, number {int} NOT NULL, \
             next {bytes} NOT NULL, trimmed {int} NOT NULL, PRIMARY KEY (project)){rowid}"
        ),
    ] {
        conn.execute(&sql, &[])?;
    }
    Ok(())
}

/// Closes the feeds of all projects: what was told of them is of another past of the database. Older databases have none.
pub(crate) fn forget_all(conn: &Conn<'_>, documents: &[Registered]) -> Result<()> {
    let known = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1";
    for feed in documents.iter().filter_map(|document| document.feed) {
        let count = conn.first(known, &[Value::from(feed)], |row| row.int(0))?;
        if count == Some(1) {
            conn.execute(&format!("{EVERY_PROJECT}DELETE FROM {feed}_head"), &[])?;
            conn.execute(&format!("{EVERY_PROJECT}DELETE FROM {feed}"), &[])?;
        }
    }
    Ok(())
}
