//! What a 2xx acknowledged is seen by every later lookup, however many read at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Call, TestApp};

const WRITES: u64 = 300;
const READERS: usize = 4;
/// The writer has acknowledged its last write.
const DONE: u64 = u64::MAX;

async fn seats(app: &TestApp) -> u64 {
    app.session("u").await["customData"]["seats"]
        .as_u64()
        .unwrap()
}

/// Readers on threads of their own, which look at `acknowledged` before each read, until the writer is done.
fn readers(app: &Arc<TestApp>, acknowledged: &Arc<AtomicU64>) -> JoinSet<u64> {
    let read = async |app: Arc<TestApp>, acknowledged: Arc<AtomicU64>| {
        let mut reads = 0;
        loop {
            let least = acknowledged.load(SeqCst);
            if least == DONE {
                return reads;
            }
            let seen = seats(&app).await;
            assert!(
                seen >= least,
                "{seen} was read after {least} was acknowledged"
            );
            reads += 1;
            tokio::task::yield_now().await; // an answer from memory never waits
        }
    };
    let readers = (0..READERS).map(|_| read(Arc::clone(app), Arc::clone(acknowledged)));
    readers.collect()
}

#[tokio::test]
async fn a_write_is_seen_by_the_next_read() {
    let app = TestApp::new().await;
    for n in 1..=WRITES {
        app.identify(json!({"userId": "u", "seats": n})).await.ok();
        assert_eq!(seats(&app).await, n);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_never_see_the_past() {
    let app = Arc::new(TestApp::new().await);
    app.identify(json!({"userId": "u", "seats": 0})).await.ok();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let readers = readers(&app, &acknowledged);
    for n in 1..=WRITES {
        app.identify(json!({"userId": "u", "seats": n})).await.ok();
        acknowledged.store(n, SeqCst);
        assert_eq!(seats(&app).await, n);
    }
    acknowledged.store(DONE, SeqCst);
    let reads = readers.join_all().await;
    assert!(reads.iter().all(|reads| *reads > WRITES / 4), "{reads:?}");
}

/// Commits fall into reads: the session is large, so that a read takes its time, and two writers do not wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_that_a_commit_overtook_is_not_kept() {
    let app = Arc::new(TestApp::new().await);
    let filler = |n: usize| (format!("filler {n}"), json!("x".repeat(8_000)));
    let custom: serde_json::Map<_, _> = (0..7).map(filler).collect();
    app.identify(json!({"userId": "u", "a": 0, "b": 0, "customData": custom}))
        .await
        .ok();
    let acknowledged = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let write = async |app: Arc<TestApp>, acknowledged: Arc<[AtomicU64; 2]>, own: usize| {
        for n in 1..=WRITES {
            let key = ["a", "b"][own];
            app.identify(json!({"userId": "u", key: n})).await.ok();
            acknowledged[own].store(n, SeqCst);
        }
    };
    let look = async |app: Arc<TestApp>, acknowledged: Arc<[AtomicU64; 2]>| {
        let least = || [0, 1].map(|own| acknowledged[own].load(SeqCst));
        while least() != [WRITES, WRITES] {
            let least = least();
            let custom = app.session("u").await["customData"].clone();
            let seen = ["a", "b"].map(|key| custom[key].as_u64().unwrap());
            let fresh = seen[0] >= least[0] && seen[1] >= least[1];
            assert!(fresh, "{seen:?} was read after {least:?} was acknowledged");
            tokio::task::yield_now().await;
        }
    };
    let mut tasks = JoinSet::new();
    for own in [0, 1] {
        tasks.spawn(write(Arc::clone(&app), Arc::clone(&acknowledged), own));
    }
    for _ in 0..READERS {
        tasks.spawn(look(Arc::clone(&app), Arc::clone(&acknowledged)));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// Deleted and made again: neither the session of before nor its absence is remembered.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_follow_deletes_and_returns() {
    let app = Arc::new(TestApp::new().await);
    let done = Arc::new(AtomicU64::new(0));
    let look = async |app: Arc<TestApp>, done: Arc<AtomicU64>| {
        while done.load(SeqCst) != DONE {
            let status = app.lookup("u").await.status;
            assert!(matches!(status, 200 | 404), "{status}");
            tokio::task::yield_now().await;
        }
    };
    let readers: JoinSet<()> = (0..READERS)
        .map(|_| look(Arc::clone(&app), Arc::clone(&done)))
        .collect();
    for _ in 0..WRITES / 3 {
        let made = app.identify(json!({"userId": "u"})).await.ok();
        assert_eq!(made["created"], true);
        assert_eq!(app.session("u").await["_id"], made["sessionId"]);
        let delete = app.server(Call::delete("/admin/contacts/u"));
        assert_eq!(app.send(delete).await.status, 204);
        assert_eq!(app.lookup("u").await.status, 404);
        let by_id = format!("/v3/sessions/{}", made["sessionId"].as_str().unwrap());
        assert_eq!(app.get(&by_id).await.status, 404);
    }
    done.store(DONE, SeqCst);
    readers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_identify_one_user_make_one_session() {
    let app = Arc::new(TestApp::new().await);
    let call = async |app: Arc<TestApp>, n: u64| {
        let body = json!({"userId": "u", "email": "u@example.com", "seats": n % 7});
        app.identify(body).await.ok()
    };
    let calls: JoinSet<_> = (0..64).map(|n| call(Arc::clone(&app), n)).collect();
    let answers = calls.join_all().await;
    let created = answers.iter().filter(|answer| answer["created"] == true);
    assert_eq!(created.count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer["sessionId"] == answers[0]["sessionId"])
    );
    assert_eq!(app.sessions().await.len(), 1);
}
