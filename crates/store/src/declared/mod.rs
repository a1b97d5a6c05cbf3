//! Declared indexes: paths of documents that one project wants lists to filter and sort by quickly.
//!
//! All projects share two tables for each kind of document, so declaring one changes no schema. `…` has a row for each document and
//! each value that it has under the path (its [key](crate::filter)), written in the transaction of the document; `…_declared` says
//! which paths there are. A new one is built over the documents that are there, some at a time beside all other work, and
//! lists use it when it is ready. What is dropped is no longer kept, and removed in the same way.

mod build;
mod examine;
mod tables;
mod write;

pub(crate) use build::{work_on, work_to_do};
pub(crate) use examine::examine;
pub(crate) use tables::{create, projects_with_work};
pub(crate) use write::refresh;

use crate::conn::{Conn, RowRef};
use crate::filter::FieldPath;
use crate::{ColumnKind, Error, Millis, ObjectId, Result, Value};

/// How far a declared index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// Documents that were there before it are being added.
    Building,
    /// Complete: lists use it.
    Ready,
    /// It is being removed.
    Dropping,
}

/// An index that a project declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredIndex {
    /// The table that its rows are in.
    pub(crate) table: &'static str,
    /// Its number in the project.
    pub(crate) attribute: i64,
    /// The documents up to this one are in it.
    after: ObjectId,
    /// Where in documents its values are.
    pub path: FieldPath,
    /// How far it is.
    pub state: IndexState,
    /// Documents that were added so far while it was built.
    pub done: u64,
    /// About how many there are to add, once they were counted.
    pub total: Option<u64>,
    /// When it was declared.
    pub declared_at: Millis,
}

impl IndexState {
    const fn number(self) -> i64 {
        match self {
            Self::Building => 0,
            Self::Ready => 1,
            Self::Dropping => 2,
        }
    }

    fn of(number: i64) -> Result<Self> {
        [Self::Building, Self::Ready, Self::Dropping]
            .into_iter()
            .find(|state| state.number() == number)
            .ok_or_else(|| Error::Corrupt(format!("a declared index is in the state {number}")))
    }
}

impl DeclaredIndex {
    #[cfg(test)]
    pub(crate) fn for_test(
        table: &'static str,
        attribute: i64,
        path: &'static str,
        state: IndexState,
    ) -> Self {
        Self {
            table,
            attribute,
            after: ObjectId::ZERO,
            path: FieldPath::known(path),
            state,
            done: 0,
            total: None,
            declared_at: Millis(0),
        }
    }

    /// Whether lists use it.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == IndexState::Ready
    }

    /// Whether it changes with the documents.
    fn is_kept(&self) -> bool {
        self.state != IndexState::Dropping
    }

    pub(crate) fn read(row: &RowRef<'_>, table: &'static str) -> Result<Self> {
        let path = row.text(1)?;
        let path = FieldPath::parse(&path)
            .map_err(|error| Error::Corrupt(format!("the declared index {path:?}: {error}")))?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(Self {
            table,
            attribute: row.int(0)?,
            path,
            state: IndexState::of(row.int(2)?)?,
            after: row.id(3)?,
            done: count(row.int(4)?),
            total: match row.value(5, ColumnKind::Int)? {
                Value::Int(total) => Some(count(total)),
                _ => None,
            },
            declared_at: row.millis(6)?,
        })
    }
}

const COLUMNS: &str = "attribute, path, state, after, done, total, declared_at";

/// All that a project declared, in the order of their declaration.
pub(crate) fn all(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
) -> Result<Vec<DeclaredIndex>> {
    conn.query(&all_sql(table), &[project.into()], |row| {
        DeclaredIndex::read(&row, table)
    })
}

/// The statement of [`all`]. `$1` project.
pub(crate) fn all_sql(table: &str) -> String {
    format!("SELECT {COLUMNS} FROM {table}_declared WHERE project = $1 ORDER BY attribute")
}

/// Declares an index over `path`; what is declared already stays as it is. At most `most` are declared at once.
///
/// On PostgreSQL it waits until the units that did not know of it are committed.
pub(crate) fn declare(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
    path: &FieldPath,
    most: usize,
    now: Millis,
) -> Result<DeclaredIndex> {
    wait_for_writers(conn, table)?;
    let known = all(conn, project, table)?;
    if let Some(known) = known.iter().find(|known| known.path == *path) {
        return Ok(known.clone());
    }
    if known.len() >= most {
        return Err(Error::Full(format!(
            "{most} indexes are declared, and that is the most: drop one first"
        )));
    }
    let index = DeclaredIndex {
        table,
        attribute: known.last().map_or(1, |last| last.attribute + 1),
        after: ObjectId::ZERO,
        path: path.clone(),
        state: IndexState::Building,
        done: 0,
        total: None,
        declared_at: now,
    };
    let sql = format!(
        "INSERT INTO {table}_declared (project, attribute, path, state, after, done, total, declared_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    );
    let binds = [
        project.into(),
        index.attribute.into(),
        path.as_str().into(),
        index.state.number().into(),
        index.after.into(),
        Value::Int(0),
        Value::Null,
        now.into(),
    ];
    conn.execute(&sql, &binds)?;
    Ok(index)
}

/// Lets an index go; returns whether there was one.
pub(crate) fn withdraw(
    conn: &Conn<'_>,
    project: ObjectId,
    table: &'static str,
    path: &FieldPath,
) -> Result<bool> {
    wait_for_writers(conn, table)?;
    let sql = format!("UPDATE {table}_declared SET state = $1 WHERE project = $2 AND path = $3");
    let binds = [
        IndexState::Dropping.number().into(),
        project.into(),
        path.as_str().into(),
    ];
    Ok(conn.execute(&sql, &binds)? > 0)
}

/// A unit that wrote documents reads what is declared at its end, and so holds the table until it is committed: who has it for
/// himself knows that no unit is left which read something else. SQLite has one writer.
fn wait_for_writers(conn: &Conn<'_>, table: &str) -> Result<()> {
    if conn.locks_rows() {
        let sql = format!("LOCK TABLE {table}_declared IN ACCESS EXCLUSIVE MODE");
        conn.execute(&sql, &[])?;
    }
    Ok(())
}
