//! In a cluster, each unit and read goes to the node that has its project: through the coordinator it would cost several times as much.
//! The coordinator is asked where a project is, and serves those whose node is out of reach. An answer that is old costs time only, as
//! every node passes on what another has.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Pool};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresConfig;
use super::connect::Connector;
use super::lines::Lines;
use crate::{ObjectId, Result, Value};

/// After this time it is asked again where a project is: it may have been moved.
const ASKED_AGAIN: Duration = Duration::from_secs(30);
/// Projects whose node is remembered.
const PROJECTS_MAX: usize = 100_000;

/// Host and port.
type Address = (String, u16);

/// The connections to a cluster, or to one server.
pub(super) struct Owners {
    coordinator: Server,
    /// `None` when the database is not distributed.
    cluster: Option<Cluster>,
}

/// The connections to one server: of units and reads, and those that lookups share.
#[derive(Clone)]
struct Server {
    pool: Pool,
    lines: Arc<Lines>,
}

impl Server {
    fn new(connector: Connector, pool: Pool, config: &PostgresConfig) -> Self {
        let lines = Arc::new(Lines::new(connector, config));
        Self { pool, lines }
    }

    fn close(&self) {
        self.pool.close();
        self.lines.close();
    }
}

struct Cluster {
    connector: Connector,
    config: PostgresConfig,
    size: usize,
    nodes: Mutex<HashMap<Address, Server>>,
    /// `None`: the coordinator has the project itself.
    projects: Mutex<HashMap<ObjectId, (Option<Address>, Instant)>>,
}

const OWNER: &str = "SELECT n.nodename::text, n.nodeport FROM pg_dist_placement p JOIN pg_dist_node n ON n.groupid = p.groupid \
     WHERE p.shardid = get_shard_id_for_distribution_column('identity', $1::bytea) AND p.shardstate = 1 \
     AND n.noderole::text = 'primary' AND n.groupid <> 0 LIMIT 1";

const IS_DISTRIBUTED: &str = "SELECT to_regclass('pg_dist_partition') IS NOT NULL";

impl Owners {
    /// Asks whether the database is distributed.
    pub async fn new(
        coordinator: Pool,
        connector: Connector,
        config: &PostgresConfig,
        size: usize,
    ) -> Result<Self> {
        let client = coordinator.get().await?;
        let row = client.query_typed(IS_DISTRIBUTED, &[]).await?;
        let is_cluster = row.first().is_some_and(|row| row.get(0));
        let server = Server::new(connector.clone(), coordinator, config);
        let cluster = is_cluster.then(|| Cluster {
            connector,
            config: config.clone(),
            size,
            nodes: Mutex::default(),
            projects: Mutex::default(),
        });
        Ok(Self {
            coordinator: server,
            cluster,
        })
    }

    /// A connection to the coordinator.
    pub async fn any(&self) -> Result<Client> {
        Ok(self.coordinator.pool.get().await?)
    }

    /// The first row of a query that the coordinator answers.
    pub async fn first_of_any(&self, sql: &str, binds: &[Value]) -> Result<Option<Row>> {
        self.coordinator.lines.first(sql, binds).await
    }

    /// The first row of a query in one project.
    pub async fn first(
        &self,
        project: ObjectId,
        sql: &str,
        binds: &[Value],
    ) -> Result<Option<Row>> {
        if let Some(cluster) = &self.cluster
            && let Some(address) = cluster.owner(&self.coordinator.pool, project).await
        {
            match cluster.server(&address)?.lines.first(sql, binds).await {
                Err(error) if error.is_unavailable() => {
                    cluster.out_of_reach(project, &address, &error);
                }
                answered => return answered,
            }
        }
        self.first_of_any(sql, binds).await
    }

    /// A connection for a unit or read of a project.
    pub async fn of(&self, project: ObjectId) -> Result<Client> {
        if let Some(cluster) = &self.cluster
            && let Some(address) = cluster.owner(&self.coordinator.pool, project).await
        {
            match cluster.server(&address)?.pool.get().await {
                Ok(client) => return Ok(client),
                Err(error) => cluster.out_of_reach(project, &address, &error),
            }
        }
        self.any().await
    }

    /// Lets all connections go.
    pub fn close(&self) {
        self.coordinator.close();
        if let Some(cluster) = &self.cluster {
            lock(&cluster.nodes).values().for_each(Server::close);
        }
    }
}

impl Cluster {
    /// The node of a project; `None` when it is not known, or the coordinator.
    async fn owner(&self, coordinator: &Pool, project: ObjectId) -> Option<Address> {
        let known = lock(&self.projects).get(&project).cloned();
        if let Some((address, asked)) = known
            && asked.elapsed() < ASKED_AGAIN
        {
            return address;
        }
        let asked = Instant::now();
        let address = ask(coordinator, project).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "it is not known which node has a project");
            None
        });
        let mut projects = lock(&self.projects);
        if projects.len() >= PROJECTS_MAX {
            projects.clear();
        }
        projects.insert(project, (address.clone(), asked));
        address
    }

    /// Has the coordinator asked for what is in a project, for a while.
    fn out_of_reach(&self, project: ObjectId, (host, port): &Address, error: &dyn Display) {
        tracing::warn!(%error, host, port, "a node of the cluster is out of reach");
        lock(&self.projects).insert(project, (None, Instant::now()));
    }

    fn server(&self, address: &Address) -> Result<Server> {
        let mut nodes = lock(&self.nodes);
        if let Some(server) = nodes.get(address) {
            return Ok(server.clone());
        }
        let connector = self.connector.to(&address.0, address.1);
        let pool = connector.pool(self.size, &self.config)?;
        let server = Server::new(connector, pool, &self.config);
        nodes.insert(address.clone(), server.clone());
        Ok(server)
    }
}

async fn ask(coordinator: &Pool, project: ObjectId) -> Result<Option<Address>> {
    let client = coordinator.get().await?;
    let project = project.as_bytes().as_slice();
    let rows = client
        .query_typed(OWNER, &[(&project, Type::BYTEA)])
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (host, port): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
    Ok(u16::try_from(port).ok().map(|port| (host, port)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
