//! Cursors come back from strangers.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use store::{Cursor, Error, Query, Result, Sort};
use tokio::runtime::Handle;

use crate::fixture::{Fixture, refused};
use crate::lists::by;
use crate::schema::{PROJECT, Person};

on_both_engines!(
    a_cursor_of_another_order_is_refused,
    a_cursor_with_values_of_another_type_is_refused,
    no_cursor_is_more_than_a_refusal,
);

fn sorted() -> Vec<Sort> {
    vec![by("name", false), by("visits", true), by("team", false)]
}

async fn page(fixture: &Fixture, sort: Vec<Sort>, after: Option<Cursor>) -> Result<store::Page> {
    let query = Query {
        sort,
        after,
        limit: 1,
        ..Query::default()
    };
    let page = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.page::<Person>(&query));
    page.await
}

/// A cursor as a client has it.
async fn cursor(fixture: &Fixture) -> Value {
    for name in ["a", "b"] {
        fixture.insert(Person::named(name)).await;
    }
    let first = page(fixture, sorted(), None).await.unwrap();
    serde_json::to_value(first.next).unwrap()
}

async fn a_cursor_of_another_order_is_refused(fixture: &Fixture) {
    let cursor: Cursor = serde_json::from_value(cursor(fixture).await).unwrap();
    page(fixture, sorted(), Some(cursor.clone())).await.unwrap();
    let shorter = vec![by("name", false), by("visits", true)];
    let other_way = vec![by("name", true), by("visits", true), by("team", false)];
    let swapped = vec![by("visits", true), by("name", false), by("team", false)];
    for sort in [vec![], shorter, other_way, swapped] {
        let error = refused(page(fixture, sort.clone(), Some(cursor.clone())).await);
        assert!(matches!(error, Error::BadQuery(_)), "{sort:?}: {error:?}");
    }
}

async fn a_cursor_with_values_of_another_type_is_refused(fixture: &Fixture) {
    let cursor = cursor(fixture).await;
    for (at, value) in [
        ("/v", json!(2)),
        ("/keys", json!([])),
        ("/keys", json!(["a", 0, null, null, null])),
        ("/keys/0", json!(7)),
        ("/keys/0", json!(true)),
        ("/keys/0", json!("a\0b")),
        ("/keys/1", json!("a")),
        ("/keys/1", json!(0.5)),
        ("/keys/2", json!("not an id")),
        ("/keys/2", json!(7)),
    ] {
        let mut tampered = cursor.clone();
        *tampered.pointer_mut(at).unwrap() = value.clone();
        let tampered = serde_json::from_value(tampered).unwrap();
        let error = refused(page(fixture, sorted(), Some(tampered)).await);
        assert!(
            matches!(error, Error::BadQuery(_)),
            "{at} {value}: {error:?}"
        );
    }
}

async fn no_cursor_is_more_than_a_refusal(fixture: &Fixture) {
    let text = cursor(fixture).await.to_string();
    let mut runner = TestRunner::new(Config {
        cases: 1_000,
        failure_persistence: None,
        ..Config::default()
    });
    let likely = prop::sample::select("0123456789abf\"\\,:[]{}-e. nul".chars().collect::<Vec<_>>());
    let edits = prop::collection::vec((0..text.len(), prop_oneof![likely, any::<char>()]), 1..3);
    let runtime = Handle::current();
    let cursors = Cell::new(0);
    let result = tokio::task::block_in_place(|| {
        runner.run(&edits, |edits| {
            let mut tampered: Vec<char> = text.chars().collect();
            for (at, character) in edits {
                tampered[at] = character;
            }
            let tampered: String = tampered.into_iter().collect();
            let Ok(cursor) = serde_json::from_str(&tampered) else {
                return Ok(());
            };
            cursors.set(cursors.get() + 1);
            match runtime.block_on(page(fixture, sorted(), Some(cursor))) {
                Ok(_) | Err(Error::BadQuery(_)) => Ok(()),
                Err(error) => Err(TestCaseError::fail(format!("{tampered}: {error:?}"))),
            }
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(cursors.get() > 50, "{} were cursors at all", cursors.get());
}
