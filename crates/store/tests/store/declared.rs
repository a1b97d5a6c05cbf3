//! Indexes that a project declares: lists answer as they do without, only sooner.

mod building;
mod keeping;
mod lists;

use serde_json::{Map, Value, json};
use store::filter::FieldPath;
use store::{DeclaredIndex, IndexState, ObjectId, Query, Result, Store};

use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

/// More than any test declares.
const MANY: usize = 20;

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}

fn with(custom_data: Value) -> Person {
    let custom_data: Map<_, _> = custom_data.as_object().unwrap().clone();
    Person {
        custom_data,
        ..Person::default()
    }
}

fn plan(plan: impl Into<Value>) -> Person {
    with(json!({ "plan": plan.into() }))
}

async fn declare(store: &Store, project: ObjectId, at: &'static str) -> Result<DeclaredIndex> {
    let unit = store.write(project, move |tx| {
        tx.declare_index::<Person>(&path(at), MANY)
    });
    unit.await
}

async fn drop_index(store: &Store, at: &'static str) -> bool {
    let unit = store.write(PROJECT, move |tx| tx.drop_index::<Person>(&path(at)));
    unit.await.unwrap()
}

/// What is declared in the project of most tests.
async fn declared(store: &Store) -> Vec<DeclaredIndex> {
    let read = store.read(PROJECT, |snapshot| snapshot.declared_indexes::<Person>());
    read.await.unwrap()
}

/// Declares an index and builds it.
async fn index(fixture: &Fixture, at: &'static str) {
    declare(&fixture.store, PROJECT, at).await.unwrap();
    fixture.store.build_declared().await.unwrap();
    let all = declared(&fixture.store).await;
    assert!(all.iter().all(|index| index.state == IndexState::Ready));
}

async fn ids(store: &Store, project: ObjectId, query: Query) -> Result<Vec<ObjectId>> {
    let read = store.read(project, move |snapshot| snapshot.page::<Person>(&query));
    Ok(read.await?.rows.iter().map(|row| row.id).collect())
}
