//! Lists: a filter, an order, and a page of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conn::Conn;
use crate::filter::{Dialect, Filter, Sql, compile};
use crate::statements::ROW;
use crate::{
    Collection, Column, ColumnKind, Error, Millis, ObjectId, ROW_COLUMNS, RawRow, Result, Value,
};

/// One key of an order: the path of a promoted value, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The path, e.g. `lastActivity`.
    pub path: String,
    /// Largest first.
    pub descending: bool,
}

/// A list of documents of one collection and one project.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which documents.
    pub filter: Filter,
    /// In which order; the id decides between equals. Empty: by id, newest first.
    pub sort: Vec<Sort>,
    /// How many at the most.
    pub limit: u32,
    /// How many to leave out first. A cursor is cheaper.
    pub skip: u64,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows are examined no longer than this.
    pub deadline: Duration,
}

/// A page of documents.
#[derive(Debug)]
pub struct Page {
    /// The documents.
    pub rows: Vec<RawRow>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Cursor>,
}

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

struct OrderKey {
    column: Column,
    descending: bool,
}

impl Query {
    /// Runs the query over the rows of `project`.
    pub(crate) fn run(
        &self,
        conn: &Conn<'_>,
        project: ObjectId,
        collection: &Collection,
    ) -> Result<Page> {
        let keys = order(collection, &self.sort)?;
        let name = order_name(&keys);
        let mut sql = Sql::default();
        sql.text.push_str("SELECT ");
        sql.text.push_str(ROW);
        for key in &keys {
            sql.text.push_str(&format!(", t.{}", key.column.name));
        }
        sql.text
            .push_str(&format!(" FROM {} t WHERE t.project = ", collection.table));
        sql.bind(Value::Id(project));
        push_filter(&mut sql, &self.filter, collection, dialect(conn));
        if let Some(cursor) = &self.after {
            sql.text.push_str(" AND ");
            push_after(&mut sql, &keys, &cursor.values(&keys, &name)?);
        }
        push_order(&mut sql, &keys);
        sql.text.push_str(" LIMIT ");
        sql.bind(Value::Int(i64::from(self.limit) + 1));
        if self.skip > 0 {
            sql.text.push_str(" OFFSET ");
            sql.bind(Value::Int(i64::try_from(self.skip).unwrap_or(i64::MAX)));
        }
        let mut found = conn.query(&sql.text, &sql.binds, |row| {
            let values: Result<Vec<_>> = keys
                .iter()
                .enumerate()
                .map(|(n, key)| row.value(5 + n, key.column.kind))
                .collect();
            Ok((RawRow::read(&row)?, values?))
        })?;
        let more = found.len() > self.limit as usize;
        found.truncate(self.limit as usize);
        let next = found.last().filter(|_| more).map(|(_, values)| Cursor {
            v: CURSOR_VERSION,
            order: name,
            keys: values.iter().map(Key::from).collect(),
        });
        Ok(Page {
            rows: found.into_iter().map(|(row, _)| row).collect(),
            next,
        })
    }

    /// Counts what the filter matches, at most `most`.
    pub(crate) fn count(
        &self,
        conn: &Conn<'_>,
        project: ObjectId,
        collection: &Collection,
        most: u64,
    ) -> Result<u64> {
        let mut sql = Sql::default();
        sql.text.push_str(&format!(
            "SELECT count(*) FROM (SELECT 1 AS one FROM {} t WHERE t.project = ",
            collection.table
        ));
        sql.bind(Value::Id(project));
        push_filter(&mut sql, &self.filter, collection, dialect(conn));
        sql.text.push_str(" LIMIT ");
        sql.bind(Value::Int(i64::try_from(most).unwrap_or(i64::MAX)));
        sql.text.push_str(") counted");
        let count = conn
            .first(&sql.text, &sql.binds, |row| row.int(0))?
            .unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn dialect(conn: &Conn<'_>) -> Dialect {
    match conn {
        Conn::Sqlite { .. } => Dialect::Sqlite,
        Conn::Postgres { .. } => Dialect::Postgres,
    }
}

fn push_filter(sql: &mut Sql, filter: &Filter, collection: &Collection, dialect: Dialect) {
    if *filter != Filter::All {
        sql.text.push_str(" AND ");
        compile(filter, collection, dialect, "t", sql);
    }
}

/// The keys of an order. They end with those that tell rows apart, so that no two rows are equal.
fn order(collection: &Collection, sort: &[Sort]) -> Result<Vec<OrderKey>> {
    let mut keys: Vec<OrderKey> = Vec::new();
    for key in sort {
        let column = collection
            .columns
            .iter()
            .chain(ROW_COLUMNS)
            .find(|column| column.path == key.path)
            .ok_or_else(|| {
                Error::BadQuery(format!(
                    "cannot sort by {:?}: sort by one of {}",
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
        let id = keys.iter().position(|key| key.column.name == "id");
        keys.truncate(id.map_or(keys.len(), |id| id + 1)); // ids are unique: what follows decides nothing
    }
    Ok(keys)
}

fn push_key(keys: &mut Vec<OrderKey>, column: &Column, descending: bool) {
    if keys.iter().all(|key| key.column.name != column.name) {
        keys.push(OrderKey {
            column: *column,
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

fn order_name(keys: &[OrderKey]) -> String {
    let names: Vec<_> = keys
        .iter()
        .map(|key| {
            format!(
                "{}{}",
                if key.descending { "-" } else { "" },
                key.column.name
            )
        })
        .collect();
    names.join(",")
}

/// Missing values come last, whichever the direction, on both engines.
fn push_order(sql: &mut Sql, keys: &[OrderKey]) {
    for (n, key) in keys.iter().enumerate() {
        sql.text.push_str(&format!(
            "{} t.{} {}{}",
            if n == 0 { " ORDER BY" } else { "," },
            key.column.name,
            if key.descending { "DESC" } else { "ASC" },
            if key.may_be_null() { " NULLS LAST" } else { "" },
        ));
    }
}

/// `(k1, k2, …)` after the values: k1 after, or k1 equal and k2 after, or …
fn push_after(sql: &mut Sql, keys: &[OrderKey], values: &[Value]) {
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
    sql.text.push_str(&format!("t.{}", key.column.name));
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
    let column = key.column.name;
    let side = if key.descending { "<" } else { ">" };
    sql.text.push_str(&format!("(t.{column} {side} "));
    sql.bind(value.clone());
    if key.may_be_null() {
        sql.text.push_str(&format!(" OR t.{column} IS NULL"));
    }
    sql.text.push(')');
}

impl OrderKey {
    /// Whether rows may lack the value.
    fn may_be_null(&self) -> bool {
        ROW_COLUMNS
            .iter()
            .all(|column| column.name != self.column.name)
    }
}

impl Cursor {
    /// The values of the keys that the cursor stands after.
    fn values(&self, keys: &[OrderKey], order: &str) -> Result<Vec<Value>> {
        if self.v != CURSOR_VERSION || self.order != order || self.keys.len() != keys.len() {
            return Err(Error::BadQuery(
                "the cursor belongs to another order: repeat the sort of the first page".into(),
            ));
        }
        let values = self
            .keys
            .iter()
            .zip(keys)
            .map(|(value, key)| value.bind(key));
        values.collect::<Option<_>>().ok_or_else(|| {
            Error::BadQuery("the cursor is not one that a page gave: start again without it".into())
        })
    }
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
        }
    }
}

impl Key {
    /// The value that is bound; `None` when it is not one of its column.
    fn bind(&self, key: &OrderKey) -> Option<Value> {
        Some(match (self, key.column.kind) {
            (Self::Null, _) if key.may_be_null() => Value::Null,
            (Self::Text(text), ColumnKind::Id) => Value::Id(text.parse().ok()?),
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

impl RawRow {
    /// Reads the columns of [`ROW`].
    pub(crate) fn read(row: &crate::conn::RowRef<'_>) -> Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            version: row.int(1)?,
            created_at: row.millis(2)?,
            updated_at: row.millis(3)?,
            json: row.json(4)?,
        })
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: Filter::All,
            sort: Vec::new(),
            limit: 100,
            skip: 0,
            after: None,
            deadline: Duration::from_secs(5),
        }
    }
}

impl RawRow {
    /// The instant of the last write, to the second, as HTTP dates have it.
    #[must_use]
    pub fn updated_second(&self) -> Millis {
        Millis(self.updated_at.0.div_euclid(1000) * 1000)
    }
}
