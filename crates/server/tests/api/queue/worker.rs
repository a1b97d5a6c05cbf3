//! The task that runs jobs by itself, beside others of its kind, and when its process ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use server::jobs::queue::{Job, Kind, Worker};
use tokio::sync::{Notify, mpsc};

use super::{PAUSES, TIME_LIMIT, ask, job, jobs};
use crate::support::TestApp;

/// A kind that tells of each run, and ends when it is let.
fn held() -> (Kind, mpsc::UnboundedReceiver<Job>, Arc<Notify>) {
    let (sender, started) = mpsc::unbounded_channel();
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let kind = Kind::new("test", 4, TIME_LIMIT, PAUSES, move |_, job| {
        let (sender, held) = (sender.clone(), Arc::clone(&held));
        async move {
            let _ = sender.send(job);
            held.notified().await;
            Ok(())
        }
    });
    (kind, started, gate)
}

#[tokio::test]
async fn each_job_runs_once_however_many_workers_there_are() {
    const JOBS: usize = 200;
    let (sender, mut ended) = mpsc::unbounded_channel();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let kind = Kind::new("test", 4, TIME_LIMIT, PAUSES, move |_, job| {
        let (sender, now, peak) = (sender.clone(), Arc::clone(&now), Arc::clone(&peak));
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            let _ = sender.send(job.payload::<String>()?);
            Ok(())
        }
    });
    let app = TestApp::with_jobs(&[], vec![kind]).await;
    let workers: Vec<_> = (0..3).map(|_| Worker::start(&app.app)).collect();
    for n in 0..JOBS {
        ask(&app, move || job(&n.to_string())).await;
    }
    let mut times = HashMap::new();
    for _ in 0..JOBS {
        *times.entry(ended.recv().await.unwrap()).or_insert(0) += 1;
    }
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(times.len(), JOBS);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    assert!(ended.try_recv().is_err(), "nothing ran twice");
    assert!(jobs(&app).await.is_empty());
    // Half of four for one project, in each of three workers.
    assert!(most.load(Ordering::SeqCst) <= 6);
}

#[tokio::test]
async fn what_a_killed_process_had_begun_runs_again_when_its_lease_is_over() {
    let (kind, mut started, gate) = held();
    let mut app = TestApp::with_jobs(&[], vec![kind]).await;
    ask(&app, || job("a")).await;
    let worker = Worker::start(&app.app);
    let first = started.recv().await.unwrap();
    worker.kill().await;
    app.restart();
    let lease = TIME_LIMIT + Duration::from_secs(60);
    app.clock
        .advance_ms(i64::try_from(lease.as_millis()).unwrap() - 1);
    assert_eq!(app.run_jobs().await, 0, "another process may have it");
    app.clock.advance_ms(1);
    gate.notify_one();
    assert_eq!(app.run_jobs().await, 1);
    let second = started.recv().await.unwrap();
    assert_eq!((second.id, second.attempt), (first.id, 2));
    assert!(jobs(&app).await.is_empty());
}

#[tokio::test]
async fn a_run_that_lost_its_lease_changes_nothing() {
    let (kind, mut started, gate) = held();
    let app = TestApp::with_jobs(&[], vec![kind]).await;
    ask(&app, || job("a")).await;
    let slow = Worker::start(&app.app);
    started.recv().await.unwrap();
    app.clock.advance_seconds(120);
    let other = Worker::start(&app.app);
    assert_eq!(started.recv().await.unwrap().attempt, 2);
    gate.notify_one(); // the first of those who wait
    while runs_done(&app) < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // It is noted after it was counted. Which of the two workers has the second run is open: none may be stopped yet.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let left = jobs(&app).await;
    assert!(left[0].running && left[0].attempts == 2, "{left:?}");
    gate.notify_one();
    slow.stop().await;
    other.stop().await;
    assert!(jobs(&app).await.is_empty());
}

/// Runs that ended well.
fn runs_done(app: &TestApp) -> u64 {
    let families = app.app.registry.gather();
    let runs = families
        .iter()
        .filter(|family| family.name() == "hark_queue_runs_total")
        .flat_map(|family| family.get_metric())
        .filter(|run| run.get_label().iter().any(|label| label.value() == "done"));
    runs.map(|run| run.get_counter().get_value() as u64).sum()
}

#[tokio::test]
async fn stopping_waits_and_then_cuts_short() {
    let (kind, mut started, gate) = held();
    let app = TestApp::with_jobs(&[("shutdown.deadline_ms", "50")], vec![kind]).await;
    ask(&app, || job("a")).await;
    let worker = Worker::start(&app.app);
    started.recv().await.unwrap();
    worker.stop().await;
    let left = jobs(&app).await;
    assert_eq!((left[0].running, left[0].attempts), (false, 0), "{left:?}");
    gate.notify_one();
    assert_eq!(app.run_jobs().await, 1, "at once, without its lease");
}

#[tokio::test]
async fn a_key_that_is_asked_for_during_the_run_runs_once_more() {
    let (kind, mut started, gate) = held();
    let app = TestApp::with_jobs(&[], vec![kind]).await;
    let worker = Worker::start(&app.app);
    let first = ask(&app, || job("a").unique("test:a")).await;
    started.recv().await.unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&app, || job("b").unique("test:a")).await, first);
    }
    gate.notify_one();
    assert_eq!(started.recv().await.unwrap().id, first);
    gate.notify_one();
    worker.stop().await;
    assert!(started.try_recv().is_err());
    assert!(jobs(&app).await.is_empty());
}

#[tokio::test]
async fn a_run_beyond_its_time_limit_is_cut_off() {
    let limit = Duration::from_millis(10);
    let kind = Kind::new("test", 4, limit, PAUSES, |_, _| std::future::pending());
    let app = TestApp::with_jobs(&[], vec![kind]).await;
    ask(&app, || job("a")).await;
    assert_eq!(app.run_jobs().await, 1);
    let error = jobs(&app).await.remove(0).error;
    assert_eq!(error.as_deref(), Some("it took longer than its time limit"));
}
