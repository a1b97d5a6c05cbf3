//! Pages and counts: filters, orders, cursors, what is left out.

use serde_json::json;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Error, Page, Query, Result, Sort};

use crate::fixture::{Fixture, refused};
use crate::schema::{OTHER_PROJECT, PROJECT, Person};

on_both_engines!(
    the_newest_come_first_by_default,
    filters_sorts_and_cursors_work_together,
    missing_values_come_last_in_both_directions,
    rows_are_skipped,
    counts_stop_at_their_cap,
    a_page_of_nothing_is_empty,
    units_see_their_own_writes_in_lists,
    unknown_sort_keys_are_named,
);

pub fn by(path: &str, descending: bool) -> Sort {
    Sort {
        path: path.into(),
        descending,
    }
}

async fn page(fixture: &Fixture, query: Query) -> Result<Page> {
    let page = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.page::<Person>(&query));
    page.await
}

fn names(page: &Page) -> Vec<String> {
    let name = |row: &store::RawRow| {
        let person: Person = row.parse().unwrap();
        person.name.unwrap_or_else(|| "nobody".into())
    };
    page.rows.iter().map(name).collect()
}

/// Nine people in order of their ids; the odd ones pay, and each is older than the one before.
async fn fill(fixture: &Fixture) {
    let fill = |tx: &mut store::Tx<'_>| -> Result<()> {
        for n in 1..=9 {
            let mut person = Person::named(&format!("p{n}"));
            person.visits = n / 2;
            person.custom_data = json!({ "plan": if n % 2 == 1 { "paid" } else { "free" } })
                .as_object()
                .expect("an object")
                .clone();
            tx.insert(tx.new_id(), person)?;
        }
        Ok(())
    };
    fixture.write(fill).await.unwrap();
    fixture.store.write(OTHER_PROJECT, fill).await.unwrap();
}

fn paid() -> Filter {
    Filter::Eq(
        FieldPath::known("customData.plan"),
        Scalar::Text("paid".into()),
    )
}

async fn the_newest_come_first_by_default(fixture: &Fixture) {
    fill(fixture).await;
    let first = page(
        fixture,
        Query {
            limit: 4,
            ..Query::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(names(&first), ["p9", "p8", "p7", "p6"]);
    assert!(first.next.is_some());
    let all = page(
        fixture,
        Query {
            limit: 9,
            ..Query::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(all.rows.len(), 9);
    assert_eq!(all.next, None, "the last page says so");
}

async fn filters_sorts_and_cursors_work_together(fixture: &Fixture) {
    fill(fixture).await;
    let visited = Filter::Range {
        field: FieldPath::known("visits"),
        op: RangeOp::Ge,
        value: Scalar::Int(1),
    };
    let first = Query {
        filter: Filter::And(vec![paid(), visited]),
        sort: vec![by("visits", true), by("name", false)],
        limit: 3,
        ..Query::default()
    };
    let one = page(fixture, first.clone()).await.unwrap();
    assert_eq!(names(&one), ["p9", "p7", "p5"]);
    let two = page(
        fixture,
        Query {
            after: one.next,
            ..first
        },
    )
    .await
    .unwrap();
    assert_eq!(names(&two), ["p3"]);
    assert_eq!(two.next, None);
}

async fn missing_values_come_last_in_both_directions(fixture: &Fixture) {
    for name in [Some("b"), None, Some("a")] {
        let name = name.map(String::from);
        fixture
            .insert(Person {
                name,
                ..Person::default()
            })
            .await;
    }
    for (descending, expected) in [(false, ["a", "b", "nobody"]), (true, ["b", "a", "nobody"])] {
        let sorted = Query {
            sort: vec![by("name", descending)],
            ..Query::default()
        };
        assert_eq!(names(&page(fixture, sorted).await.unwrap()), expected);
    }
}

async fn rows_are_skipped(fixture: &Fixture) {
    fill(fixture).await;
    let query = |skip| Query {
        sort: vec![by("name", false)],
        limit: 2,
        skip,
        ..Query::default()
    };
    for (skip, expected) in [
        (0, vec!["p1", "p2"]),
        (7, vec!["p8", "p9"]),
        (8, vec!["p9"]),
        (9, vec![]),
        (u64::MAX, vec![]),
    ] {
        assert_eq!(
            names(&page(fixture, query(skip)).await.unwrap()),
            expected,
            "skip {skip}"
        );
    }
}

async fn counts_stop_at_their_cap(fixture: &Fixture) {
    fill(fixture).await;
    for (filter, most, expected) in [
        (Filter::All, 100, 9),
        (Filter::All, 9, 9),
        (Filter::All, 4, 4),
        (paid(), 100, 5),
        (paid(), u64::MAX, 5),
        (Filter::Or(vec![]), 100, 0),
    ] {
        let query = Query {
            filter,
            limit: 1,
            skip: 3,
            ..Query::default()
        };
        let count = fixture.store.read(PROJECT, move |snapshot| {
            snapshot.count::<Person>(&query, most)
        });
        assert_eq!(count.await.unwrap(), expected);
    }
}

async fn a_page_of_nothing_is_empty(fixture: &Fixture) {
    fill(fixture).await;
    let nothing = page(
        fixture,
        Query {
            limit: 0,
            ..Query::default()
        },
    )
    .await
    .unwrap();
    assert!(nothing.rows.is_empty() && nothing.next.is_none());
}

async fn units_see_their_own_writes_in_lists(fixture: &Fixture) {
    let seen = fixture.write(|tx| {
        tx.insert(tx.new_id(), Person::named("new"))?;
        tx.page::<Person>(&Query::default())
    });
    assert_eq!(names(&seen.await.unwrap()), ["new"]);
}

async fn unknown_sort_keys_are_named(fixture: &Fixture) {
    for path in ["customData.plan", "name; DROP TABLE person", "doc", ""] {
        let query = Query {
            sort: vec![by(path, false)],
            ..Query::default()
        };
        let error = refused(page(fixture, query).await);
        assert!(matches!(error, Error::BadQuery(_)), "{error:?}");
        assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
        assert!(error.to_string().contains("visits"), "the remedy: {error}");
    }
}
