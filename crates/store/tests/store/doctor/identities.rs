//! Identity keys against the documents that hold them.

use store::ObjectId;

use super::{ADA, BOB, Patient};
use crate::schema::{PROJECT, Person, USER_ID};

#[tokio::test]
async fn a_missing_identity_key_is_found_and_made() {
    let patient = Patient::new().await;
    assert_eq!(
        patient.damage("DELETE FROM identity WHERE kind = 1 AND owner = ?1"),
        1
    );
    patient.is_mended(&[&format!("{ADA}: its identity key \"ada\" does not find it")]);
    patient.is_healthy();
    finds(&patient, "ada", ADA).await;
}

async fn finds(patient: &Patient, user_id: &'static str, owner: ObjectId) {
    let store = patient.open();
    let found = store.read(PROJECT, move |snapshot| snapshot.owner(USER_ID, user_id));
    let found = found.await.unwrap();
    assert_eq!(found, Some(owner));
}

#[tokio::test]
async fn an_identity_key_that_finds_another_is_pointed_back() {
    for elsewhere in ["?2", "?3"] {
        let patient = Patient::new().await;
        let damage =
            format!("UPDATE identity SET owner = {elsewhere} WHERE kind = 1 AND owner = ?1");
        assert_eq!(patient.damage(&damage), 1);
        patient.is_mended(&[&format!("{ADA}: its identity key \"ada\" does not find it")]);
        patient.is_healthy();
        finds(&patient, "ada", ADA).await;
    }
}

/// A key of a merged person finds the survivor, and stays so.
#[tokio::test]
async fn a_key_that_finds_an_heir_is_right_and_is_mended_to_the_heir() {
    let patient = Patient::new().await;
    let store = patient.open();
    let merge = store.write(PROJECT, |tx| {
        let mut ada = tx.get_for_update::<Person>(ADA)?.expect("it is there");
        ada.doc.heir = Some(BOB);
        tx.put(&mut ada)?;
        tx.release(USER_ID, "ada", ADA)?;
        tx.claim(USER_ID, "ada", BOB)
    });
    merge.await.unwrap();
    drop(store);
    patient.is_healthy();
    patient.damage("UPDATE identity SET owner = ?1 WHERE kind = 1 AND key = 'ada'");
    patient.is_mended(&[&format!("{BOB}: its identity key \"ada\" does not find it")]);
    finds(&patient, "ada", BOB).await;
}

#[tokio::test]
async fn a_surplus_identity_key_is_found_and_removed() {
    for damage in [
        "INSERT INTO identity SELECT project, kind, 'nobody said so', owner FROM identity WHERE kind = 1 AND owner = ?1",
        "INSERT INTO identity SELECT project, 200, key, owner FROM identity WHERE kind = 1 AND owner = ?1",
        "INSERT INTO identity SELECT project, kind, 'nobody', ?3 FROM identity WHERE kind = 1 AND owner = ?1",
    ] {
        let patient = Patient::new().await;
        assert_eq!(patient.damage(damage), 1);
        patient.is_mended(&["which does not hold it"]);
        patient.is_healthy();
    }
}

/// Two documents with one user id: which of them is right is for people to say.
#[tokio::test]
async fn two_holders_of_one_key_are_named_and_left() {
    let patient = Patient::new().await;
    let store = patient.open();
    let twin = store.write(PROJECT, |tx| {
        tx.insert(tx.new_id(), Person::with_user_id("ada"))
            .map(|row| row.id)
    });
    let twin = twin.await.unwrap();
    drop(store);
    for repair in [true, false] {
        let report = patient.examine(repair);
        assert_eq!((report.problems, report.repaired), (1, 0), "{report:?}");
        let problem = &report.findings[0].problem;
        assert!(
            problem.contains(&twin.to_string()) && problem.contains("\"ada\""),
            "{problem}"
        );
    }
    finds(&patient, "ada", ADA).await;
}
