//! Filters as SQL. The text never yields NULL, and holds no value: values are bound.

mod column;
mod declared;
mod json;
mod text;

use std::slice;

pub(crate) use declared::push_ranges;

use super::{FieldPath, Filter, KeyRanges, RangeOp, Scalar, keys};
use crate::declared::DeclaredIndex;
use crate::{Collection, ROW_COLUMNS, Value};

/// A statement that grows: its text with `$1`, `$2` … and what they stand for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sql {
    /// The text so far.
    pub text: String,
    /// The values, in the order of their numbers.
    pub binds: Vec<Value>,
}

/// The engine that will read the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, with `doc_json(doc)` known to the connection.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

impl Sql {
    /// Appends the placeholder of a value.
    pub fn bind(&mut self, value: Value) {
        self.binds.push(value);
        self.text.push_str(&format!("${}", self.binds.len()));
    }
}

/// Appends a condition, in parentheses where it needs them, on the rows of a collection under the given alias.
///
/// Paths of promoted columns become comparisons of columns, which indexes serve, and paths of declared indexes look into those
/// that are ready; all others look into the document.
pub fn compile(
    filter: &Filter,
    collection: &Collection,
    indexes: &[DeclaredIndex],
    dialect: Dialect,
    alias: &str,
    sql: &mut Sql,
) {
    Compiler {
        collection,
        indexes,
        dialect,
        alias,
        sql,
    }
    .filter(filter);
}

/// Whether deciding the filter needs documents to be opened.
pub(crate) fn opens_documents(
    filter: &Filter,
    collection: &Collection,
    indexes: &[DeclaredIndex],
) -> bool {
    match filter {
        Filter::All => false,
        Filter::And(filters) | Filter::Or(filters) => filters
            .iter()
            .any(|filter| opens_documents(filter, collection, indexes)),
        Filter::Not(filter) => opens_documents(filter, collection, indexes),
        leaf => leaf.leaf().is_some_and(|(path, test)| {
            column_of(collection, path).is_none()
                && (declared::ready(indexes, path).is_none()
                    || keys::ranges(test).is_none_or(|ranges| !ranges.exact))
        }),
    }
}

/// The index that can name the documents of a condition, and the keys that they have there.
pub(crate) fn served<'i>(
    filter: &Filter,
    collection: &Collection,
    indexes: &'i [DeclaredIndex],
) -> Option<(&'i DeclaredIndex, KeyRanges)> {
    let (path, test) = filter.leaf()?;
    if column_of(collection, path).is_some() {
        return None;
    }
    Some((declared::ready(indexes, path)?, keys::ranges(test)?))
}

fn column_of<'c>(collection: &'c Collection, path: &FieldPath) -> Option<&'c crate::Column> {
    let mut columns = collection.columns.iter().chain(ROW_COLUMNS);
    columns.find(|column| column.path == path.as_str())
}

impl Filter {
    /// Whether something holds for the paths of all conditions.
    pub(crate) fn all_paths(&self, holds: &dyn Fn(&FieldPath) -> bool) -> bool {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().all(|filter| filter.all_paths(holds))
            }
            Self::Not(filter) => filter.all_paths(holds),
            leaf => leaf.leaf().is_none_or(|(path, _)| holds(path)),
        }
    }

    /// The path of a condition on one value, and what it asks of it.
    fn leaf(&self) -> Option<(&FieldPath, Test<'_>)> {
        Some(match self {
            Self::Eq(path, scalar) => (path, Test::In(slice::from_ref(scalar))),
            Self::In(path, scalars) => (path, Test::In(scalars)),
            Self::Range { field, op, value } => (field, Test::Range(*op, value)),
            Self::Exists(path) => (path, Test::Exists),
            Self::Prefix(path, start) => (path, Test::Prefix(start)),
            Self::Contains(path, part) => (path, Test::Contains(part)),
            Self::All | Self::And(_) | Self::Or(_) | Self::Not(_) => return None,
        })
    }
}

struct Compiler<'a> {
    collection: &'a Collection,
    indexes: &'a [DeclaredIndex],
    dialect: Dialect,
    alias: &'a str,
    sql: &'a mut Sql,
}

/// What a condition asks of the value at its path.
#[derive(Clone, Copy)]
pub(super) enum Test<'f> {
    In(&'f [Scalar]),
    Range(RangeOp, &'f Scalar),
    Exists,
    Prefix(&'f str),
    Contains(&'f str),
}

impl Compiler<'_> {
    fn push(&mut self, text: &str) {
        self.sql.text.push_str(text);
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::All => self.push("TRUE"),
            Filter::And(filters) if filters.is_empty() => self.push("TRUE"),
            Filter::Or(filters) if filters.is_empty() => self.push("FALSE"),
            Filter::And(filters) => self.joined(" AND ", filters),
            Filter::Or(filters) => self.joined(" OR ", filters),
            Filter::Not(filter) => {
                self.push("(NOT ");
                self.filter(filter);
                self.push(")");
            }
            leaf => {
                if let Some((path, test)) = leaf.leaf() {
                    self.test(path, test);
                }
            }
        }
    }

    fn joined(&mut self, word: &str, filters: &[Filter]) {
        for (n, filter) in filters.iter().enumerate() {
            self.push(if n == 0 { "(" } else { word });
            self.filter(filter);
        }
        self.push(")");
    }

    fn test(&mut self, path: &FieldPath, test: Test<'_>) {
        match column_of(self.collection, path) {
            Some(column) => self.column(column, test),
            None if self.declared(path, test) => {}
            None => self.json(path, test),
        }
    }

    /// `expression` is equal to one of the values.
    fn one_of(&mut self, expression: &str, mut values: Vec<Value>) {
        values.dedup(); // the readings of one text stand together: a single value keeps the order of an index
        match values.len() {
            0 => return self.push("FALSE"),
            1 => self.push(&format!("{expression} = ")),
            _ => self.push(&format!("{expression} IN ")),
        }
        let parentheses = values.len() > 1;
        for (n, value) in values.into_iter().enumerate() {
            self.push(match n {
                0 if parentheses => "(",
                0 => "",
                _ => ", ",
            });
            self.sql.bind(value);
        }
        self.push(if parentheses { ")" } else { "" });
    }

    /// `expression` lies on one side of the value.
    fn beside(&mut self, expression: &str, op: RangeOp, value: Value) {
        let sign = match op {
            RangeOp::Gt => ">",
            RangeOp::Ge => ">=",
            RangeOp::Lt => "<",
            RangeOp::Le => "<=",
        };
        self.push(&format!("{expression} {sign} "));
        self.sql.bind(value);
    }
}
