//! Conditions on promoted columns. The value of such a column is the value at its path; NULL stands for none.

use super::{Compiler, Dialect, RangeOp, Scalar, Test};
use crate::filter::Shape;
use crate::{Column, ColumnKind, Millis, ObjectId, Value};

/// Integers up to here are exact as doubles, so that comparing as integers is comparing as doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Compiler<'_> {
    pub(super) fn column(&mut self, column: &Column, test: Test<'_>) {
        let name = format!("{}.{}", self.alias, column.name);
        self.push("(");
        match test {
            Test::Exists => self.push(&format!("{name} IS NOT NULL")),
            Test::In([Scalar::Null]) => self.push(&format!("{name} IS NULL")),
            Test::In(scalars) if scalars.contains(&Scalar::Null) => {
                self.push(&format!("{name} IS NULL OR "));
                self.present(column, &name, test);
            }
            _ => {
                self.push(&format!("{name} IS NOT NULL AND "));
                self.present(column, &name, test);
            }
        }
        self.push(")");
    }

    /// The condition on a column; NULL where the column is.
    fn present(&mut self, column: &Column, name: &str, test: Test<'_>) {
        match (test, column.kind) {
            (Test::Exists, _) => self.push("TRUE"),
            (_, ColumnKind::Text) => self.text(name, test),
            (Test::In(scalars), ColumnKind::Int | ColumnKind::Real) => {
                let numbers: Vec<_> = scalars.iter().filter_map(Scalar::number).collect();
                let (expression, values) = comparable(column.kind, name, &numbers);
                self.one_of(&expression, values);
            }
            (Test::In(scalars), kind) => self.one_of(
                name,
                scalars
                    .iter()
                    .filter_map(|scalar| value(kind, scalar))
                    .collect(),
            ),
            (Test::Range(op, bound), ColumnKind::Int | ColumnKind::Real) => {
                let (expression, values) = comparable(column.kind, name, bound.number().as_slice());
                match values.into_iter().next() {
                    Some(value) => self.beside(&expression, op, value),
                    None => self.push("FALSE"),
                }
            }
            (Test::Range(op, bound), kind) => match range(kind, op, bound) {
                Some((op, value)) => self.beside(name, op, value),
                None => self.shown(column, name, test),
            },
            (Test::Prefix(_) | Test::Contains(_), _) => self.shown(column, name, test),
        }
    }

    /// The condition on the text that the document shows. No index serves it.
    fn shown(&mut self, column: &Column, name: &str, test: Test<'_>) {
        let shown = match (column.kind, self.dialect) {
            (ColumnKind::Id, Dialect::Sqlite) => format!("lower(hex({name}))"),
            (ColumnKind::Id, Dialect::Postgres) => format!("encode({name}, 'hex')"),
            (ColumnKind::Instant, dialect) => shown_instant(name, dialect),
            _ => return self.push("FALSE"),
        };
        self.text(&shown, test);
    }
}

/// Whole seconds and the rest apart: as doubles, instants far from 1970 would lose milliseconds.
fn shown_instant(name: &str, dialect: Dialect) -> String {
    let rest = format!("(({name} % 1000) + 1000) % 1000");
    let seconds = format!("({name} - {rest}) / 1000");
    match dialect {
        Dialect::Sqlite => format!(
            "(strftime('%Y-%m-%dT%H:%M:%S', {seconds}, 'unixepoch') || printf('.%03dZ', {rest}))"
        ),
        Dialect::Postgres => format!(
            "(to_char(to_timestamp({seconds}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.') || lpad(({rest})::text, 3, '0') || 'Z')"
        ),
    }
}

/// The column, or a cast of it, and values of its type: integers are compared as such as long as that is exact.
fn comparable(kind: ColumnKind, name: &str, numbers: &[f64]) -> (String, Vec<Value>) {
    let whole = |number: &f64| number.fract() == 0.0 && number.abs() < EXACT;
    if kind == ColumnKind::Real {
        (
            name.to_owned(),
            numbers.iter().copied().map(Value::Real).collect(),
        )
    } else if numbers.iter().all(whole) {
        (
            name.to_owned(),
            numbers
                .iter()
                .map(|number| Value::Int(*number as i64))
                .collect(),
        )
    } else {
        (
            format!("CAST({name} AS DOUBLE PRECISION)"),
            numbers.iter().copied().map(Value::Real).collect(),
        )
    }
}

/// The value of a column of this kind that is equal to the scalar.
fn value(kind: ColumnKind, scalar: &Scalar) -> Option<Value> {
    match (kind, scalar) {
        (ColumnKind::Bool, Scalar::Bool(value)) => Some(Value::Bool(*value)),
        (ColumnKind::Instant, _) => instant(&scalar.text()?.0).map(Value::from),
        (ColumnKind::Id, _) => id(&scalar.text()?.0).map(Value::from),
        _ => None,
    }
}

/// The side of a value of this kind that is the side of the scalar, if there is one.
fn range(kind: ColumnKind, op: RangeOp, bound: &Scalar) -> Option<(RangeOp, Value)> {
    let (text, shape) = bound.text()?;
    match (kind, shape) {
        (ColumnKind::Id, _) => Some((op, Value::Id(id(&text)?))),
        (ColumnKind::Instant, Shape::Any | Shape::Instant) => Some(match instant(&text) {
            Some(at) => (op, Value::from(at)),
            None => between_instants(op, &text),
        }),
        _ => None,
    }
}

fn id(text: &str) -> Option<ObjectId> {
    text.parse()
        .ok()
        .filter(|id: &ObjectId| id.to_string() == text)
}

fn instant(text: &str) -> Option<Millis> {
    Millis::parse(text).filter(|at| at.to_string() == text)
}

/// The bound among instants that a text is which no instant has: their texts are in the order of time.
fn between_instants(op: RangeOp, text: &str) -> (RangeOp, Value) {
    let (mut low, mut high) = (*Millis::RANGE.start(), *Millis::RANGE.end() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if Millis(middle).to_string().as_str() < text {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    match op {
        RangeOp::Gt | RangeOp::Ge => (RangeOp::Ge, Value::Int(low)),
        RangeOp::Lt | RangeOp::Le => (RangeOp::Lt, Value::Int(low)),
    }
}
