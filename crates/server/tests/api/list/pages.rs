//! Pages by the `Link` header: all of the list, each session once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::{Value, json};

use super::{five, list, user_ids};
use crate::support::{Answer, TestApp};

/// The path of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    if link.is_empty() {
        return None;
    }
    let path = link
        .strip_prefix('<')
        .and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(path.unwrap_or_else(|| panic!("{link}")).to_owned())
}

/// The user ids of all pages, and how many pages there were.
async fn walk(app: &TestApp, first: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut path = Some(first.to_owned());
    while let Some(current) = path {
        let answer = app.get(&current).await;
        let body = answer.ok();
        let page = body.get("data").unwrap_or(&body);
        found.extend(user_ids(page).into_iter().map(str::to_owned));
        pages += 1;
        path = next(&answer);
    }
    (found, pages)
}

#[tokio::test]
async fn every_order_is_walked_from_end_to_end() {
    let app = five().await;
    for sort in [
        "",
        "_id",
        "-_id",
        "createdAt",
        "-createdAt",
        "updatedAt",
        "userId",
        "-userId",
        "email",
        "-email",
        "lastActivity",
        "email,-createdAt",
        "-lastActivity,userId",
    ] {
        let whole = super::users(&app, &format!("sort={sort}")).await;
        for (limit, pages) in [(1, 5), (2, 3), (4, 2), (5, 1)] {
            let walked = walk(&app, &format!("/v3/sessions?sort={sort}&limit={limit}")).await;
            assert_eq!(walked, (whole.clone(), pages), "{sort}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn equal_values_are_walked_by_id() {
    let app = TestApp::new().await;
    // All of one batch have the same dates, and none has an address.
    let events: Value = (0..50)
        .map(|n| json!({"userId": format!("u{n:02}"), "name": "x"}))
        .collect();
    app.track(events).await.ok();
    for sort in [
        "createdAt",
        "-createdAt",
        "email",
        "-email",
        "lastActivity",
        "-updatedAt",
    ] {
        let (mut found, pages) = walk(&app, &format!("/v3/sessions?sort={sort}&limit=7")).await;
        found.sort();
        let all: Vec<_> = (0..50).map(|n| format!("u{n:02}")).collect();
        assert_eq!((found, pages), (all, 8), "{sort}");
    }
}

#[tokio::test]
async fn the_rest_of_the_query_goes_along() {
    let app = five().await;
    let (found, pages) = walk(
        &app,
        "/v3/sessions?limit=1&value%3E=-5&email&sort=userId&withCount=true&skip=1",
    )
    .await;
    assert_eq!(
        (found.concat().as_str(), pages),
        ("bc", 2),
        "skip counts once"
    );
    let first = list(&app, "limit=1&plan=pro,free").await;
    let second = app.get(&next(&first).unwrap()).await;
    assert_eq!(user_ids(&second.ok()), ["a"]);
    assert_eq!(next(&second), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_there_is_found_once_while_others_come() {
    let app = Arc::new(TestApp::new().await);
    let old: BTreeSet<_> = (0..300).map(|n| format!("old {n:03}")).collect();
    let events: Value = old
        .iter()
        .map(|user| json!({"userId": user, "name": "x"}))
        .collect();
    app.track(events).await.ok();
    for sort in [
        "",
        "_id",
        "createdAt",
        "-createdAt",
        "userId",
        "-userId",
        "email",
    ] {
        let done = Arc::new(AtomicBool::new(false));
        let (writer, stop) = (Arc::clone(&app), Arc::clone(&done));
        let (began, begins) = tokio::sync::oneshot::channel();
        let writing = tokio::spawn(async move {
            let (mut made, mut began) = (0, Some(began));
            while !stop.load(SeqCst) {
                writer.clock.advance_ms(1);
                let new = json!({"userId": format!("new {} {made}", writer.clock.at(0))});
                writer.identify(new).await.ok();
                // Old ones change too, but for what they are sorted by.
                let changed = json!({"userId": format!("old {:03}", made % 300), "seats": made});
                writer.identify(changed).await.ok();
                made += 1;
                began.take().map(|began| began.send(()));
            }
        });
        // On a busy machine the walk could be over before anybody wrote.
        begins.await.unwrap();
        let (found, _) = walk(&app, &format!("/v3/sessions?sort={sort}&limit=7")).await;
        done.store(true, SeqCst);
        writing.await.unwrap();
        let found_old: Vec<_> = found.iter().filter(|user| old.contains(*user)).collect();
        assert_eq!(found_old.len(), old.len(), "{sort}");
        let once: BTreeSet<_> = found.iter().collect();
        assert_eq!(once.len(), found.len(), "{sort}: one came twice");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_order_alone() {
    let app = five().await;
    let first = list(&app, "sort=email&limit=2").await;
    let path = next(&first).unwrap();
    let cursor = path.split("cursor=").nth(1).unwrap();
    for (raw, code) in [
        (format!("cursor={cursor}"), "invalid_query"),
        (format!("sort=-email&cursor={cursor}"), "invalid_query"),
        (format!("sort=userId&cursor={cursor}"), "invalid_query"),
        ("cursor=".to_owned(), "invalid_cursor"),
        ("cursor=7b7d".to_owned(), "invalid_cursor"),
        ("cursor=zz".to_owned(), "invalid_cursor"),
        (
            format!("sort=email&cursor={}", &cursor[2..]),
            "invalid_cursor",
        ),
        (
            format!("sort=email&cursor={}", &cursor[..cursor.len() - 2]),
            "invalid_cursor",
        ),
    ] {
        assert_eq!(list(&app, &raw).await.error(), (400, code.into()), "{raw}");
    }
}

/// What a cursor says is believed no further than a query would be.
#[tokio::test]
async fn a_forged_cursor_does_no_harm() {
    let app = five().await;
    let first = list(&app, "sort=email&limit=2").await;
    let path = next(&first).unwrap();
    let honest = hex::decode(path.split("cursor=").nth(1).unwrap()).unwrap();
    let honest: Value = serde_json::from_slice(&honest).unwrap();
    for keys in [
        json!([]),
        json!([null]),
        json!([1]),
        json!([1.5]),
        json!([true]),
        json!(["'"]),
        json!(["a", "b"]),
    ] {
        let mut forged = honest.clone();
        forged["keys"] = keys.clone();
        let cursor = hex::encode(forged.to_string());
        let answer = list(&app, &format!("sort=email&cursor={cursor}")).await;
        assert!(
            matches!(answer.status, 200 | 400),
            "{keys}: {}",
            answer.status
        );
    }
}
