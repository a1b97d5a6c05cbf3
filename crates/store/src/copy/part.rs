//! The tables that are copied, and what is in their columns.

use super::side::Side;
use crate::conn::{Conn, RowRef};
use crate::rules::EVERY_PROJECT;
use crate::{Collection, ColumnKind, Registered, Result, Schema, Value};

/// Rows that are in memory at once.
const ROWS_PER_STEP: i64 = 256;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    Plain(ColumnKind),
    Json,
    /// Bytes of a declared index.
    Key,
}

/// A table of both databases.
pub(super) struct Part {
    pub table: String,
    /// Those of the primary key first.
    pub columns: Vec<(&'static str, Cell)>,
    /// How many columns the primary key has.
    key: usize,
    /// The kind of the documents, when they are searched.
    pub searched: Option<&'static Registered>,
}

pub(super) type Row = Vec<Value>;

const ID: Cell = Cell::Plain(ColumnKind::Id);
const INT: Cell = Cell::Plain(ColumnKind::Int);
const TEXT: Cell = Cell::Plain(ColumnKind::Text);

/// All tables but those of the search.
pub(super) fn all(schema: &Schema) -> Vec<Part> {
    let mut parts: Vec<_> = schema.documents.iter().map(Part::documents).collect();
    parts.push(Part {
        table: "identity".into(),
        columns: vec![("project", ID), ("kind", INT), ("key", TEXT), ("owner", ID)],
        key: 3,
        searched: None,
    });
    let declared = schema.documents.iter().filter_map(|it| it.declared);
    parts.extend(declared.flat_map(|table| [Part::declared(table), Part::declarations(table)]));
    parts
}

/// How many rows a database has in all parts.
pub(super) fn count_all(side: &Side, parts: &[Part]) -> Result<u64> {
    side.with(|conn| {
        parts.iter().try_fold(0, |sum, part| {
            let sql = format!("{EVERY_PROJECT}SELECT count(*) FROM {}", part.table);
            let count = conn.first(&sql, &[], |row| row.int(0))?.unwrap_or(0);
            Ok(sum + u64::try_from(count).unwrap_or(0))
        })
    })
}

impl Part {
    fn documents(document: &'static Registered) -> Self {
        let collection = document.collection;
        let clustered: Vec<_> = collection.clustered().map(|it| it.name).collect();
        let of = |wanted: bool, collection: &'static Collection| {
            (collection.columns.iter())
                .filter(|column| clustered.contains(&column.name) == wanted)
                .map(|column| (column.name, Cell::Plain(column.kind)))
                .collect::<Vec<_>>()
        };
        let key = [
            vec![("project", ID)],
            of(true, collection),
            vec![("id", ID)],
        ]
        .concat();
        let head = vec![
            ("version", INT),
            ("created_at", INT),
            ("updated_at", INT),
            ("doc", Cell::Json),
        ];
        Self {
            table: collection.table.into(),
            key: key.len(),
            columns: [key, head, of(false, collection)].concat(),
            searched: document.search.map(|_| document),
        }
    }

    /// The rows of declared indexes.
    fn declared(table: &str) -> Self {
        Self {
            table: table.into(),
            columns: vec![
                ("project", ID),
                ("id", ID),
                ("attribute", INT),
                ("value", Cell::Key),
                ("element", INT),
            ],
            key: 4,
            searched: None,
        }
    }

    /// Which indexes are declared.
    fn declarations(table: &str) -> Self {
        Self {
            table: format!("{table}_declared"),
            columns: vec![
                ("project", ID),
                ("attribute", INT),
                ("path", TEXT),
                ("state", INT),
                ("after", ID),
                ("done", INT),
                ("total", INT),
                ("declared_at", INT),
            ],
            key: 2,
            searched: None,
        }
    }

    /// Where a column is in a row.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(known, _)| *known == name)
    }

    /// The primary key of a row.
    pub fn key_of<'r>(&self, row: &'r Row) -> &'r [Value] {
        &row[..self.key]
    }

    /// The next rows in the order of the primary key, after that of the last one.
    pub fn read(&self, conn: &Conn<'_>, last: Option<&[Value]>) -> Result<Vec<Row>> {
        let (names, key) = (self.names(self.columns.len()), self.names(self.key));
        let places: Vec<_> = (1..=self.key).map(|n| format!("${n}")).collect();
        let (after, limit) = match last {
            Some(_) => (
                format!("WHERE ({key}) > ({})", places.join(", ")),
                self.key + 1,
            ),
            None => (String::new(), 1),
        };
        let sql = format!(
            "{EVERY_PROJECT}SELECT {names} FROM {} {after} ORDER BY {key} LIMIT ${limit}",
            self.table
        );
        let mut binds = last.unwrap_or_default().to_vec();
        binds.push(Value::Int(ROWS_PER_STEP));
        conn.query(&sql, &binds, |row| self.row(&row, self.columns.len()))
    }

    /// The primary key of the last row.
    pub fn last_key(&self, conn: &Conn<'_>) -> Result<Option<Row>> {
        let key = self.names(self.key);
        let backwards: Vec<_> = (self.columns[..self.key].iter())
            .map(|(name, _)| format!("{name} DESC"))
            .collect();
        let sql = format!(
            "{EVERY_PROJECT}SELECT {key} FROM {} ORDER BY {} LIMIT 1",
            self.table,
            backwards.join(", ")
        );
        conn.first(&sql, &[], |row| self.row(&row, self.key))
    }

    /// The first columns, as SQL names them.
    pub fn names(&self, count: usize) -> String {
        let names: Vec<_> = (self.columns[..count].iter())
            .map(|(name, _)| *name)
            .collect();
        names.join(", ")
    }

    fn row(&self, row: &RowRef<'_>, count: usize) -> Result<Row> {
        let cells = self.columns[..count].iter().enumerate();
        cells.map(|(n, (_, cell))| read(row, n, *cell)).collect()
    }
}

fn read(row: &RowRef<'_>, column: usize, cell: Cell) -> Result<Value> {
    match cell {
        Cell::Json => row.json(column).map(Value::Json),
        Cell::Key => row.key(column).map(Value::Key),
        Cell::Plain(kind) => Ok(match (row.value(column, kind)?, kind) {
            // SQLite keeps a whole number as one.
            (Value::Int(value), ColumnKind::Real) => Value::Real(value as f64),
            (value, _) => value,
        }),
    }
}
