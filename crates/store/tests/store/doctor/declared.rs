//! Declared indexes against the documents.

use serde_json::json;
use store::filter::FieldPath;

use super::{ADA, BOB, Patient};
use crate::schema::Person;

/// With an index that is ready: Ada has two labels, Bob none.
async fn patient() -> Patient {
    let patient = Patient::new().await;
    let declare = |tx: &mut store::Tx<'_>| {
        tx.declare_index::<Person>(&FieldPath::known("customData.labels"), 1)?;
        let mut ada = tx.get_for_update::<Person>(ADA)?.expect("she is there");
        let labels = json!(["a", "b"]);
        ada.doc.custom_data.insert("labels".into(), labels);
        tx.put(&mut ada)
    };
    patient.write(declare).await;
    patient.is_healthy(); // while it is to be built
    let store = patient.open();
    store.build_declared().await.unwrap();
    drop(store);
    patient.is_healthy();
    patient
}

#[tokio::test]
async fn an_index_that_differs_is_mended() {
    const DIFFERS: &str = "the index of customData.labels differs from its document";
    for (damage, rows, named) in [
        ("DELETE FROM person_index WHERE id = ?1", 3, DIFFERS),
        (
            "DELETE FROM person_index WHERE id = ?1 AND element = 1 AND value = x'3061'",
            1,
            DIFFERS,
        ),
        (
            "UPDATE person_index SET element = 1 - element WHERE id = ?1",
            3,
            DIFFERS,
        ),
        (
            "UPDATE person_index SET value = x'3063' WHERE id IN (?1, ?2) AND id = ?2",
            1,
            DIFFERS,
        ),
        (
            "UPDATE person_index SET id = ?3 WHERE id IN (?1, ?2) AND id = ?2",
            1,
            "rows of declared indexes are of what is gone",
        ),
        (
            "UPDATE person_index SET attribute = 9 WHERE id = ?1",
            3,
            "rows of declared indexes are of what is gone",
        ),
    ] {
        let patient = patient().await;
        assert_eq!(patient.damage(damage), rows, "{damage}");
        patient.is_mended(&[named]);
    }
}

#[tokio::test]
async fn what_is_being_removed_is_left_alone() {
    let patient = patient().await;
    let gone = |tx: &mut store::Tx<'_>| {
        tx.drop_index::<Person>(&FieldPath::known("customData.labels"))?;
        let mut bob = tx.get_for_update::<Person>(BOB)?.expect("he is there");
        bob.doc.custom_data.insert("labels".into(), json!(7));
        tx.put(&mut bob)
    };
    patient.write(gone).await;
    patient.is_healthy();
}
