//! One job, from the unit that asks for it to its end.

use serde_json::json;
use server::jobs::queue::{DEAD_DAYS, Failure, NewJob, enqueue, sweep};
use store::{Error, Millis, ObjectId, Tx};

use super::{MINUTE_MS, Ran, ask, job, jobs};
use crate::support::{Call, TestApp};

#[tokio::test]
async fn a_job_runs_once_and_is_gone() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    let before = app.rows();
    ask(&app, || job("a")).await;
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(ran.take(), [("a".into(), 1)]);
    assert_eq!(app.run_jobs().await, 0);
    assert_eq!(app.rows(), before);
}

#[tokio::test]
async fn what_a_refused_unit_asked_for_is_not_done() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    let unit = |tx: &mut Tx<'_>| -> store::Result<()> {
        enqueue(tx, job("a"))?;
        Err(Error::BadQuery("refused".into()))
    };
    app.write(unit).await.unwrap_err();
    assert_eq!(app.run_jobs().await, 0);
}

#[tokio::test]
async fn a_job_for_later_waits_until_then() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    let at = Millis(app.app.now().0 + MINUTE_MS);
    ask(&app, move || job("a").run_at(at)).await;
    app.clock.advance_ms(MINUTE_MS - 1);
    assert_eq!(app.run_jobs().await, 0);
    app.clock.advance_ms(1);
    assert_eq!(app.run_jobs().await, 1);
}

#[tokio::test]
async fn a_run_that_fails_is_repeated_after_a_pause() {
    let ran = Ran::default();
    let fails_twice = |_: &str, attempt| match attempt {
        3 => Ok(()),
        _ => Err(Failure::retry("not yet")),
    };
    let app = TestApp::with_jobs(&[], vec![ran.kind(fails_twice)]).await;
    ask(&app, || job("a")).await;
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(jobs(&app).await[0].error.as_deref(), Some("not yet"));
    app.clock.advance_seconds(53);
    assert_eq!(app.run_jobs().await, 0, "a minute, a tenth more or less");
    app.clock.advance_seconds(14);
    assert_eq!(app.run_jobs().await, 1);
    app.clock.advance_seconds(53 * 60);
    assert_eq!(app.run_jobs().await, 0, "the second pause is an hour");
    app.clock.advance_seconds(14 * 60);
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(
        ran.take(),
        [("a".into(), 1), ("a".into(), 2), ("a".into(), 3)]
    );
    assert!(jobs(&app).await.is_empty());
}

#[tokio::test]
async fn a_job_that_fails_too_often_is_dead_and_forgotten_after_a_time() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Err(Failure::retry("never")))]).await;
    ask(&app, || job("a").unique("test:a")).await;
    for _ in 0..5 {
        app.run_jobs().await;
        app.clock.advance_seconds(2 * 3600);
    }
    assert_eq!(ran.take().len(), 3, "one run more than there are pauses");
    let dead = jobs(&app).await.remove(0);
    assert!(dead.dead_at.is_some() && dead.due_at.is_none(), "{dead:?}");
    assert_eq!(dead.error.as_deref(), Some("never"));
    ask(&app, || job("b").unique("test:a")).await;
    assert_eq!(app.run_jobs().await, 1, "the key is free again");
    let died = dead.dead_at.unwrap().0 - app.app.now().0;
    app.clock
        .advance_ms(died + DEAD_DAYS * 24 * 3600 * 1000 - 1);
    assert_eq!(sweep(&app.app).await.unwrap(), 0);
    app.clock.advance_ms(1);
    assert_eq!(sweep(&app.app).await.unwrap(), 1);
}

#[tokio::test]
async fn a_failure_that_is_final_is_not_repeated() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Err(Failure::stop("no")))]).await;
    ask(&app, || job("a")).await;
    assert_eq!(app.run_jobs().await, 1);
    assert!(jobs(&app).await[0].dead_at.is_some());
}

#[tokio::test]
async fn a_handler_that_panics_fails_alone() {
    let ran = Ran::default();
    let panics = |text: &str, _| {
        assert_ne!(text, "a");
        Ok(())
    };
    let app = TestApp::with_jobs(&[], vec![ran.kind(panics)]).await;
    ask(&app, || job("a")).await;
    ask(&app, || job("b")).await;
    assert_eq!(app.run_jobs().await, 2);
    let left = jobs(&app).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].error.as_deref(), Some("the handler panicked"));
}

#[tokio::test]
async fn of_jobs_with_one_key_one_runs() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    let first = ask(&app, || job("a").unique("test:k")).await;
    assert_eq!(ask(&app, || job("b").unique("test:k")).await, first);
    assert_ne!(ask(&app, || job("c").unique("test:other")).await, first);
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["a", "c"]);
    assert_ne!(ask(&app, || job("d").unique("test:k")).await, first);
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["d"]);
}

#[tokio::test]
async fn a_job_of_an_unknown_kind_waits_for_a_process_that_knows_it() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    ask(&app, || NewJob::new("of_tomorrow", &"x")).await;
    ask(&app, || job("a")).await;
    assert_eq!(app.run_jobs().await, 1);
    assert_eq!(jobs(&app).await.len(), 1);
}

#[tokio::test]
async fn jobs_with_data_of_a_session_go_with_it() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    app.identify(json!({"userId": "u"})).await.ok();
    app.identify(json!({"userId": "v"})).await.ok();
    let id: ObjectId = app.session("u").await["_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    ask(&app, move || job("u").session(id).unique("test:u")).await;
    let other: ObjectId = app.session("v").await["_id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    ask(&app, move || job("v").session(other)).await;
    let path = format!("/v3/sessions/{id}");
    let deleted = app.send(app.owner(Call::delete(&path))).await;
    assert_eq!(deleted.status, 204);
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["v"]);
}
