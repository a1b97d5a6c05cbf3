//! In a cluster, each unit and read goes to the node that has its project: through the coordinator it would cost several times as much.
//! The coordinator is asked where a project is, and serves those whose node is out of reach. An answer that is old costs time only, as
//! every node passes on what another has.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Client, Pool};
use tokio_postgres::types::Type;

use super::PostgresConfig;
use super::connect::Connector;
use crate::{ObjectId, Result};

/// After this time it is asked again where a project is: it may have been moved.
const ASKED_AGAIN: Duration = Duration::from_secs(30);
/// Projects whose node is remembered.
const PROJECTS_MAX: usize = 100_000;

/// Host and port.
type Address = (String, u16);

/// The pools of a cluster, or of one server.
pub(super) struct Owners {
    coordinator: Pool,
    /// `None` when the database is not distributed.
    cluster: Option<Cluster>,
}

struct Cluster {
    connector: Connector,
    config: PostgresConfig,
    size: usize,
    nodes: Mutex<HashMap<Address, Pool>>,
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
        let cluster = is_cluster.then(|| Cluster {
            connector,
            config: config.clone(),
            size,
            nodes: Mutex::default(),
            projects: Mutex::default(),
        });
        Ok(Self {
            coordinator,
            cluster,
        })
    }

    /// A connection to the coordinator.
    pub async fn any(&self) -> Result<Client> {
        Ok(self.coordinator.get().await?)
    }

    /// A connection for a unit or read of a project.
    pub async fn of(&self, project: ObjectId) -> Result<Client> {
        if let Some(cluster) = &self.cluster
            && let Some(address) = cluster.owner(&self.coordinator, project).await
        {
            match cluster.pool(&address)?.get().await {
                Ok(client) => return Ok(client),
                Err(error) => {
                    tracing::warn!(%error, host = address.0, port = address.1, "a node of the cluster is out of reach");
                    cluster.forget(project);
                }
            }
        }
        self.any().await
    }

    /// Lets all connections go.
    pub fn close(&self) {
        self.coordinator.close();
        if let Some(cluster) = &self.cluster {
            lock(&cluster.nodes).values().for_each(Pool::close);
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

    fn forget(&self, project: ObjectId) {
        lock(&self.projects).insert(project, (None, Instant::now()));
    }

    fn pool(&self, address: &Address) -> Result<Pool> {
        let mut nodes = lock(&self.nodes);
        if let Some(pool) = nodes.get(address) {
            return Ok(pool.clone());
        }
        let pool = self
            .connector
            .to(&address.0, address.1)
            .pool(self.size, &self.config)?;
        nodes.insert(address.clone(), pool.clone());
        Ok(pool)
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
