//! What it costs to be read and written: held to mechanisms, since the time that something takes says little on a busy machine.

mod written;

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use server::resources::session::document::Session;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Query, Snapshot};

use super::{by_id, id, import_rows, searched};
use crate::changes::since;
use crate::merge::{guest, merge, merged, post, put, user};
use crate::support::{Answer, Call, Description, TestApp};

/// The path of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link").strip_prefix('<')?;
    Some(link.split('>').next()?.to_owned())
}

/// All rows of a list, page by page, and how many pages there were.
async fn walk(app: &TestApp, first: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut path) = (Vec::new(), 0, Some(first.to_owned()));
    while let Some(current) = path {
        let answer = app.get(&current).await;
        rows.extend(answer.ok().as_array().unwrap().iter().cloned());
        pages += 1;
        path = next(&answer);
    }
    (rows, pages)
}

async fn people(app: &TestApp, count: usize) {
    let row = |n: usize| json!({"userId": format!("u{n:04}"), "email": format!("u{n}@example.com"), "customData": {"n": n}});
    let rows: Value = (0..count).map(row).collect();
    import_rows(app, rows).await;
}

/// Reading that takes long has workers and a deadline of its own: while all who read are busy, writes and lookups go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_that_take_long_hold_up_no_write() {
    let app = TestApp::with(&[("sqlite.reader_threads", "2")]).await;
    let own = user(&app, json!({"userId": "u"})).await;
    let mut releases = Vec::new();
    let mut reads = Vec::new();
    for _ in 0..2 {
        let (started, starts) = tokio::sync::oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let (app, project) = (app.app.clone(), app.project());
        reads.push(tokio::spawn(async move {
            let read = move |_: &Snapshot<'_>| {
                started.send(()).unwrap();
                let _ = released.recv();
                Ok::<_, store::Error>(())
            };
            app.store.read(project, read).await
        }));
        starts.await.unwrap();
        releases.push(release);
    }
    let writes = async {
        for n in 0..20 {
            app.identify(json!({"userId": "u", "seats": n})).await.ok();
            assert_eq!(app.session("u").await["customData"]["seats"], n);
        }
        let (_, device) = guest_of(&app).await;
        app.sdk_identify(&device, json!({"userId": "u"})).await;
    };
    let done = tokio::time::timeout(Duration::from_secs(30), writes).await;
    done.expect("writes waited for those who read");
    drop(releases);
    for read in reads {
        read.await.unwrap().unwrap();
    }
    assert_eq!(app.sessions().await.len(), 1, "{own}");
}

/// A guest, without asking a list for its id.
async fn guest_of(app: &TestApp) -> ((), Value) {
    ((), app.guest().await)
}

/// A query that is given up says so, and what to do; it is no error of the server.
#[tokio::test]
async fn a_query_that_costs_too_much_is_given_up_with_a_reason() {
    let app = TestApp::with(&[("limits.list_documents_max", "4")]).await;
    people(&app, 5).await;
    let refused = app.get("/v3/sessions?customData.rare=1").await;
    assert_eq!(refused.error(), (503, "query_too_expensive".into()));
    assert!(!refused.header("retry-after").is_empty());
    assert!(
        refused.text().contains("session-indexes"),
        "{}",
        refused.text()
    );
    let late = |snapshot: &Snapshot<'_>| {
        let query = Query {
            filter: Filter::Eq(FieldPath::parse("customData.rare").unwrap(), Scalar::Int(1)),
            deadline: Duration::ZERO,
            ..Query::default()
        };
        snapshot.page::<Session>(&query).map(drop)
    };
    let error = app.app.store.read(app.project(), late).await.unwrap_err();
    assert!(matches!(error, store::Error::TooExpensive), "{error}");
    app.identify(json!({"userId": "u0000", "plan": "pro"}))
        .await
        .ok();
}

/// Conditions and orders for which there is an index open no document that is not shown, however many there are.
#[tokio::test]
async fn what_an_index_answers_opens_no_other_document() {
    let app = TestApp::with(&[("limits.list_documents_max", "1")]).await;
    people(&app, 40).await;
    let some = app.session("u0007").await;
    let refused = app.get("/v3/sessions?customData.n=7").await;
    assert_eq!(
        refused.error(),
        (503, "query_too_expensive".into()),
        "what has no index does"
    );
    for (query, count) in [
        ("userId=u0007".to_owned(), 1),
        ("userId=u0007,u0008".into(), 2),
        ("email=U7@example.com".into(), 1),
        ("email=u7@example.com&userId!=u0008".into(), 1),
        (format!("_id={}", id(&some)), 1),
        (format!("id>{}", id(&some)), 32),
        (
            format!("createdAt<={}", some["createdAt"].as_str().unwrap()),
            40,
        ),
        ("lastActivity".into(), 0),
        ("!userId".into(), 0),
        ("userId=nobody".into(), 0),
    ] {
        let path = format!(
            "/v3/sessions?{}",
            query.replace('>', "%3E").replace('<', "%3C")
        );
        let found = app.get(&path).await.ok();
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    for sort in [
        "createdAt",
        "-createdAt",
        "updatedAt",
        "userId",
        "-userId",
        "email",
        "-lastActivity",
        "_id",
    ] {
        let (rows, pages) = walk(&app, &format!("/v3/sessions?sort={sort}&limit=15")).await;
        assert_eq!((rows.len(), pages), (40, 3), "{sort}");
    }
}

/// A page may have a thousand rows, and the next one begins where it ended.
#[tokio::test]
async fn a_page_may_have_a_thousand_rows() {
    let app = TestApp::with(&[("limits.list_documents_max", "1")]).await;
    people(&app, 1_001).await;
    for sort in ["", "&sort=userId", "&sort=-createdAt"] {
        let (rows, pages) = walk(&app, &format!("/v3/sessions?limit=1000{sort}")).await;
        let ids: std::collections::BTreeSet<_> = rows.iter().map(id).collect();
        assert_eq!((rows.len(), ids.len(), pages), (1_001, 1_001, 2), "{sort}");
    }
    let beyond = app.get("/v3/sessions?limit=1001").await;
    assert_eq!(beyond.error(), (400, "invalid_query".into()));
}

/// Attributes have the same limits by every way in, and the answer says which is beyond which.
#[tokio::test]
async fn the_same_limits_hold_on_every_way_in() {
    let app = TestApp::with(&[
        ("limits.attribute_keys_max", "3"),
        ("limits.attribute_value_bytes_max", "16"),
    ])
    .await;
    let own = user(&app, json!({"userId": "u"})).await;
    let before = app.session("u").await;
    for (custom, key) in [
        (json!({"a": 1, "b": 2, "c": 3, "d": 4}), "d"),
        (json!({"a": 1, "long": "x".repeat(15)}), "long"),
    ] {
        let body = json!({"userId": "u", "plan": "pro", "customData": custom});
        let change = Call::put(&format!("/v3/sessions/{own}")).json(&body);
        let answers = [
            app.identify(body.clone()).await,
            post(&app, "/v3/sessions", body.clone()).await,
            app.send(app.owner(change)).await,
            post(&app, "/v3/sessions/importer", json!([body])).await,
        ];
        for answer in answers {
            assert_eq!(answer.status, 422, "{key}: {}", answer.text());
            let fault = answer.faults().join("; ");
            assert!(fault.contains(key), "{key}: {fault}");
            assert!(
                fault.contains('3') || fault.contains("16"),
                "the limit is named: {fault}"
            );
        }
        assert_eq!(app.session("u").await, before, "nothing of it was kept");
        let (_, device) = guest(&app).await;
        let told = app
            .sdk(
                "/sessions/partialupdate",
                Some(&device),
                json!({"data": custom}),
            )
            .await
            .ok();
        let kept = told["customData"].as_object().unwrap();
        assert!(
            kept.len() <= 3 && !kept.contains_key(key),
            "clients keep what fits: {told}"
        );
    }
}

/// Lists, lookups, searches, exports and changes have one source: they tell the same, whatever was written.
#[tokio::test]
async fn all_ways_of_reading_tell_the_same() {
    let app = TestApp::new().await;
    people(&app, 6).await;
    let (gone, device) = guest(&app).await;
    app.sdk_events(&device, json!([{"name": "clicked"}])).await;
    let first = app.session("u0000").await;
    let record = merged(&app, id(&first), &gone).await;
    put(
        &app,
        id(&first),
        json!({"name": "Ada", "email": "ada@example.com"}),
    )
    .await;
    app.send(app.owner(Call::delete(&format!(
        "/v3/sessions/{}",
        id(&app.session("u0001").await)
    ))))
    .await;
    app.track(json!([{"userId": "u0002", "name": "paid"}, {"userId": "new", "name": "paid"}]))
        .await
        .ok();
    let file = json!([{"userId": "u0003", "phone": "+4315331234"}, {"email": "x@example.com"}]);
    let done = crate::import::import(&app, "", file.to_string()).await;
    crate::import::undone(&app, &done).await;
    crate::merge::undo(&app, &record).await.ok();
    merge(&app, id(&app.session("u0004").await), &gone)
        .await
        .ok();
    let sorted = |rows: &Value| {
        let mut rows = rows.as_array().unwrap().clone();
        rows.sort_by_key(|row| id(row).to_owned());
        rows
    };
    let all = sorted(&app.get("/v3/sessions?limit=1000").await.ok());
    assert_eq!(all.len(), 6);
    for session in &all {
        assert_eq!(by_id(&app, id(session)).await, *session);
        assert_eq!(
            app.session(session["userId"].as_str().unwrap()).await,
            *session
        );
        assert_eq!(searched(&app, id(session)).await, [id(session)]);
    }
    assert_eq!(sorted(&app.get("/v3/sessions/export").await.ok()), all);
    let told = since(&app, "beginning", 100).await.0;
    let told: Value = told
        .iter()
        .map(|change| change["session"].clone())
        .collect();
    assert_eq!(sorted(&told), all);
    let counted = app.get("/v3/sessions?withCount=true").await.ok();
    assert_eq!(counted["totalCount"], 6);
    app.assert_sound();
}

/// What belongs to one session comes in pages too, so that who did much is shown as quickly as who did little.
#[tokio::test]
async fn lists_within_a_session_have_pages() {
    let app = TestApp::new().await;
    let own = user(&app, json!({"userId": "u"})).await;
    let event = |n: usize| json!({"userId": "u", "name": "e", "data": n, "date": app.clock.at(-(n as i64) * 1_000)});
    app.track((0..1_001).map(event).collect()).await.ok();
    for list in ["events", "activities"] {
        let path = format!("/v3/sessions/{own}/{list}");
        let plain = app.get(&path).await;
        assert_eq!(plain.ok().as_array().unwrap().len(), 100, "{list}");
        let beyond = app.get(&format!("{path}?limit=1001")).await;
        assert_eq!(beyond.error(), (400, "invalid_query".into()), "{list}");
        let (rows, pages) = walk(&app, &format!("{path}?limit=1000")).await;
        let events = rows
            .iter()
            .filter(|row| row["type"] == "event" || list == "events");
        assert_eq!((events.count(), pages), (1_001, 2), "{list}");
    }
    for n in 0..201 {
        app.clock.advance_ms(1);
        app.identify(json!({"userId": "u", "name": format!("{n}")}))
            .await
            .ok();
    }
    let history = app
        .get(&format!("/v3/sessions/{own}/identity-history"))
        .await
        .ok();
    assert_eq!(history["history"].as_array().unwrap().len(), 200);
}

/// No operation answers a whole list: each that gives one has a limit, or what it lists has a fixed largest number.
#[tokio::test]
async fn no_list_is_answered_whole() {
    /// At most 200, 100 and 100.
    const SHORT: [&str; 3] = [
        "GetSessionIdentityHistory",
        "Contactmemory_ListEntries",
        "GetChecklistsForSession",
    ];
    let _app = TestApp::new().await;
    let paths = Description::get().document["paths"].as_object().unwrap();
    let mut lists = 0;
    for (path, item) in paths
        .iter()
        .filter(|(path, _)| path.starts_with("/v3/sessions"))
    {
        let operation = &item["get"];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let is_list = schema["type"] == "array"
            || schema["$ref"]
                .as_str()
                .is_some_and(|name| name.ends_with("List"));
        let id = operation["operationId"].as_str().unwrap_or_default();
        if !is_list || SHORT.contains(&id) || id.starts_with("Export") {
            continue;
        }
        lists += 1;
        let parameters = operation["parameters"].as_array().unwrap();
        let has_limit = parameters
            .iter()
            .any(|parameter| parameter["name"] == "limit");
        assert!(has_limit, "{path} gives a list without a limit");
    }
    assert!(lists >= 4, "{lists}");
}
