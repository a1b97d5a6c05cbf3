//! More than the store takes on: full queues and queries without an end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use store::filter::{FieldPath, Filter};
use store::{Error, Query, Store};

use crate::fixture::{Fixture, refused};
use crate::schema::{PROJECT, Person};

on_both_engines!(
    a_query_beyond_its_deadline_is_refused,
    a_deadline_in_a_unit_is_refused_alike,
);

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_units_refuses_the_next() {
    const WAITING_MAX: usize = 5;
    let fixture = Fixture::sqlite_with(|config| config.write_queue_max = WAITING_MAX);
    let gate = fixture.hold_writer().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..WAITING_MAX {
        let store = Arc::clone(&fixture.store);
        waiting.spawn(async move { store.write(PROJECT, insert).await });
    }
    while fixture.store.writes_waiting() < WAITING_MAX {
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        refused(fixture.write(insert).await),
        Error::Overloaded
    ));
    assert_eq!(fixture.store.writes_waiting(), WAITING_MAX);
    drop(gate);
    for accepted in waiting.join_all().await {
        accepted.unwrap();
    }
    fixture.write(insert).await.unwrap();
    assert_eq!(fixture.store.writes_waiting(), 0);
}

fn insert(tx: &mut store::Tx<'_>) -> store::Result<()> {
    tx.insert(tx.new_id(), Person::default()).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_reads_refuses_the_next() {
    const WAITING_MAX: usize = 5;
    let fixture = Fixture::sqlite_with(|config| {
        config.reader_threads = 1;
        config.read_queue_max = WAITING_MAX;
    });
    let gate = fixture.hold_reader().await;
    let read = |store: &Arc<Store>| {
        let store = Arc::clone(store);
        async move { store.read(PROJECT, |_| Ok::<_, Error>(())).await }
    };
    let mut waiting = tokio::task::JoinSet::new();
    let mut refusals = 0;
    for _ in 0..WAITING_MAX + 1 {
        waiting.spawn(read(&fixture.store));
    }
    // One of them too many: it is answered at once, while the others wait.
    while let Some(answer) = waiting.join_next().await {
        assert!(matches!(refused(answer.unwrap()), Error::Overloaded));
        refusals += 1;
        if refusals == 1 {
            break;
        }
    }
    fixture.insert(Person::default()).await; // writes have a queue of their own
    drop(gate);
    let answers = waiting.join_all().await;
    assert_eq!(answers.len(), WAITING_MAX);
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_refuses_what_would_wait_too_long_in_line() {
    const WAITING_MAX: usize = 3;
    let fixture = Fixture::postgres_with(|config| {
        config.connections_max = 1;
        config.queue_max = WAITING_MAX;
    });
    let Some(fixture) = fixture.await else {
        return;
    };
    let gate = fixture.hold_writer().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 1..WAITING_MAX {
        let store = Arc::clone(&fixture.store);
        waiting.spawn(async move { store.write(PROJECT, insert).await });
    }
    while fixture.store.writes_waiting() < WAITING_MAX {
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        refused(fixture.write(insert).await),
        Error::Overloaded
    ));
    drop(gate);
    for accepted in waiting.join_all().await {
        accepted.unwrap();
    }
    while fixture.store.writes_waiting() > 0 {
        tokio::task::yield_now().await;
    }
    fixture.write(insert).await.unwrap();
    fixture.end().await;
}

/// A query that looks into many documents and finds none.
fn scan(deadline: Duration) -> Query {
    Query {
        filter: Filter::Contains(FieldPath::known("customData.text"), "needle".into()),
        deadline,
        ..Query::default()
    }
}

async fn fill(fixture: &Fixture) {
    for _ in 0..10 {
        let fill = fixture.write(|tx| {
            let person = Person {
                custom_data: json!({ "text": "hay ".repeat(50) })
                    .as_object()
                    .expect("an object")
                    .clone(),
                ..Person::default()
            };
            (0..500).try_for_each(|_| tx.insert(tx.new_id(), person.clone()).map(drop))
        });
        fill.await.unwrap();
    }
}

async fn a_query_beyond_its_deadline_is_refused(fixture: &Fixture) {
    fill(fixture).await;
    let read = |deadline| {
        let store = Arc::clone(&fixture.store);
        async move {
            let page = store.read(PROJECT, move |snapshot| {
                snapshot.page::<Person>(&scan(deadline))
            });
            let count = store.read(PROJECT, move |snapshot| {
                snapshot.count::<Person>(&scan(deadline), 1)
            });
            (page.await.map(|page| page.rows.len()), count.await)
        }
    };
    let (page, count) = read(Duration::from_micros(1)).await;
    assert!(matches!(refused(page), Error::TooExpensive));
    assert!(matches!(refused(count), Error::TooExpensive));
    let (page, count) = read(Duration::from_secs(60)).await;
    assert_eq!(
        (page.unwrap(), count.unwrap()),
        (0, 0),
        "the deadline was that query's alone"
    );
}

async fn a_deadline_in_a_unit_is_refused_alike(fixture: &Fixture) {
    fill(fixture).await;
    let unit = fixture.write(|tx| {
        tx.insert(tx.new_id(), Person::default())?;
        tx.page::<Person>(&scan(Duration::from_micros(1)))
    });
    assert!(matches!(refused(unit.await), Error::TooExpensive));
    let all = fixture.write(|tx| tx.delete_where::<Person>("visits", 0));
    assert_eq!(
        all.await.unwrap(),
        5_000,
        "without a deadline, and nothing was kept of the unit"
    );
}
