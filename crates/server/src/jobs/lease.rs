//! Jobs that one node does for all that share a database.

use std::time::Duration;

use anyhow::{Result, bail};
use store::Store;
use tokio::time::{Instant, sleep};

/// So long after a node went silent another may do what it did.
const LEASE: Duration = Duration::from_secs(60);
/// How often a node says that it is still at it.
const RENEWAL: Duration = Duration::from_secs(20);
/// After this part of its interval a job that was done may be done again, by any node: the others come a tenth of it too early at most.
const REST: f64 = 0.8;

/// Does `run` unless another node does it or did within the interval. It is cut short when another node takes it over, which happens
/// when this one was paused or lost the database for longer than [`LEASE`].
///
/// # Errors
/// Those of `run`, and of the database.
pub async fn alone(
    store: &Store,
    name: &str,
    interval: Duration,
    run: impl Future<Output = Result<()>>,
) -> Result<()> {
    if !store.take(name, LEASE).await? {
        return Ok(());
    }
    let done = tokio::select! {
        done = run => done,
        lost = keep(store, name) => return lost,
    };
    let rest = match done {
        Ok(()) => interval.mul_f64(REST),
        Err(_) => Duration::ZERO,
    };
    store.take(name, rest).await?;
    done
}

/// Ends when another node has the job.
async fn keep(store: &Store, name: &str) -> Result<()> {
    let mut kept = Instant::now();
    loop {
        sleep(RENEWAL).await;
        let asked = Instant::now();
        match store.take(name, LEASE).await {
            Ok(true) => kept = asked,
            Ok(false) => bail!("another node took it over"),
            Err(error) if kept.elapsed() > LEASE => return Err(error.into()),
            Err(_) => {}
        }
    }
}
