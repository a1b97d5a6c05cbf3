//! More than the store takes on: full queues and queries without an end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Error, Query, Store};

use crate::fixture::{Fixture, refused};
use crate::schema::{PROJECT, Person};

on_both_engines!(
    a_query_beyond_its_deadline_is_refused,
    a_deadline_in_a_unit_is_refused_alike,
    so_many_documents_are_opened_and_no_more,
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

async fn so_many_documents_are_opened_and_no_more(fixture: &Fixture) {
    const PEOPLE: u64 = 600; // more than are looked at together first
    let fill = |tx: &mut store::Tx<'_>| {
        (0..PEOPLE).try_for_each(|n| {
            let mut person = Person::named(if n < 10 { "old" } else { "new" });
            person.custom_data.insert("n".into(), json!(n));
            person.visits = 1;
            tx.insert(tx.new_id(), person).map(drop)
        })
    };
    fixture.write(fill).await.unwrap();
    let is = |n: u64| {
        let n = i64::try_from(n).unwrap();
        Filter::Eq(FieldPath::known("customData.n"), Scalar::Int(n))
    };
    let old = || Filter::Eq(FieldPath::known("name"), Scalar::Text("old".into()));
    let query = |filter: Filter, sort: &str, examine_max| Query {
        filter,
        sort: (!sort.is_empty())
            .then(|| crate::lists::by(sort, true))
            .into_iter()
            .collect(),
        limit: 1,
        examine_max,
        ..Query::default()
    };
    // By id an index gives the rows in their order, by name too, by visits none does.
    for (filter, sort, most, found) in [
        (is(9_999), "", PEOPLE, Some(0)),
        (is(9_999), "", PEOPLE - 1, None),
        (is(9_999), "name", PEOPLE, Some(0)),
        (is(9_999), "name", PEOPLE - 1, None),
        (is(9_999), "visits", PEOPLE, Some(0)),
        (is(9_999), "visits", PEOPLE - 1, None),
        (is(0), "", PEOPLE - 1, None),
        (is(0), "visits", PEOPLE, Some(1)),
        (Filter::And(vec![is(9_999), old()]), "visits", 10, Some(0)),
        (Filter::And(vec![is(9_999), old()]), "visits", 9, None),
        (Filter::And(vec![is(9_999), old()]), "", 10, Some(0)),
        (Filter::And(vec![is(9_999), old()]), "", 9, None),
        (old(), "visits", 0, Some(1)),
        (Filter::All, "", 0, Some(1)),
    ] {
        let query = query(filter.clone(), sort, most);
        let page = fixture.store.read(PROJECT, move |snapshot| {
            Ok((
                snapshot.page::<Person>(&query)?.rows.len(),
                snapshot.count::<Person>(&query, 9)?,
            ))
        });
        match (page.await, found) {
            (Ok((rows, _)), Some(found)) => assert_eq!(rows, found, "{filter:?} {sort} {most}"),
            (Err(Error::TooManyRows(named)), None) => assert_eq!(named, most),
            (answer, _) => panic!("{filter:?} by {sort:?}, {most}: {answer:?}"),
        }
    }
    // What is found early costs only what was looked at until then.
    let early = query(
        Filter::Exists(FieldPath::known("customData.n")),
        "",
        PEOPLE / 2,
    );
    let page = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.page::<Person>(&early));
    assert_eq!(page.await.unwrap().rows.len(), 1);
}
