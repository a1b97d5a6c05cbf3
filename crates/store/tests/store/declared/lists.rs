//! Lists with an index are the lists without it, in any order, page by page.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering as Memory};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use store::filter::{Filter, RangeOp, Scalar, matches};
use store::{ObjectId, Query, Sort, Store};
use tokio::runtime::Handle;

use super::{declare, drop_index, index, path, plan};
use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

on_both_engines!(
    lists_with_an_index_are_those_without,
    many_rows_are_looked_at_in_their_order,
    a_unit_sees_what_it_wrote,
    a_count_is_of_documents,
);

const CASES: u32 = 64;

fn value() -> impl Strategy<Value = Option<Value>> {
    let one = || {
        prop::sample::select(vec![
            json!(null),
            json!(false),
            json!(true),
            json!(-1),
            json!(0),
            json!(0.5),
            json!(7),
            json!(""),
            json!("a"),
            json!("ab"),
            json!("b"),
            json!("2026-01-31T08:05:00.123Z"),
            json!({ "x": 1 }),
            json!([1]),
            json!("k".repeat(300)),
        ])
    };
    prop_oneof![
        1 => Just(None),
        6 => one().prop_map(Some),
        2 => vec(one(), 0..4).prop_map(|values| Some(Value::Array(values))),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let at = || prop::sample::select(vec!["customData.a", "customData.b"]).prop_map(path);
    let scalar = || {
        prop::sample::select(vec![
            Scalar::Null,
            Scalar::Bool(true),
            Scalar::Int(0),
            Scalar::Real(0.5),
            Scalar::Int(7),
            Scalar::Text("a".into()),
            Scalar::Text("ab".into()),
            Scalar::Text("k".repeat(300)),
        ])
    };
    let op = prop::sample::select(vec![RangeOp::Gt, RangeOp::Ge, RangeOp::Lt, RangeOp::Le]);
    let leaf = prop_oneof![
        (at(), scalar()).prop_map(|(at, scalar)| Filter::Eq(at, scalar)),
        (at(), vec(scalar(), 0..3)).prop_map(|(at, scalars)| Filter::In(at, scalars)),
        (at(), op, scalar()).prop_map(|(field, op, value)| Filter::Range { field, op, value }),
        at().prop_map(Filter::Exists),
        at().prop_map(|at| Filter::Prefix(at, "a".into())),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 0..3).prop_map(Filter::And),
            1 => vec(inner.clone(), 0..3).prop_map(Filter::Or),
            1 => inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

#[derive(Debug, Clone)]
struct Case {
    values: Vec<(Option<Value>, Option<Value>)>,
    filter: Filter,
    /// By the index, and whether largest first; otherwise by id.
    sort: Option<bool>,
    limit: u32,
    skip: u64,
    dropped: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let values = vec((value(), value()), 0..16);
    let paging = (1..6u32, 0..4u64);
    let sort = prop::option::of(any::<bool>());
    (values, filter(), sort, paging, prop::bool::weighted(0.2)).prop_map(
        |(values, filter, sort, (limit, skip), dropped)| Case {
            values,
            filter,
            sort: sort.filter(|_| !dropped),
            limit,
            skip,
            dropped,
        },
    )
}

fn person((a, b): &(Option<Value>, Option<Value>)) -> Person {
    let mut person = Person::default();
    for (name, value) in [("a", a), ("b", b)] {
        if let Some(value) = value {
            person.custom_data.insert(name.into(), value.clone());
        }
    }
    person
}

fn new_project() -> ObjectId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    ObjectId::from_parts(NEXT.fetch_add(1, Memory::Relaxed), [7; 8])
}

async fn lists_with_an_index_are_those_without(fixture: &Fixture) {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let runtime = Handle::current();
    let result = tokio::task::block_in_place(|| {
        runner.run(&case(), |case| {
            runtime.block_on(check(&fixture.store, &case));
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

async fn check(store: &Store, case: &Case) {
    let project = new_project();
    declare(store, project, "customData.a").await.unwrap();
    let people: Vec<_> = case.values.iter().map(person).collect();
    let stored = people.clone();
    let insert = store.write(project, move |tx| {
        let rows = stored.iter().map(|person| {
            // First something else, so that what is no more has to go.
            let mut row = tx.insert(tx.new_id(), plan("x"))?;
            row.doc = person.clone();
            tx.put(&mut row)?;
            Ok(row.id)
        });
        rows.collect::<store::Result<Vec<_>>>()
    });
    let ids = insert.await.unwrap();
    store.build_declared().await.unwrap();
    if case.dropped {
        let unit = store.write(project, |tx| tx.drop_index::<Person>(&path("customData.a")));
        assert!(unit.await.unwrap());
    }
    let mut expected: Vec<_> = people
        .iter()
        .zip(ids)
        .map(|(person, id)| (serde_json::to_value(person).unwrap(), id))
        .filter(|(document, _)| matches(&case.filter, document))
        .collect();
    expected.sort_by(|x, y| order(case.sort, x, y));
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    let skipped = usize::try_from(case.skip).unwrap().min(expected.len());
    let found = pages(store, project, case).await;
    assert_eq!(found, expected[skipped..], "{case:#?}");
    let query = query(case);
    let count = store.read(project, move |snapshot| {
        snapshot.count::<Person>(&query, 100)
    });
    assert_eq!(count.await.unwrap(), expected.len() as u64, "{case:#?}");
}

fn query(case: &Case) -> Query {
    let sort = case.sort.map(|descending| Sort {
        path: "customData.a".into(),
        descending,
    });
    Query {
        filter: case.filter.clone(),
        sort: sort.into_iter().collect(),
        limit: case.limit,
        skip: case.skip,
        ..Query::default()
    }
}

async fn pages(store: &Store, project: ObjectId, case: &Case) -> Vec<ObjectId> {
    let (mut query, mut found) = (query(case), Vec::new());
    loop {
        let asked = query.clone();
        let page = store.read(project, move |snapshot| snapshot.page::<Person>(&asked));
        let page = page.await.unwrap();
        found.extend(page.rows.iter().map(|row| row.id));
        let Some(next) = page.next else {
            return found;
        };
        assert!(found.len() < 1_000, "the pages go in circles");
        let wire = serde_json::to_string(&next).unwrap();
        query.after = Some(serde_json::from_str(&wire).unwrap());
        query.skip = 0;
    }
}

/// Values in their order, then arrays, then what is missing or null; the id decides.
fn order(sort: Option<bool>, x: &(Value, ObjectId), y: &(Value, ObjectId)) -> Ordering {
    let Some(descending) = sort else {
        return y.1.cmp(&x.1);
    };
    let turned = |order: Ordering| if descending { order.reverse() } else { order };
    let of = |document: &Value| document["customData"]["a"].clone();
    let (a, b) = (of(&x.0), of(&y.0));
    let last = |value: &Value| match value {
        Value::Null => 2,
        Value::Array(_) => 1,
        _ => 0,
    };
    let by_kind = last(&a).cmp(&last(&b));
    by_kind
        .then_with(|| turned(compare(&a, &b)))
        .then_with(|| turned(x.1.cmp(&y.1)))
}

fn compare(a: &Value, b: &Value) -> Ordering {
    let kind = |value: &Value| match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        _ => 3,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).expect("no NaN")
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => kind(a).cmp(&kind(b)),
    }
}

/// So many that they are not looked up in the index first.
async fn many_rows_are_looked_at_in_their_order(fixture: &Fixture) {
    const PEOPLE: i64 = 4_500;
    let fill = |tx: &mut store::Tx<'_>| {
        (0..PEOPLE).try_for_each(|n| {
            let mut person = plan(if n == 3 { "rare" } else { "pro" });
            person.visits = n;
            person.name = (n % 2 == 0).then(|| format!("p{n}"));
            tx.insert(tx.new_id(), person).map(drop)
        })
    };
    fixture.write(fill).await.unwrap();
    let visits = |query: Query| async move {
        let read = fixture
            .store
            .read(PROJECT, move |snapshot| snapshot.page::<Person>(&query));
        let rows = read.await.unwrap().rows;
        let visits = rows.iter().map(|row| row.parse::<Person>().unwrap().visits);
        visits.collect::<Vec<_>>()
    };
    let of = |plan: &str, sort: &str| Query {
        filter: Filter::Eq(path("customData.plan"), Scalar::Text(plan.into())),
        sort: (!sort.is_empty())
            .then(|| crate::lists::by(sort, true))
            .into_iter()
            .collect(),
        limit: 3,
        ..Query::default()
    };
    for indexed in [false, true] {
        if indexed {
            index(fixture, "customData.plan").await;
        }
        for (sort, first) in [("", [4499, 4498, 4497]), ("visits", [4499, 4498, 4497])] {
            assert_eq!(visits(of("pro", sort)).await, first, "{sort} {indexed}");
            assert_eq!(visits(of("rare", sort)).await, [3], "{sort} {indexed}");
        }
        let named = visits(of("pro", "name")).await;
        assert_eq!(named, [998, 996, 994], "by bytes, {indexed}");
        let mut skipped = of("pro", "name");
        skipped.skip = 2_250; // all that have a name
        assert_eq!(visits(skipped).await, [4499, 4497, 4495], "{indexed}");
    }
    assert!(drop_index(&fixture.store, "customData.plan").await);
}

async fn a_unit_sees_what_it_wrote(fixture: &Fixture) {
    index(fixture, "customData.plan").await;
    let unit = |tx: &mut store::Tx<'_>| {
        tx.insert(tx.new_id(), plan("pro"))?;
        let query = Query {
            filter: Filter::Eq(path("customData.plan"), Scalar::Text("pro".into())),
            ..Query::default()
        };
        Ok((
            tx.page::<Person>(&query)?.rows.len(),
            tx.count::<Person>(&query, 9)?,
        ))
    };
    assert_eq!(fixture.write(unit).await.unwrap(), (1, 1));
}

async fn a_count_is_of_documents(fixture: &Fixture) {
    index(fixture, "customData.plan").await;
    fixture.insert(plan(json!(["a", "ab", "b", "c"]))).await;
    fixture.insert(plan("d")).await;
    let query = Query {
        filter: Filter::Exists(path("customData.plan")),
        ..Query::default()
    };
    for (most, expected) in [(9, 2), (1, 1)] {
        let query = query.clone();
        let count = fixture.store.read(PROJECT, move |snapshot| {
            snapshot.count::<Person>(&query, most)
        });
        assert_eq!(count.await.unwrap(), expected);
    }
}
