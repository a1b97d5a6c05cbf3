//! What keeps an index right: every kind of write, and the rows of what is gone.

use serde_json::json;
use store::filter::{Filter, Scalar};
use store::{ObjectId, Query};

use super::{ids, index, path, plan};
use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

on_both_engines!(
    every_kind_of_write_is_kept,
    a_unit_that_is_refused_leaves_nothing,
    units_of_one_commit_are_kept_together,
);

const TEAM: ObjectId = ObjectId::from_bytes([5; 12]);

async fn with_plan(fixture: &Fixture, plan: &str) -> Vec<ObjectId> {
    let query = Query {
        filter: Filter::Eq(path("customData.plan"), Scalar::Text(plan.into())),
        ..Query::default()
    };
    ids(&fixture.store, PROJECT, query).await.unwrap()
}

async fn every_kind_of_write_is_kept(fixture: &Fixture) {
    index(fixture, "customData.plan").await;
    let first = fixture.insert(plan("a")).await;
    let (inserted, appended, restored) = (first.id, id(1), id(2));
    let write = move |tx: &mut store::Tx<'_>| {
        let mut of_team = plan("a");
        of_team.team = Some(TEAM);
        assert!(tx.append(appended, &of_team)?);
        tx.restore(restored, 7, plan("a"))?;
        let mut row = tx.get_for_update::<Person>(inserted)?.expect("it is there");
        row.doc.custom_data.insert("plan".into(), json!("b"));
        tx.put(&mut row)
    };
    fixture.write(write).await.unwrap();
    assert_eq!(with_plan(fixture, "a").await, [restored, appended]);
    assert_eq!(with_plan(fixture, "b").await, [inserted]);
    let gone = fixture.write(|tx| tx.delete_where::<Person>("team", TEAM));
    assert_eq!(gone.await.unwrap(), 1);
    assert_eq!(with_plan(fixture, "a").await, [restored]);
    let delete = fixture.write(move |tx| {
        tx.delete::<Person>(restored)?;
        tx.delete::<Person>(inserted)
    });
    assert!(delete.await.unwrap());
    for plan in ["a", "b"] {
        assert!(with_plan(fixture, plan).await.is_empty());
    }
}

fn id(n: u32) -> ObjectId {
    ObjectId::from_parts(n, [3; 8])
}

async fn a_unit_that_is_refused_leaves_nothing(fixture: &Fixture) {
    index(fixture, "customData.plan").await;
    let refuse = fixture.write(|tx| {
        tx.insert(tx.new_id(), plan("a"))?;
        Err::<(), _>(store::Error::Full("refused".into()))
    });
    assert!(refuse.await.is_err());
    assert!(with_plan(fixture, "a").await.is_empty());
    fixture.insert(plan("a")).await;
    assert_eq!(with_plan(fixture, "a").await.len(), 1);
}

async fn units_of_one_commit_are_kept_together(fixture: &Fixture) {
    index(fixture, "customData.plan").await;
    let row = fixture.insert(plan(0)).await;
    let gate = fixture.hold_writer().await;
    let mut units = tokio::task::JoinSet::new();
    for n in 1..=8 {
        let (store, id) = (std::sync::Arc::clone(&fixture.store), row.id);
        units.spawn(async move {
            let unit = store.write(PROJECT, move |tx| {
                let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
                row.doc
                    .custom_data
                    .insert("plan".into(), json!(format!("p{n}")));
                tx.put(&mut row)
            });
            unit.await.unwrap();
        });
    }
    drop(gate);
    units.join_all().await;
    let now = fixture.get::<Person>(row.id).await.unwrap().doc;
    let mut found = 0;
    for n in 1..=8 {
        let plan = format!("p{n}");
        let is_now = now.custom_data["plan"] == plan.as_str();
        let expected = if is_now { vec![row.id] } else { Vec::new() };
        assert_eq!(with_plan(fixture, &plan).await, expected);
        found += u32::from(is_now);
    }
    assert_eq!(found, 1);
}
