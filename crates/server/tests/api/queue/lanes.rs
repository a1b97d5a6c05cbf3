//! Jobs of one lane run one after another.

use server::jobs::queue::Failure;
use store::Millis;

use super::{Ran, ask, job};
use crate::support::TestApp;

#[tokio::test]
async fn a_lane_runs_by_position() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    for position in [3, 1, 2] {
        ask(&app, move || job(&position.to_string()).lane("l", position)).await;
    }
    app.run_jobs().await;
    for _ in 0..3 {
        app.clock.advance_seconds(2);
        app.run_jobs().await;
    }
    assert_eq!(ran.texts(), ["1", "2", "3"]);
}

#[tokio::test]
async fn who_fails_holds_up_its_lane_and_no_other() {
    let ran = Ran::default();
    let fails_once = |text: &str, attempt| match (text, attempt) {
        ("first", 1) => Err(Failure::retry("not yet")),
        _ => Ok(()),
    };
    let app = TestApp::with_jobs(&[], vec![ran.kind(fails_once)]).await;
    ask(&app, || job("first").lane("l", 1)).await;
    ask(&app, || job("second").lane("l", 2)).await;
    ask(&app, || job("third").lane("l", 3)).await;
    ask(&app, || job("other").lane("m", 4)).await;
    ask(&app, || job("free")).await;
    app.run_jobs().await;
    let mut at_once = ran.texts();
    at_once.sort();
    assert_eq!(at_once, ["first", "free", "other"]);
    app.clock.advance_seconds(50);
    app.run_jobs().await;
    assert_eq!(ran.texts(), [] as [&str; 0]);
    app.clock.advance_seconds(17);
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["first", "second", "third"]);
}

#[tokio::test]
async fn a_dead_job_lets_its_lane_go_on() {
    let ran = Ran::default();
    let fails = |text: &str, _| match text {
        "first" => Err(Failure::stop("no")),
        _ => Ok(()),
    };
    let app = TestApp::with_jobs(&[], vec![ran.kind(fails)]).await;
    ask(&app, || job("first").lane("l", 1)).await;
    ask(&app, || job("second").lane("l", 2)).await;
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["first", "second"]);
}

#[tokio::test]
async fn the_next_of_a_lane_does_not_run_before_its_time() {
    let ran = Ran::default();
    let app = TestApp::with_jobs(&[], vec![ran.kind(|_, _| Ok(()))]).await;
    let later = Millis(app.app.now().0 + 3_600_000);
    ask(&app, || job("first").lane("l", 1)).await;
    ask(&app, move || job("second").lane("l", 2).run_at(later)).await;
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["first"]);
    app.clock.advance_seconds(3600);
    app.run_jobs().await;
    assert_eq!(ran.texts(), ["second"]);
}
