//! A job is done by one node at a time, and about once in its interval by all.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use anyhow::anyhow;
use server::jobs::lease::alone;

use super::run;
use crate::support::TestApp;

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Default)]
struct Runs {
    now: AtomicI32,
    all: AtomicU32,
}

impl Runs {
    async fn do_it(self: Arc<Self>, result: anyhow::Result<()>) -> anyhow::Result<()> {
        assert_eq!(self.now.fetch_add(1, SeqCst), 0, "somebody does it already");
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.now.fetch_sub(1, SeqCst);
        self.all.fetch_add(1, SeqCst);
        result
    }
}

#[tokio::test]
async fn nodes_that_come_at_once_do_a_job_once() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let runs = Arc::new(Runs::default());
    let work = |node: &TestApp| {
        let (store, runs) = (Arc::clone(&node.app), Arc::clone(&runs));
        async move { alone(&store.store, "job", HOUR, runs.do_it(Ok(()))).await }
    };
    for _ in 0..3 {
        let (first, second) = tokio::join!(work(&one), work(&two));
        first.unwrap();
        second.unwrap();
    }
    // The node that did it comes again within its interval, as one that was restarted does.
    assert!((1..=3).contains(&runs.all.load(SeqCst)));
    run(&one, "UPDATE hark_lease SET until = now()");
    let before = runs.all.load(SeqCst);
    work(&two).await.unwrap();
    assert_eq!(runs.all.load(SeqCst), before + 1, "it is due again");
    work(&one).await.unwrap();
    assert_eq!(runs.all.load(SeqCst), before + 1, "and was done");
}

#[tokio::test]
async fn a_job_that_failed_may_be_done_by_another_node() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let runs = Arc::new(Runs::default());
    let fails = Arc::clone(&runs).do_it(Err(anyhow!("it failed")));
    assert!(alone(&one.app.store, "job", HOUR, fails).await.is_err());
    let succeeds = Arc::clone(&runs).do_it(Ok(()));
    alone(&two.app.store, "job", HOUR, succeeds).await.unwrap();
    assert_eq!(runs.all.load(SeqCst), 2);
}

/// A node that is gone says nothing more.
#[tokio::test]
async fn what_a_node_left_undone_another_does_after_a_while() {
    let one = TestApp::new().await;
    let Some(two) = one.node(&[]).await else {
        return;
    };
    let take = |node: &TestApp, time| {
        let app = Arc::clone(&node.app);
        async move { app.store.take("job", time).await.unwrap() }
    };
    assert!(take(&one, Duration::from_millis(200)).await);
    assert!(!take(&two, HOUR).await);
    assert!(take(&one, Duration::from_millis(200)).await, "it goes on");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(take(&two, HOUR).await);
    assert!(!take(&one, HOUR).await, "and the first one hears of it");
}

#[tokio::test]
async fn one_process_alone_does_every_job() {
    let app = TestApp::new().await;
    let runs = Arc::new(Runs::default());
    let times = if app.app.store.is_shared() { 1 } else { 3 };
    for _ in 0..times {
        let work = Arc::clone(&runs).do_it(Ok(()));
        alone(&app.app.store, "job", HOUR, work).await.unwrap();
    }
    assert_eq!(runs.all.load(SeqCst), times);
}
