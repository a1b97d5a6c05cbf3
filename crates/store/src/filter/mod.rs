//! Which documents: one filter language for lists, saved views, audiences and exports.
//!
//! SQLite ([`compile`]), PostgreSQL ([`compile`]) and memory ([`matches()`]) give the same answer by one rule:
//!
//! | scalar | compares with | how |
//! |---|---|---|
//! | `Int`, `Real` | JSON numbers | as doubles |
//! | `Text` | JSON strings | by bytes of UTF-8 |
//! | `Instant` | JSON strings of the form `2026-01-31T08:05:00.123Z` | by bytes, which is by time |
//! | `Id` | JSON strings of 24 lower-case hex characters | by bytes |
//! | `Bool` | JSON booleans | equality only |
//! | `Null` | a missing value, JSON null | equality only |
//!
//! A comparison between types is false. When the value at a path is an array, a condition holds when it holds for one
//! of its elements, so none holds for an empty array. Arrays on the way to the value are not entered, objects are equal
//! to nothing. `Not` is exact: it matches what its operand does not, a missing value included.
//!
//! Documents are as `serde_json::Value` writes them: no NUL in text, no number beyond a double, no key twice. Text with
//! NUL in a filter compares with nothing.

mod eval;
mod keys;
mod path;
mod sql;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use eval::matches;
pub(crate) use keys::{ARRAYS, Key, KeyRange, KeyRanges, MISSING, SOMETHING, keys_of};
pub use path::{BadPath, FieldPath};
use sql::Test;
pub use sql::{Dialect, Sql, compile};
pub(crate) use sql::{opens_documents, push_ranges, served};

use crate::{Millis, ObjectId};

/// A condition on one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every document.
    All,
    /// All of these hold; true when there are none.
    And(Vec<Filter>),
    /// One of these holds; false when there are none.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// The value is equal to the scalar.
    Eq(FieldPath, Scalar),
    /// The value is equal to one of the scalars.
    In(FieldPath, Vec<Scalar>),
    /// The value lies on one side of the scalar.
    Range {
        /// Where the value is.
        field: FieldPath,
        /// Which side.
        op: RangeOp,
        /// The bound. No value lies on a side of `Null` or of a `Bool`.
        value: Scalar,
    },
    /// The value is present and not null.
    Exists(FieldPath),
    /// The value is a string that starts with this one, by bytes.
    Prefix(FieldPath, String),
    /// The value is a string that contains this one, by bytes.
    Contains(FieldPath, String),
}

/// A side of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeOp {
    /// Greater than.
    Gt,
    /// Greater than or equal to.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal to.
    Le,
}

/// What a filter compares with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Nothing: a missing value or JSON null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Real(f64),
    /// Text.
    Text(String),
    /// A point in time.
    Instant(Millis),
    /// An id of a document.
    Id(ObjectId),
}

/// The forms in which ids and instants stand in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Any,
    Instant,
    Id,
}

impl Shape {
    /// One character for each of the text: `d` is a digit, `h` a lower-case hex digit, all others are themselves.
    const fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Instant => Some("dddd-dd-ddTdd:dd:dd.dddZ"),
            Self::Id => Some("hhhhhhhhhhhhhhhhhhhhhhhh"),
        }
    }
}

impl Scalar {
    /// The number that JSON numbers are compared with.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Real(value) => Some(*value),
            _ => None,
        }
    }

    /// The text that JSON strings of the given shape are compared with.
    fn text(&self) -> Option<(Cow<'_, str>, Shape)> {
        match self {
            Self::Text(text) if !text.contains('\0') => Some((Cow::Borrowed(text), Shape::Any)),
            Self::Instant(at) => Some((Cow::Owned(at.to_string()), Shape::Instant)),
            Self::Id(id) => Some((Cow::Owned(id.to_string()), Shape::Id)),
            _ => None,
        }
    }
}
