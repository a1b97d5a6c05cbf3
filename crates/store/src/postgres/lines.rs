//! Questions of one row that only read: many share a connection, so that those that wait at once go out and come back together, and no
//! thread waits for them. With a thread for each and a connection of its own, an answer costs a node twice as much.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresConfig;
use super::connect::Connector;
use super::link::typed;
use crate::{Error, Result, Value};

/// Connections to each server that are shared, beside those of the pool: PostgreSQL works for as many at once.
const LINES: usize = 2;

/// The shared connections to one server. They are made when they are needed.
pub(super) struct Lines {
    lines: [Line; LINES],
    next: AtomicUsize,
    connector: Connector,
    connect_timeout: Duration,
    prepared: bool,
}

#[derive(Default)]
struct Line {
    client: RwLock<Option<Arc<ClientWrapper>>>,
    /// Held by the one who makes the connection, while others wait for it.
    connecting: Mutex<()>,
}

impl Lines {
    pub fn new(connector: Connector, config: &PostgresConfig) -> Self {
        Self {
            lines: Default::default(),
            next: AtomicUsize::new(0),
            connector,
            connect_timeout: config.connect_timeout,
            prepared: config.prepared,
        }
    }

    /// The first row of a query. It is asked once more when the connection was lost, or the database says that it may succeed then.
    pub async fn first(&self, sql: &str, binds: &[Value]) -> Result<Option<Row>> {
        let line = &self.lines[self.next.fetch_add(1, Ordering::Relaxed) % LINES];
        let client = self.client(line).await?;
        match self.ask(&client, sql, binds).await {
            Err(error) if error.lost_connection() => line.forget(&client),
            Err(error) if error.is_transient() => {}
            answered => return answered,
        }
        let client = self.client(line).await?;
        self.ask(&client, sql, binds).await
    }

    async fn ask(&self, client: &ClientWrapper, sql: &str, binds: &[Value]) -> Result<Option<Row>> {
        let asked = async {
            if !self.prepared {
                return client.query_typed(sql, &typed(binds)).await;
            }
            let statement = client.prepare_cached(sql).await?;
            let params: Vec<_> = binds.iter().map(|it| it as &(dyn ToSql + Sync)).collect();
            client.query(&statement, &params).await
        };
        let mut rows = asked.await.map_err(Error::of_statement)?;
        Ok((!rows.is_empty()).then(|| rows.swap_remove(0)))
    }

    async fn client(&self, line: &Line) -> Result<Arc<ClientWrapper>> {
        if let Some(client) = line.open() {
            return Ok(client);
        }
        let connected = tokio::time::timeout(self.connect_timeout, self.connect(line));
        connected.await.unwrap_or(Err(Error::Unavailable))
    }

    /// On the runtime of who asks: between an answer and the one who waits for it there is no other thread then.
    async fn connect(&self, line: &Line) -> Result<Arc<ClientWrapper>> {
        let _connecting = line.connecting.lock().await;
        if let Some(client) = line.open() {
            return Ok(client);
        }
        let client = Arc::new(self.connector.connect_here().await?);
        line.set(Some(Arc::clone(&client)));
        Ok(client)
    }

    /// Lets the connections go.
    pub fn close(&self) {
        self.lines.iter().for_each(|line| line.set(None));
    }
}

impl Line {
    /// The connection, while it is good.
    fn open(&self) -> Option<Arc<ClientWrapper>> {
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner);
        client.clone().filter(|client| !client.is_closed())
    }

    fn set(&self, client: Option<Arc<ClientWrapper>>) {
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Gives up a connection, unless another took its place.
    fn forget(&self, lost: &Arc<ClientWrapper>) {
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        client.take_if(|client| Arc::ptr_eq(client, lost));
    }
}
