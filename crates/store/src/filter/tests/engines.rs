//! A table of things in each engine.

use rusqlite::functions::FunctionFlags;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};

use super::super::{Dialect, Filter, Sql, compile, keys_of};
use super::strategies::{INDEXED, THINGS, Thing, indexes};
use crate::{DeclaredIndex, IndexState, ObjectId, Value};

const INSERT: &str = "INSERT INTO thing (n, id, created_at, updated_at, name, visits, score, seen_at, active, owner, doc, project) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const INSERT_KEY: &str =
    "INSERT INTO thing_index (project, id, attribute, value, element) VALUES ($1, $2, $3, $4, $5)";

/// The statement whose rows say, in the order of the things, whether the filter matches.
fn question(filter: &Filter, indexes: &[DeclaredIndex], dialect: Dialect) -> Sql {
    let mut sql = Sql {
        text: "SELECT ".into(),
        binds: Vec::new(),
    };
    compile(filter, &THINGS, indexes, dialect, "t", &mut sql);
    sql.text.push_str(" FROM thing t ORDER BY t.n");
    sql
}

fn rows(things: &[Thing]) -> impl Iterator<Item = Vec<Value>> {
    things.iter().enumerate().map(|(n, thing)| {
        let mut row = vec![Value::Int(i64::try_from(n).unwrap())];
        row.extend(thing.columns());
        row.push(Value::Text(thing.stored()));
        row.push(ObjectId::ZERO.into());
        row
    })
}

/// The rows of the indexes that are ready.
fn keys(things: &[Thing]) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for thing in things {
        let document = serde_json::from_str(&thing.stored()).unwrap();
        for (n, index) in indexes(IndexState::Ready).iter().enumerate() {
            assert_eq!(index.path.as_str(), INDEXED[n]);
            for key in keys_of(&document, &index.path) {
                rows.push(vec![
                    ObjectId::ZERO.into(),
                    thing.id.into(),
                    Value::Int(index.attribute),
                    Value::Key(key.value),
                    Value::Int(key.element.into()),
                ]);
            }
        }
    }
    rows
}

pub struct Sqlite(rusqlite::Connection);

impl Sqlite {
    pub fn open() -> Self {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection
            .create_scalar_function("doc_json", 1, flags, |context| context.get::<String>(0))
            .unwrap();
        connection
            .execute_batch(
                "CREATE TABLE thing (n INTEGER, id BLOB, created_at INTEGER, updated_at INTEGER, name TEXT, visits INTEGER, \
                 score REAL, seen_at INTEGER, active INTEGER, owner BLOB, doc TEXT, project BLOB); \
                 CREATE TABLE thing_index (project BLOB, id BLOB, attribute INTEGER, value BLOB, element INTEGER); \
                 CREATE INDEX thing_name ON thing (name); CREATE INDEX thing_seen_at ON thing (seen_at) WHERE seen_at IS NOT NULL",
            )
            .unwrap();
        Self(connection)
    }

    pub fn fill(&self, things: &[Thing]) {
        for table in ["thing", "thing_index"] {
            self.0.execute(&format!("DELETE FROM {table}"), []).unwrap();
        }
        let rows = rows(things).map(|row| (INSERT, row));
        for (sql, row) in rows.chain(keys(things).into_iter().map(|row| (INSERT_KEY, row))) {
            self.0
                .execute(
                    sql,
                    rusqlite::params_from_iter(row.into_iter().map(sqlite_value)),
                )
                .unwrap();
        }
    }

    pub fn answer(&self, filter: &Filter) -> Vec<Option<bool>> {
        self.answer_with(filter, &[])
    }

    pub fn answer_with(&self, filter: &Filter, indexes: &[DeclaredIndex]) -> Vec<Option<bool>> {
        let sql = question(filter, indexes, Dialect::Sqlite);
        let mut statement = self.0.prepare(&sql.text).unwrap();
        let binds = rusqlite::params_from_iter(sql.binds.into_iter().map(sqlite_value));
        statement
            .query_map(binds, |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    pub fn plan(&self, filter: &Filter) -> String {
        let mut sql = Sql {
            text: "EXPLAIN QUERY PLAN SELECT * FROM thing t WHERE ".into(),
            binds: Vec::new(),
        };
        compile(filter, &THINGS, &[], Dialect::Sqlite, "t", &mut sql);
        let binds = rusqlite::params_from_iter(sql.binds.into_iter().map(sqlite_value));
        self.0
            .query_row(&sql.text, binds, |row| row.get("detail"))
            .unwrap()
    }
}

fn sqlite_value(value: Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Bool(value) => i64::from(value).into(),
        Value::Int(value) => value.into(),
        Value::Real(value) => value.into(),
        Value::Text(text) => text.into(),
        Value::Id(id) => id.as_bytes().to_vec().into(),
        Value::Key(key) => key.into(),
        other => panic!("{other:?} is not bound by filters"),
    }
}

pub struct Postgres {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Postgres {
    /// The database that `HARK_TEST_POSTGRES_URL` names; nothing is left in it.
    #[expect(
        clippy::disallowed_methods,
        reason = "which database to test with is said by the environment"
    )]
    pub fn open() -> Option<Self> {
        let Ok(url) = std::env::var("HARK_TEST_POSTGRES_URL") else {
            eprintln!("PostgreSQL is left out: HARK_TEST_POSTGRES_URL is not set");
            return None;
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (client, connection) = runtime
            .block_on(tokio_postgres::connect(&url, tokio_postgres::NoTls))
            .unwrap();
        runtime.spawn(connection);
        let create = "CREATE TEMPORARY TABLE thing (n bigint, id bytea, created_at bigint, updated_at bigint, name text, visits bigint, \
                      score double precision, seen_at bigint, active boolean, owner bytea, doc json, project bytea)";
        let index = "CREATE TEMPORARY TABLE thing_index (project bytea, id bytea, attribute bigint, value bytea, element bigint)";
        for sql in [create, index] {
            runtime.block_on(client.batch_execute(sql)).unwrap();
        }
        Some(Self { runtime, client })
    }

    pub fn fill(&self, things: &[Thing]) {
        self.runtime.block_on(async {
            let empty = "TRUNCATE thing, thing_index";
            self.client.batch_execute(empty).await.unwrap();
            let insert = INSERT.replace("$11", "$11::text::json");
            for (sql, rows) in [
                (insert.as_str(), rows(things).collect()),
                (INSERT_KEY, keys(things)),
            ] {
                let statement = self.client.prepare(sql).await.unwrap();
                for row in rows {
                    self.client
                        .execute_raw(&statement, row.iter().map(PostgresValue))
                        .await
                        .unwrap();
                }
            }
        });
    }

    pub fn answer_with(&self, filter: &Filter, indexes: &[DeclaredIndex]) -> Vec<Option<bool>> {
        let sql = question(filter, indexes, Dialect::Postgres);
        let binds: Vec<_> = sql.binds.iter().map(PostgresValue).collect();
        let binds: Vec<_> = binds
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = self.runtime.block_on(self.client.query(&sql.text, &binds));
        let rows = rows.unwrap_or_else(|error| panic!("{error:?}: {}", sql.text));
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// Refuses to be bound where the statement asks for a value of another type.
#[derive(Debug)]
struct PostgresValue<'v>(&'v Value);

impl ToSql for PostgresValue<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(value) => value.to_sql_checked(ty, out),
            Value::Int(value) => value.to_sql_checked(ty, out),
            Value::Real(value) => value.to_sql_checked(ty, out),
            Value::Text(text) => text.to_sql_checked(ty, out),
            Value::Id(id) => id.as_bytes().as_slice().to_sql_checked(ty, out),
            Value::Key(key) => key.as_slice().to_sql_checked(ty, out),
            other => panic!("{other:?} is not bound by filters"),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
