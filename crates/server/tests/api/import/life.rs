//! Imports that are cancelled, cut off, or too many.

use std::time::Duration;

use serde_json::json;

use super::{counts, create, files, finished, import, post, result, undone};
use crate::support::TestApp;

const ROWS: usize = 6_000;

fn file(rows: usize) -> String {
    (0..rows)
        .map(|n| format!("{{\"userId\":\"u{n}\",\"customData\":{{\"n\":{n}}}}}\n"))
        .collect()
}

/// Waits until some rows are written.
async fn is_writing(app: &TestApp, id: &str) -> u64 {
    for _ in 0..6000 {
        let import = app.get(&format!("/v3/imports/{id}")).await.ok();
        assert!(
            ["queued", "running"].contains(&import["status"].as_str().unwrap()),
            "{import}"
        );
        if import["rows"] != 0 {
            return import["rows"].as_u64().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("nothing is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_goes_on_where_it_was() {
    let mut app = TestApp::new().await;
    let started = create(&app, "", file(ROWS)).await.ok();
    let id = started["id"].as_str().unwrap();
    let mut cut = Vec::new();
    while cut.len() < 3 {
        let rows = is_writing(&app, id).await;
        app.restart();
        let now = app.get(&format!("/v3/imports/{id}")).await.ok();
        assert!(now["rows"].as_u64() >= Some(rows));
        if now["status"] == "done" {
            break;
        }
        cut.push(rows);
    }
    assert!(
        !cut.is_empty(),
        "it was finished before it could be cut off"
    );
    let done = finished(&app, id).await;
    assert_eq!(counts(&done), [ROWS as u64, ROWS as u64, 0, 0, 0]);
    let lines = result(&app, &done).await;
    let numbers: Vec<_> = lines
        .iter()
        .map(|line| line[0].parse::<usize>().unwrap())
        .collect();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
    let counted = app.get("/v3/sessions?withCount=true&limit=1").await.ok();
    assert_eq!(counted["totalCount"], ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_that_was_cut_off_goes_on() {
    let mut app = TestApp::new().await;
    let done = import(&app, "", file(ROWS)).await;
    let id = done["id"].as_str().unwrap().to_owned();
    post(&app, &done, "undo").await.ok();
    app.restart();
    let undone = finished(&app, &id).await;
    assert_eq!(undone["status"], "undone");
    assert_eq!(undone["undo"]["removed"], ROWS);
    assert_eq!(app.sessions().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_import_stops_and_can_be_undone() {
    let app = TestApp::new().await;
    let started = create(&app, "", file(ROWS)).await.ok();
    let waiting = create(&app, "", "userId\nwaits\n").await.ok();
    let id = started["id"].as_str().unwrap();
    assert_eq!(
        post(&app, &waiting, "cancel").await.ok()["status"],
        "cancelled"
    );
    is_writing(&app, id).await;
    post(&app, &started, "cancel").await.ok();
    let cancelled = finished(&app, id).await;
    assert_eq!(cancelled["status"], "cancelled");
    let rows = cancelled["rows"].as_u64().unwrap();
    assert!((1..ROWS as u64).contains(&rows), "{rows}");
    let counted = app.get("/v3/sessions?withCount=true&limit=1").await.ok();
    assert_eq!(counted["totalCount"], rows);
    assert_eq!(
        post(&app, &cancelled, "cancel").await.error(),
        (409, "import_not_running".into())
    );
    assert_eq!(undone(&app, &cancelled).await["undo"]["removed"], rows);
    assert_eq!(app.sessions().await.len(), 0);
    assert_eq!(app.lookup("waits").await.status, 404);
}

#[tokio::test]
async fn left_over_files_are_removed() {
    let mut app = TestApp::new().await;
    import(&app, "", "userId\nu\n").await;
    std::fs::write(app.app.config.data.join("imports").join("left-over"), "x").unwrap();
    app.restart();
    for _ in 0..500 {
        if files(&app) == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(files(&app), 0);
    assert_eq!(import(&app, "", "userId\nv\n").await["status"], "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_may_wait() {
    let app = TestApp::new().await;
    let first = create(&app, "", file(60_000)).await.ok();
    for _ in 0..19 {
        create(&app, "", "userId\nu\n").await.ok();
    }
    let beyond = create(&app, "", "userId\nu\n").await;
    assert_eq!(beyond.error(), (429, "too_many_imports".into()));
    let all = app.get("/v3/imports").await.ok();
    assert_eq!(all.as_array().unwrap().len(), 20);
    post(&app, &first, "cancel").await.ok();
    for import in all.as_array().unwrap() {
        finished(&app, import["id"].as_str().unwrap()).await;
    }
    create(&app, "", "userId\nu\n").await.ok();
}

#[tokio::test]
async fn what_is_known_of_an_import_is_forgotten_in_time() {
    let app = TestApp::new().await;
    app.identify(json!({"userId": "u", "name": "Old"}))
        .await
        .ok();
    let old = import(&app, "", "userId,name\nu,New\n").await;
    app.clock.advance_seconds(90 * 24 * 60 * 60);
    import(&app, "", "userId\nv\n").await;
    assert_eq!(
        result(&app, &old).await.len(),
        1,
        "on the last day it is there"
    );
    app.clock.advance_seconds(1);
    assert_eq!(
        post(&app, &old, "undo").await.error(),
        (409, "import_too_old".into())
    );
    let new = import(&app, "", "userId\nw\n").await;
    for _ in 0..500 {
        if result(&app, &old).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(result(&app, &old).await.len(), 0);
    let rows = app.rows();
    let changes = rows.iter().find(|(name, _)| name == "import_change");
    assert_eq!(changes.unwrap().1, 0, "personal data is gone");
    assert_eq!(result(&app, &new).await.len(), 1);
}
