//! What a statement binds and a row yields.

use crate::{Millis, ObjectId};

/// A value of a column. The engines agree on these and no others.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// 0 or 1 in SQLite, `boolean` in PostgreSQL.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A finite double.
    Real(f64),
    /// Text without NUL, compared by bytes on both engines.
    Text(String),
    /// An id: twelve bytes.
    Id(ObjectId),
    /// Bytes, compared as such: a key of a declared index.
    Key(Vec<u8>),
    /// The JSON of a document: compressed in SQLite, `json` in PostgreSQL.
    Json(Vec<u8>),
}

impl From<Millis> for Value {
    fn from(at: Millis) -> Self {
        Self::Int(at.0)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<ObjectId> for Value {
    fn from(id: ObjectId) -> Self {
        Self::Id(id)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
