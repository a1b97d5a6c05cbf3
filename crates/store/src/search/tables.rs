//! The tables of an index, by its name `…`: `…` says where each document is, `…_words` has the words (SQLite), `…_block` how full
//! the blocks are, `…_todo` up to where an index over documents that were there before it is built.

use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::{Collection, ObjectId, Result, Value};

/// The tables of an index on PostgreSQL.
pub(crate) fn tables_of(name: &str) -> [String; 3] {
    [name.into(), format!("{name}_block"), format!("{name}_todo")]
}

/// Makes the tables of an index.
pub(crate) fn create(conn: &Conn<'_>, name: &str) -> Result<()> {
    let statements = match conn {
        Conn::Sqlite { .. } => vec![
            format!(
                "CREATE TABLE {name} (number INTEGER PRIMARY KEY, project BLOB NOT NULL, id BLOB NOT NULL, block INTEGER NOT NULL)"
            ),
            format!("CREATE INDEX {name}_id ON {name} (project, id)"),
            // Only which document has a word is asked: neither where in it, nor the text, nor how long that is.
            format!(
                "CREATE VIRTUAL TABLE {name}_words USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii')"
            ),
            format!(
                "CREATE TABLE {name}_block (project BLOB NOT NULL, block INTEGER NOT NULL, documents INTEGER NOT NULL, \
                 PRIMARY KEY (project, block)) WITHOUT ROWID"
            ),
            format!(
                "CREATE TABLE {name}_todo (project BLOB NOT NULL, after BLOB NOT NULL, PRIMARY KEY (project)) WITHOUT ROWID"
            ),
        ],
        Conn::Postgres { .. } => vec![
            format!(
                "CREATE TABLE {name} (project BYTEA NOT NULL, id BYTEA NOT NULL, block BIGINT NOT NULL, words TSVECTOR NOT NULL, \
                 PRIMARY KEY (project, id))"
            ),
            // Each word begins with its project. Without `fastupdate` no reader pays for what writers left undone.
            format!(
                "CREATE INDEX {name}_words ON {name} USING GIN (words) WITH (fastupdate = off)"
            ),
            format!(
                "CREATE TABLE {name}_block (project BYTEA NOT NULL, block BIGINT NOT NULL, documents BIGINT NOT NULL, \
                 PRIMARY KEY (project, block))"
            ),
            format!(
                "CREATE TABLE {name}_todo (project BYTEA NOT NULL, after BYTEA NOT NULL, PRIMARY KEY (project))"
            ),
        ],
    };
    for sql in statements {
        conn.execute(&sql, &[])?;
    }
    Ok(())
}

/// Notes that the documents which are there are not in the index.
pub(crate) fn leave_to_build(conn: &Conn<'_>, name: &str, collection: &Collection) -> Result<()> {
    let id = if conn.locks_rows() { "BYTEA" } else { "BLOB" };
    let sql = format!(
        "INSERT INTO {name}_todo (project, after) SELECT DISTINCT project, CAST($1 AS {id}) FROM {}",
        collection.table
    );
    conn.execute(&sql, &[Value::Id(ObjectId::ZERO)]).map(drop)
}

/// The projects whose documents are not all in the index.
pub(crate) fn unbuilt(conn: &Conn<'_>, name: &str) -> Result<Vec<ObjectId>> {
    conn.query(
        &format!("{EVERY_PROJECT}SELECT project FROM {name}_todo"),
        &[],
        |row| row.id(0),
    )
}
