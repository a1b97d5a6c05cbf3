//! The order of a list, and places in it.

use serde::{Deserialize, Serialize};

use super::Sort;
use crate::conn::RowRef;
use crate::declared::DeclaredIndex;
use crate::filter::Sql;
use crate::{Collection, Column, ColumnKind, Error, ObjectId, ROW_COLUMNS, Result, Value};

/// The place after a row in an order: the values of its sort keys. Opaque to callers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The version of this form.
    v: u8,
    /// The order that the cursor belongs to, e.g. `-last_activity,-id`.
    order: String,
    keys: Vec<Key>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
}

const CURSOR_VERSION: u8 = 1;

/// What a key of an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Column(ColumnKind),
    /// A key of a declared index.
    Declared,
}

#[derive(Debug, Clone)]
pub(super) struct OrderKey {
    /// What it is called in cursors: the column, or the path of a declared index.
    name: String,
    /// The SQL of its value.
    pub expression: String,
    kind: KeyKind,
    /// Whether rows may lack the value.
    pub may_be_null: bool,
    pub descending: bool,
}

/// The keys of an order. They end with those that tell rows apart, so that no two rows are equal.
#[derive(Debug, Clone)]
pub(super) struct Order<'i> {
    pub keys: Vec<OrderKey>,
    /// The declared index whose values come first.
    pub by: Option<&'i DeclaredIndex>,
}

impl<'i> Order<'i> {
    pub fn of(
        collection: &Collection,
        indexes: &'i [DeclaredIndex],
        sort: &[Sort],
    ) -> Result<Self> {
        let named = |key: &Sort| {
            indexes
                .iter()
                .find(|index| index.path.as_str() == key.path && column(collection, key).is_none())
        };
        match sort {
            [key] if let Some(index) = named(key) => Self::declared(index, key.descending),
            _ => match sort.iter().find_map(named) {
                Some(index) => Err(Error::BadQuery(format!(
                    "sorts by {} and by something else: sort by an indexed attribute alone",
                    index.path
                ))),
                None => Self::columns(collection, sort),
            },
        }
    }

    fn declared(index: &'i DeclaredIndex, descending: bool) -> Result<Self> {
        if !index.is_ready() {
            return Err(Error::IndexNotReady(index.path.to_string()));
        }
        let key = |name: String, expression: &str, kind| OrderKey {
            name,
            expression: expression.to_owned(),
            kind,
            may_be_null: false,
            descending,
        };
        Ok(Self {
            keys: vec![
                key(index.path.to_string(), "a.value", KeyKind::Declared),
                key("id".into(), "a.id", KeyKind::Column(ColumnKind::Id)),
            ],
            by: Some(index),
        })
    }

    fn columns(collection: &Collection, sort: &[Sort]) -> Result<Self> {
        let mut keys: Vec<OrderKey> = Vec::new();
        for key in sort {
            let column = column(collection, key).ok_or_else(|| {
                Error::BadQuery(format!(
                    "cannot sort by {:?}: sort by one of {}, or by what an index is declared for",
                    key.path,
                    sortable(collection)
                ))
            })?;
            push_key(&mut keys, column, key.descending);
        }
        let descending = sort.last().is_none_or(|key| key.descending);
        for column in ROW_COLUMNS.iter().take(1).chain(collection.clustered()) {
            push_key(&mut keys, column, descending);
        }
        if collection.cluster.is_empty() {
            let id = keys.iter().position(|key| key.name == "id");
            keys.truncate(id.map_or(keys.len(), |id| id + 1)); // ids are unique: what follows decides nothing
        }
        Ok(Self { keys, by: None })
    }

    /// The place after a row with these values.
    pub fn cursor(&self, values: &[Value]) -> Cursor {
        Cursor {
            v: CURSOR_VERSION,
            order: self.name(),
            keys: values.iter().map(Key::from).collect(),
        }
    }

    /// The values that a cursor stands after.
    pub fn place(&self, cursor: &Cursor) -> Result<Vec<Value>> {
        if cursor.v != CURSOR_VERSION
            || cursor.order != self.name()
            || cursor.keys.len() != self.keys.len()
        {
            return Err(elsewhere());
        }
        let values = (cursor.keys.iter().zip(&self.keys)).map(|(value, key)| value.bind(key));
        values.collect::<Option<_>>().ok_or_else(|| {
            Error::BadQuery("the cursor is not one that a page gave: start again without it".into())
        })
    }

    fn name(&self) -> String {
        let names: Vec<_> = self
            .keys
            .iter()
            .map(|key| format!("{}{}", if key.descending { "-" } else { "" }, key.name))
            .collect();
        names.join(",")
    }
}

/// The error of a cursor that no page of this order gave.
pub(super) fn elsewhere() -> Error {
    Error::BadQuery("the cursor belongs to another order: repeat the sort of the first page".into())
}

fn column<'c>(collection: &'c Collection, key: &Sort) -> Option<&'c Column> {
    let mut columns = collection.columns.iter().chain(ROW_COLUMNS);
    columns.find(|column| column.path == key.path)
}

fn push_key(keys: &mut Vec<OrderKey>, column: &Column, descending: bool) {
    if keys.iter().all(|key| key.name != column.name) {
        keys.push(OrderKey {
            name: column.name.to_owned(),
            expression: format!("t.{}", column.name),
            kind: KeyKind::Column(column.kind),
            may_be_null: ROW_COLUMNS.iter().all(|known| known.name != column.name),
            descending,
        });
    }
}

fn sortable(collection: &Collection) -> String {
    let paths: Vec<_> = ROW_COLUMNS
        .iter()
        .chain(collection.columns)
        .map(|column| column.path)
        .collect();
    paths.join(", ")
}

impl OrderKey {
    /// The column that it is, if it is one.
    pub fn column(&self) -> Option<&str> {
        match self.kind {
            KeyKind::Column(_) => Some(&self.name),
            KeyKind::Declared => None,
        }
    }

    /// Its value in a row.
    pub fn read(&self, row: &RowRef<'_>, place: usize) -> Result<Value> {
        match self.kind {
            KeyKind::Column(kind) => row.value(place, kind),
            KeyKind::Declared => row.key(place).map(Value::Key),
        }
    }
}

/// Missing values come last, whichever the direction, on both engines.
pub(super) fn push_order(sql: &mut Sql, keys: &[OrderKey]) {
    for (n, key) in keys.iter().enumerate() {
        sql.text.push_str(&format!(
            "{} {} {}{}",
            if n == 0 { " ORDER BY" } else { "," },
            key.expression,
            if key.descending { "DESC" } else { "ASC" },
            if key.may_be_null { " NULLS LAST" } else { "" },
        ));
    }
}

/// Appends that a row comes after one with these values.
pub(super) fn push_after(sql: &mut Sql, keys: &[OrderKey], values: &[Value]) {
    let same_way = keys
        .windows(2)
        .all(|two| two[0].descending == two[1].descending);
    if same_way && keys.iter().all(|key| !key.may_be_null) {
        push_after_row(sql, keys, values);
    } else {
        push_after_each(sql, keys, values);
    }
}

/// `(k1, k2, …)` after the values, as one comparison, at which an index begins.
fn push_after_row(sql: &mut Sql, keys: &[OrderKey], values: &[Value]) {
    let expressions: Vec<_> = keys.iter().map(|key| key.expression.as_str()).collect();
    let side = if keys[0].descending { "<" } else { ">" };
    sql.text
        .push_str(&format!("({}) {side} (", expressions.join(", ")));
    for (n, value) in values.iter().enumerate() {
        sql.text.push_str(if n == 0 { "" } else { ", " });
        sql.bind(value.clone());
    }
    sql.text.push(')');
}

/// k1 after its value, or k1 equal and k2 after, or …
fn push_after_each(sql: &mut Sql, keys: &[OrderKey], values: &[Value]) {
    for (n, key) in keys.iter().enumerate() {
        sql.text.push_str(if n == 0 { "((" } else { " OR (" });
        for (before, value) in keys.iter().zip(values).take(n) {
            push_same(sql, before, value);
            sql.text.push_str(" AND ");
        }
        push_beyond(sql, key, &values[n]);
        sql.text.push(')');
    }
    sql.text.push(')');
}

fn push_same(sql: &mut Sql, key: &OrderKey, value: &Value) {
    sql.text.push_str(&key.expression);
    match value {
        Value::Null => sql.text.push_str(" IS NULL"),
        value => {
            sql.text.push_str(" = ");
            sql.bind(value.clone());
        }
    }
}

fn push_beyond(sql: &mut Sql, key: &OrderKey, value: &Value) {
    if *value == Value::Null {
        sql.text.push_str("1 = 0"); // missing values are last: none is beyond them
        return;
    }
    let expression = &key.expression;
    let side = if key.descending { "<" } else { ">" };
    sql.text.push_str(&format!("({expression} {side} "));
    sql.bind(value.clone());
    if key.may_be_null {
        sql.text.push_str(&format!(" OR {expression} IS NULL"));
    }
    sql.text.push(')');
}

impl From<&Value> for Key {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null | Value::Json(_) => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Real(value) => Self::Real(*value),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Id(id) => Self::Text(id.to_string()),
            Value::Key(key) => Self::Text(to_hex(key)),
        }
    }
}

impl Key {
    /// The value that is bound; `None` when it is not one of its key.
    fn bind(&self, key: &OrderKey) -> Option<Value> {
        let kind = match key.kind {
            KeyKind::Column(kind) => kind,
            KeyKind::Declared => match self {
                Self::Text(text) => return from_hex(text).map(Value::Key),
                _ => return None,
            },
        };
        Some(match (self, kind) {
            (Self::Null, _) if key.may_be_null => Value::Null,
            (Self::Text(text), ColumnKind::Id) => Value::Id(text.parse::<ObjectId>().ok()?),
            (Self::Text(text), ColumnKind::Text) if !text.contains('\0') => {
                Value::from(text.as_str())
            }
            (Self::Int(value), ColumnKind::Int | ColumnKind::Instant) => Value::Int(*value),
            (Self::Int(value), ColumnKind::Real) => Value::Real(*value as f64),
            (Self::Real(value), ColumnKind::Real) => Value::Real(*value),
            (Self::Bool(value), ColumnKind::Bool) => Value::Bool(*value),
            _ => return None,
        })
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    let all_hex = digits.iter().all(u8::is_ascii_hexdigit);
    (all_hex && digits.len().is_multiple_of(2))
        .then(|| pairs.collect())
        .flatten()
}
