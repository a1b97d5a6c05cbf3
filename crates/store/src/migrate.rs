//! The schema and its versions. Migrations only go forward, one statement at a time.

use crate::conn::{Conn, RowRef};
use crate::walk::Walk;
use crate::{
    Collection, Column, ColumnKind, Dictionary, Error, Index, Millis, Registered, Result, Value,
};
use crate::{declared, feed, search};

/// All that the store keeps for a program.
#[derive(Debug)]
pub struct Schema {
    /// The kinds of documents, as they are now.
    pub documents: &'static [Registered],
    /// How the schema came to be. The last one's version is that of the program.
    pub migrations: &'static [Migration],
    /// Text typical of the documents; never changed once it was used.
    pub dictionary: Dictionary,
}

/// A step from one version to the next.
#[derive(Debug)]
pub struct Migration {
    /// The version that it leads to; ascending from 1.
    pub version: i64,
    /// What it does, in order.
    pub steps: &'static [Step],
}

/// A part of a migration. Running one again changes nothing.
#[derive(Debug)]
pub enum Step {
    /// Make the table of a collection and its indexes.
    Create(&'static Collection),
    /// Add a promoted column to a table and fill it from the documents.
    AddColumn(&'static Registered, &'static str),
    /// Add an index of a collection.
    AddIndex(&'static Collection, &'static str),
    /// Add the search index of a kind of document. The documents that are there are added by [`crate::Store::build_search`].
    AddSearch(&'static Registered),
    /// Add the tables of declared indexes of a kind of document.
    AddDeclared(&'static Registered),
    /// Add the tables of the feed of a kind of document. Nothing is filled: who begins to read one reads the documents first.
    AddFeed(&'static Registered),
}

impl Schema {
    /// The version of the program.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.migrations
            .last()
            .map_or(0, |migration| migration.version)
    }

    /// An older program must not write into a newer database.
    pub(crate) fn refuse_newer(&self, found: i64) -> Result<()> {
        if found <= self.version() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "the database has schema version {found}, and this program knows {} at the most: use the newer program, or restore a backup",
            self.version()
        )))
    }
}

/// Applies the migrations after `found`.
pub(crate) fn apply(conn: &Conn<'_>, schema: &Schema, found: i64) -> Result<()> {
    if found == 0 {
        for sql in identity_table(conn) {
            conn.execute(&sql, &[])?;
        }
    }
    for migration in schema
        .migrations
        .iter()
        .filter(|migration| migration.version > found)
    {
        for step in migration.steps {
            run(conn, step)?;
        }
    }
    Ok(())
}

fn run(conn: &Conn<'_>, step: &Step) -> Result<()> {
    match step {
        Step::Create(collection) => {
            for sql in create(conn, collection) {
                conn.execute(&sql, &[])?;
            }
        }
        Step::AddColumn(registered, name) => add_column(conn, registered, name)?,
        Step::AddIndex(collection, name) => {
            if let Some(index) = collection.indexes.iter().find(|index| index.name == *name) {
                conn.execute(&create_index(collection, index), &[])?;
            }
        }
        Step::AddSearch(registered) => {
            if let Some(name) = registered.search {
                search::create(conn, name)?;
                search::leave_to_build(conn, name, registered.collection)?;
            }
        }
        Step::AddDeclared(registered) => {
            if let Some(table) = registered.declared {
                declared::create(conn, table)?;
            }
        }
        Step::AddFeed(registered) => {
            if let Some(feed) = registered.feed {
                feed::create(conn, feed)?;
            }
        }
    }
    Ok(())
}

fn is_sqlite(conn: &Conn<'_>) -> bool {
    matches!(conn, Conn::Sqlite { .. })
}

fn sql_type(conn: &Conn<'_>, kind: ColumnKind) -> &'static str {
    match (is_sqlite(conn), kind) {
        (true, ColumnKind::Text) => "TEXT",
        (false, ColumnKind::Text) => "TEXT COLLATE \"C\"",
        (true, ColumnKind::Int | ColumnKind::Instant | ColumnKind::Bool) => "INTEGER",
        (false, ColumnKind::Int | ColumnKind::Instant) => "BIGINT",
        (false, ColumnKind::Bool) => "BOOLEAN",
        (true, ColumnKind::Real) => "REAL",
        (false, ColumnKind::Real) => "DOUBLE PRECISION",
        (true, ColumnKind::Id) => "BLOB",
        (false, ColumnKind::Id) => "BYTEA",
    }
}

fn identity_table(conn: &Conn<'_>) -> Vec<String> {
    let (id, int, text) = (
        sql_type(conn, ColumnKind::Id),
        sql_type(conn, ColumnKind::Int),
        sql_type(conn, ColumnKind::Text),
    );
    let rowid = if is_sqlite(conn) {
        " WITHOUT ROWID"
    } else {
        ""
    };
    vec![format!(
        "CREATE TABLE identity (project {id} NOT NULL, kind {int} NOT NULL, key {text} NOT NULL, owner {id} NOT NULL, \
         PRIMARY KEY (project, kind, key)){rowid}"
    )]
}

fn create(conn: &Conn<'_>, collection: &Collection) -> Vec<String> {
    let (id, int) = (
        sql_type(conn, ColumnKind::Id),
        sql_type(conn, ColumnKind::Int),
    );
    let doc = if is_sqlite(conn) { "BLOB" } else { "JSON" };
    let promoted: String = collection
        .columns
        .iter()
        .map(|column| definition(conn, column))
        .collect();
    let cluster: String = collection
        .cluster
        .iter()
        .map(|name| format!("{name}, "))
        .collect();
    let columns = format!(
        "project {id} NOT NULL, id {id} NOT NULL, version {int} NOT NULL, created_at {int} NOT NULL, updated_at {int} NOT NULL, \
         doc {doc} NOT NULL{promoted}, PRIMARY KEY (project, {cluster}id)"
    );
    let table = collection.table;
    // Small rows that belong together lie in the order of their key; large documents in a table that only appends.
    let rowid = if is_sqlite(conn) && !collection.cluster.is_empty() {
        " WITHOUT ROWID"
    } else {
        ""
    };
    let mut statements = vec![format!(
        "CREATE TABLE IF NOT EXISTS {table} ({columns}){rowid}"
    )];
    statements.extend(
        collection
            .indexes
            .iter()
            .map(|index| create_index(collection, index)),
    );
    statements
}

fn definition(conn: &Conn<'_>, column: &Column) -> String {
    format!(", {} {}", column.name, sql_type(conn, column.kind))
}

fn create_index(collection: &Collection, index: &Index) -> String {
    let columns: String = index
        .columns
        .iter()
        .map(|name| format!("{name}, "))
        .collect();
    let partial = index
        .not_null
        .map_or(String::new(), |name| format!(" WHERE {name} IS NOT NULL"));
    format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} (project, {columns}id){partial}",
        index.name, collection.table
    )
}

fn add_column(conn: &Conn<'_>, registered: &Registered, name: &str) -> Result<()> {
    let collection = registered.collection;
    let Some(position) = collection
        .columns
        .iter()
        .position(|column| column.name == name)
    else {
        return Err(Error::Refused(format!(
            "a migration names the column {name} that {} does not have",
            collection.table
        )));
    };
    if !has_column(conn, collection.table, name)? {
        let column = &collection.columns[position];
        conn.execute(
            &format!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                collection.table,
                name,
                sql_type(conn, column.kind)
            ),
            &[],
        )?;
    }
    fill_column(conn, registered, (name, position), None).map(drop)
}

/// Computes columns again that migrations added after the version `found`, of documents that were written since: nodes of that version do
/// not know them. Returns how many were wrong.
pub(crate) fn fill_again(
    conn: &Conn<'_>,
    schema: &Schema,
    found: i64,
    since: Millis,
) -> Result<u64> {
    let newer = schema.migrations.iter();
    let newer = newer.filter(|migration| migration.version > found);
    let mut filled = 0;
    for step in newer.flat_map(|migration| migration.steps) {
        let Step::AddColumn(registered, name) = step else {
            continue;
        };
        let mut columns = registered.collection.columns.iter();
        if let Some(position) = columns.position(|column| column.name == *name) {
            filled += fill_column(conn, registered, (name, position), Some(since))?;
        }
    }
    Ok(filled)
}

/// Gives how many rows had another value.
fn fill_column(
    conn: &Conn<'_>,
    registered: &Registered,
    (name, position): (&str, usize),
    since: Option<Millis>,
) -> Result<u64> {
    let table = registered.collection.table;
    let mut walk = Walk::over(registered.collection);
    if let Some(since) = since {
        walk = walk.since(since);
    }
    let mut filled = 0;
    loop {
        let rows = walk.next(conn, "doc, version", |row, doc| {
            Ok((row.json(doc)?, row.int(doc + 1)?))
        })?;
        let Some((key, _)) = rows.first() else {
            return Ok(filled);
        };
        // Who wrote it meanwhile has filled it.
        let update = format!(
            "UPDATE {table} SET {name} = $1 WHERE {} AND version = ${} AND {name} IS DISTINCT FROM $1",
            walk.is_row(2),
            key.len() + 2
        );
        for (key, (json, version)) in rows {
            let mut promoted = (registered.inspect)(&json)?.promoted;
            let mut binds = vec![promoted.swap_remove(position)];
            binds.extend(key);
            binds.push(version.into());
            filled += conn.execute(&update, &binds)?;
        }
    }
}

fn has_column(conn: &Conn<'_>, table: &str, name: &str) -> Result<bool> {
    let sql = if is_sqlite(conn) {
        "SELECT count(*) FROM pragma_table_info($1) WHERE name = $2"
    } else {
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2"
    };
    let count = conn.first(
        sql,
        &[Value::from(table), Value::from(name)],
        |row: RowRef<'_>| row.int(0),
    )?;
    Ok(count.unwrap_or(0) > 0)
}
