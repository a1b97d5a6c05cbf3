//! One connection to PostgreSQL as units and reads use it: from a thread that may block.

use std::cell::Cell;
use std::time::Duration;

use deadpool_postgres::Client;
use tokio::runtime::Handle;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use crate::{Error, Result, Value};

/// A connection, and what became of the transaction on it.
pub(crate) struct Link<'c> {
    pub client: &'c Client,
    pub runtime: &'c Handle,
    /// Whether statements are prepared once for each connection.
    pub prepared: bool,
    /// Whether a transaction is open.
    pub in_transaction: bool,
    /// Something failed that may succeed in a transaction of its own.
    pub transient: Cell<bool>,
    /// A statement failed: whatever the function of the unit makes of that, the transaction can only be rolled back.
    pub aborted: Cell<bool>,
}

impl<'c> Link<'c> {
    pub fn new(client: &'c Client, runtime: &'c Handle, prepared: bool) -> Self {
        Self {
            client,
            runtime,
            prepared,
            in_transaction: false,
            transient: Cell::new(false),
            aborted: Cell::new(false),
        }
    }

    /// The same connection once a transaction was begun on it.
    pub fn in_transaction(self) -> Self {
        Self {
            in_transaction: true,
            ..self
        }
    }

    /// Runs statements of the program that have no parameters.
    pub fn command(&self, sql: &str) -> Result<()> {
        self.noted(
            self.runtime
                .block_on(self.client.batch_execute(sql))
                .map_err(Error::from),
        )
    }

    pub fn execute(&self, sql: &str, binds: &[Value]) -> Result<u64> {
        self.noted(self.runtime.block_on(async {
            if self.prepared {
                let statement = self.client.prepare_cached(sql).await.map_err(cancelled)?;
                let done = self.client.execute_raw(&statement, binds.iter());
                return done.await.map_err(cancelled);
            }
            let binds = typed(binds);
            let done = self.client.execute_typed(sql, &binds);
            done.await.map_err(cancelled)
        }))
    }

    pub fn query(&self, sql: &str, binds: &[Value]) -> Result<Vec<Row>> {
        self.noted(self.runtime.block_on(async {
            if self.prepared {
                let statement = self.client.prepare_cached(sql).await.map_err(cancelled)?;
                let params: Vec<_> = binds.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
                let rows = self.client.query(&statement, &params);
                return rows.await.map_err(cancelled);
            }
            let binds = typed(binds);
            let rows = self.client.query_typed(sql, &binds);
            rows.await.map_err(cancelled)
        }))
    }

    /// Runs `work` with a limit on how long each of its statements may take. Only a transaction keeps the limit to itself:
    /// behind a pooler the next statement may have another connection.
    pub fn with_deadline<T>(
        &self,
        deadline: Duration,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let limit = format!(
            "SET LOCAL statement_timeout = {}",
            deadline.as_millis().max(1)
        );
        if self.in_transaction {
            let before = self.query("SHOW statement_timeout", &[])?;
            let before: String = before
                .first()
                .map_or(Ok("0".into()), |row| row.try_get(0))?;
            self.command(&limit)?;
            let result = work()?; // in a transaction that failed, the rollback resets it
            self.command(&format!("SET LOCAL statement_timeout = '{before}'"))?;
            return Ok(result);
        }
        self.command(&format!("BEGIN READ ONLY; {limit}"))?;
        let result = work();
        let ended = self.command("ROLLBACK");
        let result = result?;
        ended?;
        Ok(result)
    }

    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.aborted.set(true);
            if error.is_transient() {
                self.transient.set(true);
            }
        }
        result
    }
}

/// The binds with the types that the program means: what a statement that is not prepared has to say.
fn typed(binds: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    let kind = |value: &Value| match value {
        Value::Null => Type::UNKNOWN,
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::INT8,
        Value::Real(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Id(_) | Value::Key(_) => Type::BYTEA,
        Value::Json(_) => Type::JSON,
    };
    let bind = |value| (value as &(dyn ToSql + Sync), kind(value));
    binds.iter().map(bind).collect()
}

fn cancelled(error: tokio_postgres::Error) -> Error {
    match error.code() {
        Some(code) if *code == SqlState::QUERY_CANCELED => Error::TooExpensive,
        _ => Error::Postgres(error),
    }
}
