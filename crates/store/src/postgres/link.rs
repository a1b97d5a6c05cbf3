//! One connection to PostgreSQL as units and reads use it: from a thread that may block.
//!
//! A statement whose result nobody waits for is sent with the next one that somebody does, in the same round trip: PostgreSQL runs them in
//! the order in which they were sent, and what comes behind one that failed fails too.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::Client;
use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Statement};

use crate::{Error, Result, Value};

/// Statements that are sent at once: so few are begun by `join_all` in their order.
const SENT_AT_ONCE_MAX: usize = 30;

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
    /// What was required does not hold.
    pub outdated: Cell<bool>,
    /// What is sent before the next statement that somebody waits for.
    later: RefCell<Vec<Asked<'static>>>,
    /// Whether a statement may be sent later than it was asked for.
    defers: Cell<bool>,
    /// The statement that limits how long statements of the transaction may take.
    limit: String,
    /// Whether anything was sent.
    is_used: Cell<bool>,
    /// Where it is counted how often somebody waited for the database.
    round_trips: Option<&'c AtomicU64>,
}

/// A statement, and what is wanted of it.
struct Asked<'s> {
    sql: Cow<'s, str>,
    binds: Cow<'s, [Value]>,
    wanted: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Of several statements without parameters: that none failed.
    Done,
    /// How many rows it changed.
    Count,
    /// That it changed one row.
    One,
    Rows,
    /// A number in the first column of its first row, 0 without one: this number.
    Number(i64),
}

enum Reply {
    Done,
    Count(u64),
    Rows(Vec<Row>),
}

/// Why a transaction was not committed.
pub(super) struct Uncommitted {
    pub error: Error,
    /// Whether it may have been committed all the same.
    pub is_unsure: bool,
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
            outdated: Cell::new(false),
            later: RefCell::default(),
            defers: Cell::new(false),
            limit: "SET LOCAL statement_timeout TO DEFAULT".to_owned(),
            is_used: Cell::new(false),
            round_trips: None,
        }
    }

    /// The same connection, with somebody who counts how often it waits for the database.
    pub fn counted(self, round_trips: &'c AtomicU64) -> Self {
        Self {
            round_trips: Some(round_trips),
            ..self
        }
    }

    /// The same connection once a transaction was begun on it.
    pub fn in_transaction(self) -> Self {
        Self {
            in_transaction: true,
            ..self
        }
    }

    /// The same connection, on which a transaction is begun with the first statement, and ended by [`Link::commit`] or
    /// [`Link::rollback`]. Statements may be sent later than they were asked for, and may take so long each.
    pub fn beginning(self, begin: &str, statement_timeout: Duration) -> Self {
        let limit = limit(statement_timeout);
        let asked = Asked::command(format!("{begin}; {limit}"));
        self.later.borrow_mut().push(asked);
        Self {
            in_transaction: true,
            defers: Cell::new(true),
            limit,
            ..self
        }
    }

    /// Runs statements of the program that have no parameters.
    pub fn command(&self, sql: &str) -> Result<()> {
        self.ask([Asked::command(sql)]).map(drop)
    }

    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&self, sql: &str, binds: &[Value]) -> Result<u64> {
        let replies = self.ask([Asked::new(sql, binds, Wanted::Count)])?;
        Ok(replies.first().map_or(0, Reply::count))
    }

    /// Runs a statement once for each set of binds; returns how many rows each changed.
    pub fn execute_all(&self, sql: &str, binds: &[Vec<Value>]) -> Result<Vec<u64>> {
        let mut counts = Vec::with_capacity(binds.len());
        for some in binds.chunks(SENT_AT_ONCE_MAX / 2) {
            let asked = some
                .iter()
                .map(|binds| Asked::new(sql, binds, Wanted::Count));
            let replies = self.ask(asked)?;
            counts.extend(replies.iter().map(Reply::count));
        }
        Ok(counts)
    }

    pub fn query(&self, sql: &str, binds: &[Value]) -> Result<Vec<Row>> {
        let rows = self.query_all(&[(sql, binds)])?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Runs queries one after the other, in one round trip.
    pub fn query_all(&self, queries: &[(&str, &[Value])]) -> Result<Vec<Vec<Row>>> {
        let asked = queries
            .iter()
            .map(|(sql, binds)| Asked::new(sql, binds, Wanted::Rows));
        let replies = self.ask(asked)?.into_iter();
        Ok(replies.map(Reply::into_rows).collect())
    }

    /// Has a statement run before the next that somebody waits for: one that fails has that fail, or the commit.
    pub fn later(&self, sql: &str, binds: Vec<Value>) -> Result<()> {
        self.put_off(Asked::owned(sql, binds, Wanted::Count))
    }

    /// As [`Link::later`], of a statement that cannot but change one row.
    pub fn later_one(&self, sql: &str, binds: Vec<Value>) -> Result<()> {
        self.put_off(Asked::owned(sql, binds, Wanted::One))
    }

    /// Has the next statement that somebody waits for fail with [`Error::Outdated`] unless a query gives this number.
    pub fn require(&self, sql: &str, binds: Vec<Value>, number: i64) -> Result<()> {
        self.put_off(Asked::owned(sql, binds, Wanted::Number(number)))
    }

    fn put_off(&self, asked: Asked<'static>) -> Result<()> {
        self.later.borrow_mut().push(asked);
        if !self.defers.get() || self.later.borrow().len() >= SENT_AT_ONCE_MAX / 2 {
            self.ask([])?;
        }
        Ok(())
    }

    /// Commits, with what is to be run before that.
    pub(super) fn commit(&self) -> Result<(), Uncommitted> {
        if !self.is_used.get() && self.later.borrow().len() <= 1 {
            // Not even begun.
            self.later.take();
            return Ok(());
        }
        let sure = |error| Uncommitted {
            error,
            is_unsure: false,
        };
        // What is required has to be known before.
        if self.later.borrow().iter().any(Asked::is_required) {
            self.ask([]).map_err(sure)?;
        }
        let mut asked = self.later.take();
        asked.push(Asked::command("COMMIT"));
        let replies = self.send(&asked).map_err(sure)?;
        let last = replies.len() - 1;
        for (n, (asked, reply)) in asked.iter().zip(replies).enumerate() {
            // What failed for a reason of the database was rolled back by the COMMIT behind it.
            reply
                .map_err(Error::of_statement)
                .and_then(|reply| reply.checked(asked))
                .map_err(|error| Uncommitted {
                    is_unsure: n == last || !error.is_told(),
                    error,
                })?;
        }
        Ok(())
    }

    /// Gives up what was begun.
    pub(super) fn rollback(&self) -> Result<()> {
        self.later.take();
        if self.is_used.get() {
            self.command("ROLLBACK")?;
        }
        Ok(())
    }

    /// Sends what is to be run before, and this; the first error counts. Returns the replies to this.
    fn ask<'s>(&self, asked: impl IntoIterator<Item = Asked<'s>>) -> Result<Vec<Reply>> {
        let before = self.later.take();
        let skipped = before.len();
        let all: Vec<_> = before.into_iter().chain(asked).collect();
        let run = || {
            let replies = all.iter().zip(self.send(&all)?).map(|(asked, reply)| {
                reply
                    .map_err(Error::of_statement)
                    .and_then(|reply| reply.checked(asked))
            });
            replies.collect::<Result<Vec<_>>>()
        };
        let mut replies = self.noted(run())?;
        Ok(replies.split_off(skipped))
    }

    /// Sends statements in one round trip. An error of its own says that nothing was sent.
    fn send(&self, all: &[Asked<'_>]) -> Result<Vec<Result<Reply, tokio_postgres::Error>>> {
        debug_assert!(all.len() <= SENT_AT_ONCE_MAX, "too many at once");
        if let Some(counter) = self.round_trips {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.runtime.block_on(async {
            // First, and each for itself: what waited for that would be overtaken by what comes behind it.
            let mut statements = Vec::with_capacity(all.len());
            for asked in all {
                statements.push(self.prepare(asked).await.map_err(Error::of_statement)?);
            }
            self.is_used.set(true);
            let sent = all.iter().zip(&statements);
            let sent = sent.map(|(asked, statement)| self.run(asked, statement.as_ref()));
            Ok(join_all(sent).await)
        })
    }

    async fn prepare(&self, asked: &Asked<'_>) -> Result<Option<Statement>, tokio_postgres::Error> {
        if !self.prepared || asked.wanted == Wanted::Done {
            return Ok(None);
        }
        self.client.prepare_cached(&asked.sql).await.map(Some)
    }

    async fn run(
        &self,
        asked: &Asked<'_>,
        statement: Option<&Statement>,
    ) -> Result<Reply, tokio_postgres::Error> {
        let (client, sql, binds) = (self.client, &*asked.sql, &*asked.binds);
        match (asked.wanted, statement) {
            (Wanted::Done, _) => client.batch_execute(sql).await.map(|()| Reply::Done),
            (Wanted::Rows | Wanted::Number(_), Some(statement)) => {
                let params: Vec<_> = binds.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
                client.query(statement, &params).await.map(Reply::Rows)
            }
            (Wanted::Rows | Wanted::Number(_), None) => client
                .query_typed(sql, &typed(binds))
                .await
                .map(Reply::Rows),
            (Wanted::Count | Wanted::One, Some(statement)) => {
                let done = client.execute_raw(statement, binds.iter());
                done.await.map(Reply::Count)
            }
            (Wanted::Count | Wanted::One, None) => client
                .execute_typed(sql, &typed(binds))
                .await
                .map(Reply::Count),
        }
    }

    /// Runs `work` with a limit on how long each of its statements may take. Only a transaction keeps the limit to itself:
    /// behind a pooler the next statement may have another connection.
    pub fn with_deadline<T>(
        &self,
        deadline: Duration,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let limit = limit(deadline);
        if self.in_transaction {
            self.put_off(Asked::command(limit))?;
            let result = work()?; // in a transaction that failed, the rollback resets it
            self.put_off(Asked::command(self.limit.clone()))?;
            return Ok(result);
        }
        let defers = self.defers.replace(true);
        self.put_off(Asked::command(format!("BEGIN READ ONLY; {limit}")))?;
        let result = work();
        let ended = self.rollback();
        self.defers.set(defers);
        let result = result?;
        ended?;
        Ok(result)
    }

    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.aborted.set(true);
            if matches!(error, Error::Outdated) {
                self.outdated.set(true);
            }
            if error.is_transient() {
                self.transient.set(true);
            }
        }
        result
    }
}

impl<'s> Asked<'s> {
    fn new(sql: &'s str, binds: &'s [Value], wanted: Wanted) -> Self {
        Self {
            sql: sql.into(),
            binds: binds.into(),
            wanted,
        }
    }

    fn command(sql: impl Into<Cow<'s, str>>) -> Self {
        Self {
            sql: sql.into(),
            binds: Cow::Borrowed(&[]),
            wanted: Wanted::Done,
        }
    }

    fn owned(sql: &str, binds: Vec<Value>, wanted: Wanted) -> Asked<'static> {
        Asked {
            sql: sql.to_owned().into(),
            binds: binds.into(),
            wanted,
        }
    }

    fn is_required(&self) -> bool {
        matches!(self.wanted, Wanted::Number(_))
    }
}

impl Reply {
    fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Done | Self::Rows(_) => 0,
        }
    }

    fn into_rows(self) -> Vec<Row> {
        match self {
            Self::Rows(rows) => rows,
            Self::Done | Self::Count(_) => Vec::new(),
        }
    }

    fn number(&self) -> Result<i64> {
        match self {
            Self::Rows(rows) => rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?)),
            Self::Done | Self::Count(_) => Ok(0),
        }
    }

    fn checked(self, asked: &Asked<'_>) -> Result<Self> {
        match asked.wanted {
            Wanted::One if self.count() != 1 => {
                let told = format!("{} rows were changed by: {}", self.count(), asked.sql);
                Err(Error::Corrupt(told))
            }
            Wanted::Number(number) if self.number()? != number => Err(Error::Outdated),
            _ => Ok(self),
        }
    }
}

/// The statement that limits how long each of the next may take, to the end of the transaction.
fn limit(time: Duration) -> String {
    format!("SET LOCAL statement_timeout = {}", time.as_millis().max(1))
}

/// The binds with the types that the program means: what a statement that is not prepared has to say.
pub(super) fn typed(binds: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
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
