//! All rows of a collection, of all projects, some at a time: for migrations and for `doctor`.

use crate::conn::{Conn, RowRef};
use crate::rules::EVERY_PROJECT;
use crate::{Collection, ColumnKind, Millis, Result, Value};

/// Rows that are read before the next are.
const ROWS_PER_STEP: i64 = 1_000;

/// The whole primary key of a row: its project, the columns that keep rows together, its id.
pub(crate) type Key = Vec<Value>;

/// A walk in the order of the primary key.
pub(crate) struct Walk<'w> {
    collection: &'w Collection,
    /// The columns of the key.
    key: Vec<(&'static str, ColumnKind)>,
    /// Only rows that were written at this instant or later.
    since: Option<Millis>,
    /// The key of the last row so far.
    last: Option<Key>,
}

impl<'w> Walk<'w> {
    pub fn over(collection: &'w Collection) -> Self {
        let clustered = collection
            .clustered()
            .map(|column| (column.name, column.kind));
        Self {
            collection,
            key: [("project", ColumnKind::Id)]
                .into_iter()
                .chain(clustered)
                .chain([("id", ColumnKind::Id)])
                .collect(),
            since: None,
            last: None,
        }
    }

    /// Leaves out rows that were last written before an instant.
    pub fn since(self, since: Millis) -> Self {
        Self {
            since: Some(since),
            ..self
        }
    }

    /// The next rows, none after the last: the key of each, and what `map` makes of the columns `select`, of which the
    /// first is the column that `map` is told.
    pub fn next<T>(
        &mut self,
        conn: &Conn<'_>,
        select: &str,
        mut map: impl FnMut(&RowRef<'_>, usize) -> Result<T>,
    ) -> Result<Vec<(Key, T)>> {
        let mut binds = self.last.clone().unwrap_or_default();
        binds.extend(self.since.map(Value::from));
        binds.push(Value::Int(ROWS_PER_STEP));
        let rows = conn.query(&self.sql(select), &binds, |row| {
            let key: Result<Key> = (self.key.iter().enumerate())
                .map(|(n, (_, kind))| row.value(n, *kind))
                .collect();
            Ok((key?, map(&row, self.key.len())?))
        })?;
        if let Some((key, _)) = rows.last() {
            self.last = Some(key.clone());
        }
        Ok(rows)
    }

    fn sql(&self, select: &str) -> String {
        let names: Vec<_> = self.key.iter().map(|(name, _)| *name).collect();
        let key = names.join(", ");
        let (mut conditions, mut next) = (Vec::new(), 1);
        if self.last.is_some() {
            let places: Vec<_> = (1..=names.len()).map(|n| format!("${n}")).collect();
            conditions.push(format!("({key}) > ({})", places.join(", ")));
            next += names.len();
        }
        if self.since.is_some() {
            conditions.push(format!("updated_at >= ${next}"));
            next += 1;
        }
        let condition = match conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {}", conditions.join(" AND ")),
        };
        format!(
            "{EVERY_PROJECT}SELECT {key}, {select} FROM {} {condition} ORDER BY {key} LIMIT ${next}",
            self.collection.table
        )
    }

    /// The condition on one row, by its key, whose parameters are numbered from `first` on.
    pub fn is_row(&self, first: usize) -> String {
        let equals: Vec<_> = (self.key.iter().zip(first..))
            .map(|((name, _), n)| format!("{name} = ${n}"))
            .collect();
        equals.join(" AND ")
    }
}
