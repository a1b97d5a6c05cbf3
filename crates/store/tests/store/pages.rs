//! Pages, put one behind the other, are the whole list in its order: for any documents, orders and page sizes.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering as Memory};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::{Millis, ObjectId, Query, RawRow, Sort, Store};
use tokio::runtime::Handle;

use crate::fixture::Fixture;
use crate::schema::{Note, Person};

on_both_engines!(
    pages_of_people_make_the_whole_list,
    pages_of_clustered_rows_make_the_whole_list,
);

const CASES: u32 = 96;

/// Few values, so that rows are equal in all but their id; and the values that are hard to order or to write down.
fn person() -> impl Strategy<Value = Person> {
    let name = prop_oneof![
        Just(None),
        prop::sample::select(vec!["", "a", "A", "b", "ä", "ß", "\u{ffff}", "\u{1F980}"])
            .prop_map(|name| Some(name.to_owned())),
    ];
    let visits = prop_oneof![-1..=1i64, Just(i64::MAX), Just(i64::MIN)];
    let score = prop_oneof![
        Just(None),
        prop::sample::select(vec![0.0, -0.0, 0.1, 1.0, 1e300, -5e-324]).prop_map(Some),
        prop::num::f64::NORMAL.prop_map(Some),
    ];
    let instant = || prop::option::of((-1..=1i64).prop_map(Millis));
    let active = prop::option::of(any::<bool>());
    let team = prop::option::of((0..3u8).prop_map(|n| ObjectId::from_bytes([n; 12])));
    (name, visits, score, instant(), active, team, instant()).prop_map(
        |(name, visits, score, born, active, team, since)| Person {
            name,
            visits,
            score,
            born,
            active,
            team,
            since,
            ..Person::default()
        },
    )
}

const PATHS: &[&str] = &[
    "name",
    "visits",
    "score",
    "born",
    "active",
    "team",
    "createdAt",
    "updatedAt",
    "id",
    "_id",
];

fn sort() -> impl Strategy<Value = Vec<Sort>> {
    let key = (prop::sample::select(PATHS), any::<bool>());
    let key = key.prop_map(|(path, descending)| Sort {
        path: path.into(),
        descending,
    });
    vec(key, 0..4)
}

/// A project that no other case has written to.
fn new_project() -> ObjectId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    ObjectId::from_parts(NEXT.fetch_add(1, Memory::Relaxed), [9; 8])
}

async fn pages_of_people_make_the_whole_list(fixture: &Fixture) {
    let cases = (vec(person(), 0..25), sort(), 1..8u32);
    check(fixture, cases, |store, (people, sort, limit)| {
        Box::pin(async move {
            let project = new_project();
            let stored = people.clone();
            let insert = store.write(project, move |tx| {
                let stored = stored.iter().cloned();
                stored
                    .map(|person| tx.insert(tx.new_id(), person))
                    .collect::<store::Result<Vec<_>>>()
            });
            let mut expected = insert.await.unwrap();
            expected.sort_by(|a, b| order(&sort, a, b));
            let expected: Vec<_> = expected.iter().map(|row| row.id).collect();
            let found = concatenated::<Person>(store, project, &sort, limit).await;
            let found: Vec<_> = found.iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{sort:?}, {limit} a page, of {people:#?}");
        })
    });
}

/// Rows of a clustered collection may share their id.
async fn pages_of_clustered_rows_make_the_whole_list(fixture: &Fixture) {
    let note = (1..4u8, 1..4u8, prop::sample::select(vec!["a", "b"]));
    let key = (
        prop::sample::select(vec!["topic", "person", "id"]),
        any::<bool>(),
    );
    let key = key.prop_map(|(path, descending)| Sort {
        path: path.into(),
        descending,
    });
    let cases = (vec(note, 0..20), vec(key, 0..3), 1..5u32);
    check(fixture, cases, |store, (notes, sort, limit)| {
        Box::pin(async move {
            let project = new_project();
            let append = store.write(project, move |tx| -> store::Result<u64> {
                let mut appended = 0;
                for (id, person, topic) in &notes {
                    let note = Note::about(ObjectId::from_bytes([*person; 12]), topic);
                    appended += u64::from(tx.append(ObjectId::from_bytes([*id; 12]), &note)?);
                }
                Ok(appended)
            });
            let appended = append.await.unwrap();
            let rows = concatenated::<Note>(store, project, &sort, limit).await;
            let keys: std::collections::BTreeSet<_> = rows
                .iter()
                .map(|row| (row.id, row.parse::<Note>().unwrap().person))
                .collect();
            assert_eq!(
                (rows.len() as u64, keys.len() as u64),
                (appended, appended),
                "{sort:?}, {limit} a page"
            );
        })
    });
}

type Checked<'s> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 's>>;

/// Proptest knows nothing of futures: each case is driven to its end.
fn check<S: Strategy>(fixture: &Fixture, cases: S, test: impl Fn(&Store, S::Value) -> Checked<'_>) {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let runtime = Handle::current();
    let result = tokio::task::block_in_place(|| {
        runner.run(&cases, |case| {
            runtime.block_on(test(&fixture.store, case));
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// All pages, with each cursor sent to a client and back.
async fn concatenated<D: store::Document>(
    store: &Store,
    project: ObjectId,
    sort: &[Sort],
    limit: u32,
) -> Vec<RawRow> {
    let mut rows = Vec::new();
    let mut query = Query {
        sort: sort.to_vec(),
        limit,
        ..Query::default()
    };
    loop {
        let asked = query.clone();
        let page = store.read(project, move |snapshot| snapshot.page::<D>(&asked));
        let page = page.await.unwrap();
        assert!(page.rows.len() <= limit as usize);
        rows.extend(page.rows);
        let Some(next) = page.next else {
            return rows;
        };
        assert!(rows.len() < 1_000, "the pages go in circles");
        let wire = serde_json::to_string(&next).unwrap();
        query.after = Some(serde_json::from_str(&wire).unwrap());
    }
}

/// The order that the documentation promises, in memory: missing values last, and the id decides between equals.
fn order(sort: &[Sort], a: &store::Row<Person>, b: &store::Row<Person>) -> Ordering {
    for Sort { path, descending } in sort {
        let (x, y) = (&a.doc, &b.doc);
        let order = match path.as_str() {
            "name" => compare(x.name.as_deref(), y.name.as_deref(), *descending),
            "visits" => compare(Some(x.visits), Some(y.visits), *descending),
            "score" => compare(x.score, y.score, *descending),
            "born" => compare(x.born, y.born, *descending),
            "active" => compare(x.active, y.active, *descending),
            "team" => compare(x.team, y.team, *descending),
            "createdAt" => compare(Some(a.created_at), Some(b.created_at), *descending),
            "updatedAt" => compare(Some(a.updated_at), Some(b.updated_at), *descending),
            _ => compare(Some(a.id), Some(b.id), *descending),
        };
        if order.is_ne() {
            return order;
        }
    }
    let newest_first = sort.last().is_none_or(|key| key.descending);
    compare(Some(a.id), Some(b.id), newest_first)
}

fn compare<T: PartialOrd>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => {
            let order = a.partial_cmp(&b).expect("no NaN");
            if descending { order.reverse() } else { order }
        }
    }
}
