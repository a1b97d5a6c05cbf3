//! One connection, whichever engine it talks to: bound statements in, values out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};

use crate::postgres::link::Link;
use crate::{ColumnKind, Dictionary, Error, Millis, ObjectId, Result, Value, rules};

/// Steps of SQLite's machine between two looks at the deadline.
const STEPS_PER_CHECK: i32 = 10_000;

/// A connection inside a transaction, or one that only reads.
pub(crate) enum Conn<'c> {
    Sqlite {
        connection: &'c rusqlite::Connection,
        dictionary: Dictionary,
        deadline: &'c Deadline,
    },
    Postgres(&'c Link<'c>),
}

/// Until when the statements of one SQLite connection may run.
pub(crate) struct Deadline {
    started: Instant,
    /// Microseconds after `started`; the largest number for "no deadline".
    at: Arc<AtomicU64>,
}

impl Deadline {
    /// Watches over the statements of `connection`.
    pub fn watch(connection: &mut rusqlite::Connection) -> Result<Self> {
        let (started, at) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let watched = Arc::clone(&at);
        connection.progress_handler(
            STEPS_PER_CHECK,
            Some(move || micros(started) > watched.load(Ordering::Relaxed)),
        )?;
        Ok(Self { started, at })
    }

    fn set(&self, within: Option<Duration>) {
        let at = within.map_or(u64::MAX, |within| {
            micros(self.started)
                .saturating_add(u64::try_from(within.as_micros()).unwrap_or(u64::MAX))
        });
        self.at.store(at, Ordering::Relaxed);
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// One row of a result.
pub(crate) enum RowRef<'r> {
    Sqlite(&'r rusqlite::Row<'r>, Dictionary),
    Postgres(&'r tokio_postgres::Row),
}

impl Conn<'_> {
    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&self, sql: &str, binds: &[Value]) -> Result<u64> {
        check(sql);
        match self {
            Self::Sqlite {
                connection,
                dictionary,
                ..
            } => {
                let mut statement = connection.prepare_cached(sql)?;
                let changed = statement.execute(rusqlite::params_from_iter(
                    binds.iter().map(|value| SqliteBind(value, *dictionary)),
                ))?;
                Ok(changed as u64)
            }
            Self::Postgres(link) => link.execute(sql, binds),
        }
    }

    /// Runs a statement once for each set of binds; returns how many rows each changed.
    pub fn execute_all(&self, sql: &str, binds: &[Vec<Value>]) -> Result<Vec<u64>> {
        match self {
            Self::Sqlite { .. } => binds.iter().map(|binds| self.execute(sql, binds)).collect(),
            Self::Postgres(link) => {
                check(sql);
                link.execute_all(sql, binds)
            }
        }
    }

    /// Runs a statement whose result nobody waits for: on PostgreSQL with the next one that somebody does, or the commit, which fails
    /// when it fails.
    pub fn later(&self, sql: &str, binds: Vec<Value>) -> Result<()> {
        match self {
            Self::Sqlite { .. } => self.execute(sql, &binds).map(drop),
            Self::Postgres(link) => {
                check(sql);
                link.later(sql, binds)
            }
        }
    }

    /// Runs a query and maps each row.
    pub fn query<T>(
        &self,
        sql: &str,
        binds: &[Value],
        mut map: impl FnMut(RowRef<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        check(sql);
        match self {
            Self::Sqlite {
                connection,
                dictionary,
                ..
            } => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(
                    binds.iter().map(|value| SqliteBind(value, *dictionary)),
                ))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next().map_err(interrupted)? {
                    out.push(map(RowRef::Sqlite(row, *dictionary))?);
                }
                Ok(out)
            }
            Self::Postgres(link) => {
                let rows = link.query(sql, binds)?;
                rows.iter().map(|row| map(RowRef::Postgres(row))).collect()
            }
        }
    }

    /// The first row of a query.
    pub fn first<T>(
        &self,
        sql: &str,
        binds: &[Value],
        map: impl FnMut(RowRef<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, binds, map)?.into_iter().next())
    }

    /// The error of a lost race, which makes the engine run the unit again.
    pub fn raced(&self) -> Error {
        if let Self::Postgres(link) = self {
            link.transient.set(true);
        }
        Error::Raced
    }

    /// Runs `work` with a limit on how long its statements may examine rows.
    pub fn with_deadline<T>(
        &self,
        deadline: Duration,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Sqlite { deadline: own, .. } => {
                own.set(Some(deadline));
                let result = work();
                own.set(None);
                result
            }
            Self::Postgres(link) => link.with_deadline(deadline, work),
        }
    }

    /// Whether rows must be locked by the statement that reads them before they are changed.
    pub fn locks_rows(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }
}

/// Holds statements to their rules, in debug builds.
pub(crate) fn check(sql: &str) {
    debug_assert!(parameters_ascend(sql), "{sql}");
    debug_assert_eq!(rules::fault(sql), None, "{sql}");
}

/// Whether `$1`, `$2` … first stand in the text in this order: SQLite numbers them so.
fn parameters_ascend(sql: &str) -> bool {
    let mut numbers = sql.split('$').skip(1).filter_map(|rest| {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest[..digits].parse::<usize>().ok()
    });
    numbers
        .try_fold(0, |seen, number| {
            (number <= seen + 1).then_some(seen.max(number))
        })
        .is_some()
}

fn interrupted(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => Error::TooExpensive,
        _ => Error::Sqlite(error),
    }
}

impl RowRef<'_> {
    pub fn int(&self, column: usize) -> Result<i64> {
        match self {
            Self::Sqlite(row, _) => Ok(row.get(column)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub fn text(&self, column: usize) -> Result<String> {
        match self {
            Self::Sqlite(row, _) => Ok(row.get(column)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub fn millis(&self, column: usize) -> Result<Millis> {
        self.int(column).map(Millis)
    }

    pub fn id(&self, column: usize) -> Result<ObjectId> {
        let read = match self {
            Self::Sqlite(row, _) => ObjectId::try_from(
                row.get_ref(column)?
                    .as_blob()
                    .map_err(rusqlite::Error::from)?,
            ),
            Self::Postgres(row) => ObjectId::try_from(row.try_get::<_, &[u8]>(column)?),
        };
        read.map_err(|_| Error::Corrupt("an id that is not twelve bytes".into()))
    }

    /// Whether a document was left out of the answer.
    pub fn is_null(&self, column: usize) -> Result<bool> {
        match self {
            Self::Sqlite(row, _) => Ok(row.get_ref(column)? == ValueRef::Null),
            Self::Postgres(row) => Ok(row.try_get::<_, Option<Text>>(column)?.is_none()),
        }
    }

    /// A key of a declared index.
    pub fn key(&self, column: usize) -> Result<Vec<u8>> {
        match self {
            Self::Sqlite(row, _) => Ok(row.get(column)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    pub fn json(&self, column: usize) -> Result<Vec<u8>> {
        match self {
            Self::Sqlite(row, dictionary) => dictionary.decode(
                row.get_ref(column)?
                    .as_blob()
                    .map_err(rusqlite::Error::from)?,
            ),
            Self::Postgres(row) => Ok(row.try_get::<_, Text>(column)?.0),
        }
    }

    /// JSON, or NULL, which only PostgreSQL has.
    pub fn json_or_null(&self, column: usize) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Sqlite(..) => self.json(column).map(Some),
            Self::Postgres(row) => Ok(row.try_get::<_, Option<Text>>(column)?.map(|text| text.0)),
        }
    }

    /// A promoted column.
    pub fn value(&self, column: usize, kind: ColumnKind) -> Result<Value> {
        match self {
            Self::Sqlite(row, _) => sqlite_value(row.get_ref(column)?, kind),
            Self::Postgres(row) => Ok(match kind {
                ColumnKind::Text => row
                    .try_get::<_, Option<String>>(column)?
                    .map_or(Value::Null, Value::Text),
                ColumnKind::Int | ColumnKind::Instant => {
                    row.try_get::<_, Option<i64>>(column)?.into()
                }
                ColumnKind::Real => row
                    .try_get::<_, Option<f64>>(column)?
                    .map_or(Value::Null, Value::Real),
                ColumnKind::Bool => row.try_get::<_, Option<bool>>(column)?.into(),
                ColumnKind::Id => match row.try_get::<_, Option<&[u8]>>(column)? {
                    None => Value::Null,
                    Some(bytes) => Value::Id(
                        ObjectId::try_from(bytes)
                            .map_err(|_| Error::Corrupt("a promoted id".into()))?,
                    ),
                },
            }),
        }
    }
}

fn sqlite_value(value: ValueRef<'_>, kind: ColumnKind) -> Result<Value> {
    Ok(match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Integer(value), ColumnKind::Bool) => Value::Bool(value != 0),
        (ValueRef::Integer(value), _) => Value::Int(value),
        (ValueRef::Real(value), _) => Value::Real(value),
        (ValueRef::Text(text), _) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        (ValueRef::Blob(bytes), _) => Value::Id(
            ObjectId::try_from(bytes).map_err(|_| Error::Corrupt("a promoted id".into()))?,
        ),
    })
}

/// A value as SQLite binds it.
struct SqliteBind<'v>(&'v Value, Dictionary);

impl rusqlite::ToSql for SqliteBind<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(value) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(*value))),
            Value::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Value::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Value::Key(key) => ToSqlOutput::Borrowed(ValueRef::Blob(key)),
            Value::Json(json) => {
                ToSqlOutput::Owned(rusqlite::types::Value::Blob(self.1.encode(json)))
            }
        })
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) if *ty == Type::FLOAT8 => (*value as f64).to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Id(id) => id.as_bytes().as_slice().to_sql(ty, out),
            Self::Key(key) => key.as_slice().to_sql(ty, out),
            Self::Json(json) => {
                out.extend_from_slice(json);
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true // the statements are ours: each bind has the type of its column
    }

    tokio_postgres::types::to_sql_checked!();
}

/// The text of a `json` column, as it was written.
struct Text(Vec<u8>);

impl<'a> tokio_postgres::types::FromSql<'a> for Text {
    fn from_sql(
        _: &Type,
        raw: &'a [u8],
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_by_their_place() {
        assert!(parameters_ascend("a = $1 AND b = $2 AND c = $1 AND d = $3"));
        assert!(!parameters_ascend("SET a = $2 WHERE b = $1"));
    }
}
