//! Declaring, building beside other work, going on after a stop, dropping.

use std::sync::Arc;

use serde_json::json;
use store::filter::{Filter, Scalar};
use store::{Error, IndexState, Query, Sort};

use super::{MANY, declare, declared, drop_index, ids, index, path, plan, with};
use crate::fixture::{Fixture, refused};
use crate::schema::{OTHER_PROJECT, PROJECT, Person};

on_both_engines!(
    an_index_is_built_over_what_is_there,
    an_index_of_another_project_changes_nothing,
    building_goes_on_where_it_was,
    no_write_is_missed_while_an_index_is_built,
    what_is_dropped_is_removed,
    so_many_are_declared_and_no_more,
    an_order_waits_for_its_index,
);

const PEOPLE: i64 = 450; // more than two units of work add

fn pays() -> Filter {
    Filter::Eq(path("customData.plan"), Scalar::Text("pro".into()))
}

fn query(filter: Filter) -> Query {
    Query {
        filter,
        limit: 10_000,
        ..Query::default()
    }
}

fn by_plan() -> Query {
    let sort = Sort {
        path: "customData.plan".into(),
        descending: false,
    };
    Query {
        sort: vec![sort],
        ..query(Filter::All)
    }
}

async fn fill(fixture: &Fixture) {
    let fill = |tx: &mut store::Tx<'_>| {
        (0..PEOPLE).try_for_each(|n| {
            let plan = plan(if n % 3 == 0 { "pro" } else { "free" });
            tx.insert(tx.new_id(), plan).map(drop)
        })
    };
    fixture.write(fill).await.unwrap();
}

async fn an_index_is_built_over_what_is_there(fixture: &Fixture) {
    fill(fixture).await;
    let expected = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    let new = declare(&fixture.store, PROJECT, "customData.plan").await;
    assert_eq!(new.unwrap().state, IndexState::Building);
    let found = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    assert_eq!(found, expected, "while it is built");
    fixture.store.build_declared().await.unwrap();
    let built = &declared(&fixture.store).await[0];
    let all = PEOPLE.unsigned_abs();
    assert_eq!(
        (built.state, built.done, built.total),
        (IndexState::Ready, all, Some(all))
    );
    let found = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    assert_eq!((found.len(), &found), (150, &expected));
    let again = declare(&fixture.store, PROJECT, "customData.plan").await;
    assert_eq!(again.unwrap(), *built, "it is declared already");
}

async fn an_index_of_another_project_changes_nothing(fixture: &Fixture) {
    fill(fixture).await;
    declare(&fixture.store, OTHER_PROJECT, "customData.plan")
        .await
        .unwrap();
    fixture.store.build_declared().await.unwrap();
    assert!(declared(&fixture.store).await.is_empty());
    let error = refused(ids(&fixture.store, PROJECT, by_plan()).await);
    assert!(matches!(error, Error::BadQuery(_)), "{error:?}");
    let found = ids(&fixture.store, OTHER_PROJECT, by_plan()).await;
    assert_eq!(found.unwrap(), []);
}

async fn building_goes_on_where_it_was(fixture: &Fixture) {
    fill(fixture).await;
    declare(&fixture.store, PROJECT, "customData.plan")
        .await
        .unwrap();
    let store = Arc::clone(&fixture.store);
    let building = tokio::spawn(async move { store.build_declared().await });
    while declared(&fixture.store).await[0].done == 0 {
        tokio::task::yield_now().await;
    }
    building.abort();
    let _ = building.await;
    // A change and a delete in what was added, and in what was not.
    let all = ids(&fixture.store, PROJECT, query(Filter::All))
        .await
        .unwrap();
    for n in [0, 449] {
        let (changed, deleted) = (all[n], all[n.abs_diff(1)]);
        let change = move |tx: &mut store::Tx<'_>| {
            let mut row = tx.get_for_update::<Person>(changed)?.expect("it is there");
            row.doc.custom_data.insert("plan".into(), json!("team"));
            tx.put(&mut row)?;
            tx.delete::<Person>(deleted)
        };
        assert!(fixture.write(change).await.unwrap());
    }
    fixture.store.build_declared().await.unwrap();
    assert!(declared(&fixture.store).await[0].is_ready());
    let team = Filter::Eq(path("customData.plan"), Scalar::Text("team".into()));
    let team = ids(&fixture.store, PROJECT, query(team)).await.unwrap();
    assert_eq!(team, [all[0], all[449]]);
    let sorted = ids(&fixture.store, PROJECT, by_plan()).await.unwrap();
    assert_eq!(sorted.len(), 448);
}

async fn no_write_is_missed_while_an_index_is_built(fixture: &Fixture) {
    const WRITERS: i64 = 4;
    const EACH: i64 = 40;
    fill(fixture).await;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&fixture.store);
        writers.spawn(async move {
            for _ in 0..EACH {
                let insert = store.write(PROJECT, |tx| {
                    tx.insert(tx.new_id(), plan("pro")).map(|row| row.id)
                });
                let id = insert.await.unwrap();
                let change = store.write(PROJECT, move |tx| {
                    let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
                    row.doc.visits += 1;
                    row.doc.custom_data.insert("plan".into(), json!(7));
                    tx.put(&mut row)
                });
                change.await.unwrap();
            }
        });
    }
    index(fixture, "customData.plan").await;
    writers.join_all().await;
    let sevens = Filter::Eq(path("customData.plan"), Scalar::Int(7));
    let sevens = ids(&fixture.store, PROJECT, query(sevens)).await.unwrap();
    assert_eq!(sevens.len() as i64, WRITERS * EACH);
    let sorted = ids(&fixture.store, PROJECT, by_plan()).await.unwrap();
    assert_eq!(sorted.len() as i64, PEOPLE + WRITERS * EACH);
    let pro = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    assert_eq!(pro.len() as i64, PEOPLE / 3, "what is no more is forgotten");
}

async fn what_is_dropped_is_removed(fixture: &Fixture) {
    fill(fixture).await;
    assert!(!drop_index(&fixture.store, "customData.plan").await);
    index(fixture, "customData.plan").await;
    index(fixture, "customData.seats").await;
    assert!(drop_index(&fixture.store, "customData.plan").await);
    let states: Vec<_> = declared(&fixture.store).await;
    let states: Vec<_> = states.iter().map(|index| index.state).collect();
    assert_eq!(states, [IndexState::Dropping, IndexState::Ready]);
    let found = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    assert_eq!(found.len(), 150, "without it");
    assert!(ids(&fixture.store, PROJECT, by_plan()).await.is_err());
    fixture.insert(plan("pro")).await; // which nobody adds to it
    fixture.store.build_declared().await.unwrap();
    assert_eq!(declared(&fixture.store).await.len(), 1);
    index(fixture, "customData.plan").await;
    let found = ids(&fixture.store, PROJECT, query(pays())).await.unwrap();
    assert_eq!(found.len(), 151);
}

async fn so_many_are_declared_and_no_more(fixture: &Fixture) {
    for n in 0..MANY {
        let declare = fixture
            .write(move |tx| tx.declare_index::<Person>(&path(&format!("customData.a{n}")), MANY));
        declare.await.unwrap();
    }
    let error = refused(declare(&fixture.store, PROJECT, "customData.more").await);
    assert!(matches!(error, Error::Full(_)), "{error:?}");
    let known = declare(&fixture.store, PROJECT, "customData.a0").await;
    assert_eq!(known.unwrap().state, IndexState::Building);
    fixture
        .insert(with(json!({ "a0": 1, "a19": [1, 2] })))
        .await;
    fixture.store.build_declared().await.unwrap();
    assert!(drop_index(&fixture.store, "customData.a0").await);
    fixture.store.build_declared().await.unwrap();
    declare(&fixture.store, PROJECT, "customData.more")
        .await
        .unwrap();
}

async fn an_order_waits_for_its_index(fixture: &Fixture) {
    declare(&fixture.store, PROJECT, "customData.plan")
        .await
        .unwrap();
    let error = refused(ids(&fixture.store, PROJECT, by_plan()).await);
    let named = matches!(&error, Error::IndexNotReady(path) if path == "customData.plan");
    assert!(named, "{error:?}");
    fixture.store.build_declared().await.unwrap();
    let mut both = by_plan();
    both.sort.push(crate::lists::by("name", false));
    let error = refused(ids(&fixture.store, PROJECT, both).await);
    assert!(matches!(error, Error::BadQuery(_)), "{error:?}");
}
