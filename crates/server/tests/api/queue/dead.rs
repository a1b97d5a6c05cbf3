//! Jobs that were given up: they are seen, and run again when they are asked to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use server::accounts::SCOPE;
use server::jobs::queue::dead::{LISTED_MAX, Retried, StoodFor, list, retry, retry_all};
use server::jobs::queue::{Failure, Kind, NewJob, Worker, enqueue};
use store::{ObjectId, Tx};
use tokio::sync::mpsc;

use super::{PAUSES, Ran, TIME_LIMIT, ask, job, jobs};
use crate::support::TestApp;

/// What the jobs of a test fail of, until it is mended.
#[derive(Clone, Default)]
struct Mended(Arc<AtomicBool>);

impl Mended {
    fn kind(&self, ran: &Ran) -> Kind {
        let mended = Arc::clone(&self.0);
        ran.kind(move |text, _| match mended.load(Ordering::SeqCst) {
            false if text != "well" => Err(Failure::stop(format!("{text} is broken"))),
            _ => Ok(()),
        })
    }

    fn mend(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

async fn broken() -> (TestApp, Ran, Mended) {
    let (ran, mended) = (Ran::default(), Mended::default());
    let app = TestApp::with_jobs(&[], vec![mended.kind(&ran)]).await;
    (app, ran, mended)
}

/// A job that is dead.
async fn dead(app: &TestApp, ran: &Ran, make: impl Fn() -> NewJob + Send + 'static) -> ObjectId {
    let id = ask(app, make).await;
    app.run_jobs().await;
    ran.take();
    id
}

fn due(due: u64) -> Retried {
    Retried {
        due,
        stood_for: Vec::new(),
    }
}

#[tokio::test]
async fn the_list_has_what_is_dead_and_nothing_else() {
    let (app, ran, _) = broken().await;
    let first = dead(&app, &ran, || job("first")).await;
    app.clock.advance_seconds(60);
    let of_accounts = |tx: &mut Tx<'_>| enqueue(tx, job("second"));
    let second: store::Result<_> = app.app.store.write(SCOPE, of_accounts).await;
    app.run_jobs().await;
    ask(&app, || NewJob::new("of_tomorrow", &"waits")).await;
    let listed = list(&app.app).await.unwrap();
    assert_eq!(listed.more, 0);
    let [newest, oldest] = &listed.jobs[..] else {
        panic!("{listed:?}")
    };
    assert_eq!((newest.id, newest.project), (second.unwrap(), None));
    assert_eq!((oldest.id, oldest.project), (first, Some(app.project())));
    assert_eq!((oldest.kind.as_str(), oldest.attempts), ("test", 1));
    assert_eq!(oldest.error.as_deref(), Some("first is broken"));
    assert_eq!(newest.died_at, app.app.now());
    assert_eq!(oldest.died_at.0, app.app.now().0 - 60_000);
}

#[tokio::test]
async fn a_dead_job_that_is_tried_again_has_all_its_runs_before_it() {
    let ran = Ran::default();
    let fails = |_: &str, attempt| match attempt {
        2 => Err(Failure::stop("no")),
        _ => Err(Failure::retry("not yet")),
    };
    let app = TestApp::with_jobs(&[], vec![ran.kind(fails)]).await;
    let id = ask(&app, || job("a").lane("l", 1)).await;
    app.run_jobs().await;
    app.clock.advance_seconds(67);
    app.run_jobs().await;
    assert_eq!(list(&app.app).await.unwrap().jobs[0].attempts, 2);
    ran.take();

    assert_eq!(retry(&app.app, id).await.unwrap(), due(1));
    assert!(list(&app.app).await.unwrap().jobs.is_empty());
    let now = jobs(&app).await.remove(0);
    assert_eq!((now.attempts, now.dead_at), (0, None));
    assert_eq!(now.due_at, Some(app.app.now()));
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(ran.take(), [("a".into(), 1)]);
    let now = jobs(&app).await.remove(0);
    assert!(now.dead_at.is_none() && now.attempts == 1, "{now:?}");
}

#[tokio::test]
async fn a_job_that_is_tried_again_has_its_key_again() {
    let (app, ran, mended) = broken().await;
    let id = dead(&app, &ran, || job("a").unique("test:k")).await;
    retry(&app.app, id).await.unwrap();
    assert_eq!(ask(&app, || job("b").unique("test:k")).await, id);
    mended.mend();
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["a"]);
    assert!(jobs(&app).await.is_empty());
    let next = ask(&app, || job("c").unique("test:k")).await;
    assert_ne!(next, id, "the key is free when it is done");
}

#[tokio::test]
async fn an_unfinished_job_with_its_key_stands_for_a_dead_one() {
    let (app, ran, mended) = broken().await;
    let first = dead(&app, &ran, || job("a").unique("test:k")).await;
    let second = dead(&app, &ran, || job("b").unique("test:k")).await;
    let third = ask(&app, || job("c").unique("test:k")).await;
    let removed = |id| Retried {
        due: 0,
        stood_for: vec![StoodFor { id, by: third }],
    };
    assert_eq!(retry(&app.app, first).await.unwrap(), removed(first));
    assert_eq!(retry_all(&app.app).await.unwrap(), removed(second));
    mended.mend();
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["c"]);
    assert!(jobs(&app).await.is_empty());
}

#[tokio::test]
async fn of_dead_jobs_with_one_key_one_is_tried_again() {
    let (app, ran, mended) = broken().await;
    let first = dead(&app, &ran, || job("a").unique("test:k")).await;
    app.clock.advance_seconds(60);
    let second = dead(&app, &ran, || job("b").unique("test:k")).await;
    let retried = retry_all(&app.app).await.unwrap();
    let stood_for = vec![StoodFor {
        id: second,
        by: first,
    }];
    assert_eq!(retried, Retried { due: 1, stood_for });
    mended.mend();
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["a"]);
}

#[tokio::test]
async fn who_is_not_dead_is_not_tried_again() {
    let (app, ran, mended) = broken().await;
    let waits = ask(&app, || NewJob::new("of_tomorrow", &"waits")).await;
    let id = dead(&app, &ran, || job("a")).await;
    mended.mend();
    retry(&app.app, id).await.unwrap();
    for id in [waits, id, "0123456789abcdef01234567".parse().unwrap()] {
        let error = retry(&app.app, id).await.unwrap_err().to_string();
        assert!(error.contains(&id.to_string()), "{error}");
        assert!(error.contains("hark jobs list"), "{error}");
    }
    assert_eq!(app.run_jobs().await, 1);
    let error = retry(&app.app, id).await;
    assert!(error.is_err(), "it is done");
}

#[tokio::test]
async fn all_are_tried_again_however_many_there_are() {
    const JOBS: usize = 450;
    let (app, ran, mended) = broken().await;
    assert_eq!(retry_all(&app.app).await.unwrap(), due(0));
    let unit = |tx: &mut Tx<'_>| (0..JOBS).try_for_each(|_| enqueue(tx, job("a")).map(drop));
    let asked: store::Result<()> = app.write(unit).await;
    asked.unwrap();
    let of_accounts = |tx: &mut Tx<'_>| enqueue(tx, job("a"));
    let asked: store::Result<_> = app.app.store.write(SCOPE, of_accounts).await;
    asked.unwrap();
    app.run_jobs().await;
    ran.take();
    let listed = list(&app.app).await.unwrap();
    assert_eq!((listed.jobs.len(), listed.more), (JOBS + 1, 0));
    assert_eq!(retry_all(&app.app).await.unwrap(), due(JOBS as u64 + 1));
    mended.mend();
    app.run_jobs().await;
    assert_eq!(ran.texts().len(), JOBS + 1);
    assert!(jobs(&app).await.is_empty());
}

#[tokio::test]
async fn a_long_list_says_how_much_it_leaves_out() {
    let (app, ran, _) = broken().await;
    let oldest = dead(&app, &ran, || job("oldest")).await;
    app.clock.advance_seconds(60);
    let unit = |tx: &mut Tx<'_>| (0..LISTED_MAX).try_for_each(|_| enqueue(tx, job("a")).map(drop));
    let asked: store::Result<()> = app.write(unit).await;
    asked.unwrap();
    app.run_jobs().await;
    let listed = list(&app.app).await.unwrap();
    assert_eq!((listed.jobs.len(), listed.more), (LISTED_MAX as usize, 1));
    assert!(listed.jobs.iter().all(|job| job.id != oldest));
}

#[tokio::test]
async fn a_worker_takes_it_up_at_once() {
    let (sender, mut ended) = mpsc::unbounded_channel();
    let kind = Kind::new("test", 4, TIME_LIMIT, PAUSES, move |_, job| {
        let _ = sender.send(job.attempt);
        std::future::ready(match job.payload::<String>() {
            Ok(text) if text == "well" => Ok(()),
            _ => Err(Failure::stop("no")),
        })
    });
    let app = TestApp::with_jobs(&[], vec![kind]).await;
    let id = ask(&app, || job("a")).await;
    app.run_jobs().await;
    ended.recv().await.unwrap();
    let worker = Worker::start(&app.app);
    // It has looked at everything when it has done this.
    ask(&app, || job("well")).await;
    ended.recv().await.unwrap();
    retry(&app.app, id).await.unwrap();
    let run = tokio::time::timeout(Duration::from_secs(10), ended.recv()).await;
    assert_eq!(
        run.unwrap(),
        Some(1),
        "long before it looks again by itself"
    );
    worker.stop().await;
}
