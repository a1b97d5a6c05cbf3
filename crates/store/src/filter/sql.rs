//! Filters as SQL. The text never yields NULL, and holds no value: values are bound.

mod column;
mod json;
mod text;

use std::slice;

use super::{FieldPath, Filter, RangeOp, Scalar};
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
/// Paths of promoted columns become comparisons of columns, which indexes serve; all others look into the document.
pub fn compile(
    filter: &Filter,
    collection: &Collection,
    dialect: Dialect,
    alias: &str,
    sql: &mut Sql,
) {
    Compiler {
        collection,
        dialect,
        alias,
        sql,
    }
    .filter(filter);
}

struct Compiler<'a> {
    collection: &'a Collection,
    dialect: Dialect,
    alias: &'a str,
    sql: &'a mut Sql,
}

/// What a condition asks of the value at its path.
#[derive(Clone, Copy)]
enum Test<'f> {
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
            Filter::Eq(path, scalar) => self.test(path, Test::In(slice::from_ref(scalar))),
            Filter::In(path, scalars) => self.test(path, Test::In(scalars)),
            Filter::Range { field, op, value } => self.test(field, Test::Range(*op, value)),
            Filter::Exists(path) => self.test(path, Test::Exists),
            Filter::Prefix(path, start) => self.test(path, Test::Prefix(start)),
            Filter::Contains(path, part) => self.test(path, Test::Contains(part)),
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
        let mut columns = self.collection.columns.iter().chain(ROW_COLUMNS);
        match columns.find(|column| column.path == path.as_str()) {
            Some(column) => self.column(column, test),
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
