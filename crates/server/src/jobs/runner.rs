//! Runs jobs, one at a time, until the server stops.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use prometheus::{IntCounterVec, Opts, Registry};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::auth::token::Random;

/// How long after the start a job runs first, so that a server that is restarted often does its work too.
const FIRST_DELAY: Duration = Duration::from_secs(60);

/// A named job, and how long after a run it runs again.
pub struct Job {
    name: &'static str,
    interval: Duration,
    run: Box<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Job {
    /// `run` may be cut short at any await when the server stops: what it did so far must hold.
    pub fn new<F: Future<Output = Result<()>> + Send + 'static>(
        name: &'static str,
        interval: Duration,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            interval,
            run: Box::new(move || run().boxed()),
        }
    }

    /// The same job, each run of which is done by `around`. It is told the name and the interval.
    pub fn wrapped<F: Future<Output = Result<()>> + Send + 'static>(
        self,
        around: impl Fn(&'static str, Duration, BoxFuture<'static, Result<()>>) -> F
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (name, interval, run) = (self.name, self.interval, self.run);
        Self::new(name, interval, move || around(name, interval, run()))
    }
}

/// The jobs of a server.
pub struct Jobs(JoinHandle<()>);

impl Jobs {
    /// Runs each job a minute from now and then after its interval, a tenth more or less.
    ///
    /// # Errors
    /// When `registry` has their metric already.
    pub fn start(jobs: Vec<Job>, jitter: Random, registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new(
            "hark_job_runs_total",
            "Runs of jobs, by how they ended: done or failed.",
        );
        let runs = IntCounterVec::new(opts, &["job", "outcome"])?;
        registry.register(Box::new(runs.clone()))?;
        Ok(Self(tokio::spawn(run_all(jobs, jitter, runs))))
    }

    /// Stops; what is being done is cut short. To be called before the store is closed.
    pub async fn stop(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}

async fn run_all(jobs: Vec<Job>, jitter: Random, runs: IntCounterVec) {
    let first = Instant::now();
    let mut due: Vec<_> = jobs
        .iter()
        .map(|_| first + jittered(FIRST_DELAY, &jitter))
        .collect();
    while let Some(next) = (0..jobs.len()).min_by_key(|job| due[*job]) {
        let job = &jobs[next];
        tokio::time::sleep_until(due[next]).await;
        let outcome = if run(job).await { "done" } else { "failed" };
        runs.with_label_values(&[job.name, outcome]).inc();
        due[next] = Instant::now() + jittered(job.interval, &jitter);
    }
}

/// Whether the run succeeded. A panic is an error like others: the next run is due all the same.
async fn run(job: &Job) -> bool {
    let started = Instant::now();
    let ended = AssertUnwindSafe((job.run)()).catch_unwind().await;
    let result = ended.unwrap_or_else(|_| Err(anyhow!("it panicked")));
    let duration_ms = started.elapsed().as_millis() as u64;
    match &result {
        Ok(()) => tracing::debug!(job = job.name, duration_ms, "job done"),
        Err(error) => tracing::error!(job = job.name, duration_ms, "job failed: {error:#}"),
    }
    result.is_ok()
}

/// A tenth more or less, evenly.
pub(super) fn jittered(duration: Duration, jitter: &Random) -> Duration {
    let share = f64::from(u32::from_be_bytes(jitter.bytes())) / f64::from(u32::MAX);
    duration.mul_f64(0.9 + 0.2 * share)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn start(jobs: Vec<Job>) -> (Jobs, Registry) {
        let registry = Registry::new();
        let jobs = Jobs::start(jobs, Random::seeded(1), &registry).unwrap();
        (jobs, registry)
    }

    fn counted(registry: &Registry, outcome: &str) -> f64 {
        let families = registry.gather();
        let metrics = families.iter().flat_map(|family| family.get_metric());
        metrics
            .filter(|metric| {
                metric
                    .get_label()
                    .iter()
                    .any(|label| label.value() == outcome)
            })
            .map(|metric| metric.get_counter().get_value())
            .sum()
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_runs_soon_and_then_after_its_interval() {
        let runs = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&runs);
        let job = Job::new("count", 10 * MINUTE, move || {
            counter.fetch_add(1, SeqCst);
            std::future::ready(Ok(()))
        });
        let (jobs, registry) = start(vec![job]);
        tokio::time::sleep(53 * MINUTE / 60).await;
        assert_eq!(runs.load(SeqCst), 0);
        tokio::time::sleep(MINUTE).await;
        assert_eq!(runs.load(SeqCst), 1);
        tokio::time::sleep(100 * MINUTE).await;
        let after = runs.load(SeqCst);
        assert!((10..=12).contains(&after), "{after}");
        assert_eq!(counted(&registry, "done"), f64::from(after));
        jobs.stop().await;
        tokio::time::sleep(100 * MINUTE).await;
        assert_eq!(runs.load(SeqCst), after, "it was stopped");
    }

    #[tokio::test(start_paused = true)]
    async fn jobs_never_run_at_the_same_time() {
        let (running, most) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicI32::new(0)));
        let slow = |name| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            Job::new(name, MINUTE, move || {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                async move {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    tokio::time::sleep(7 * MINUTE).await;
                    running.fetch_sub(1, SeqCst);
                    Ok(())
                }
            })
        };
        let (jobs, registry) = start(vec![slow("a"), slow("b")]);
        tokio::time::sleep(100 * MINUTE).await;
        assert_eq!(most.load(SeqCst), 1);
        assert!(counted(&registry, "done") >= 10.0);
        jobs.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_fails_or_panics_is_counted_and_the_next_one_comes() {
        let runs = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&runs);
        let job = Job::new("fail", MINUTE, move || {
            let run = counter.fetch_add(1, SeqCst);
            async move {
                assert_ne!(run, 1, "the second run panics");
                Err(anyhow!("run {run} fails"))
            }
        });
        let (jobs, registry) = start(vec![job]);
        tokio::time::sleep(10 * MINUTE).await;
        assert!(runs.load(SeqCst) >= 5);
        assert_eq!(counted(&registry, "failed"), f64::from(runs.load(SeqCst)));
        jobs.stop().await;
    }

    #[test]
    fn an_interval_is_a_tenth_more_or_less() {
        let jitter = Random::seeded(1);
        let seconds: Vec<_> = (0..1000)
            .map(|_| jittered(Duration::from_secs(100), &jitter).as_secs_f64())
            .collect();
        assert!(seconds.iter().all(|length| (90.0..=110.0).contains(length)));
        assert!(seconds.iter().any(|length| *length < 92.0));
        assert!(seconds.iter().any(|length| *length > 108.0));
    }
}
