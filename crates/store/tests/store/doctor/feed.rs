//! Feeds against the documents.

use store::{FeedCursor, Result, Tx};

use super::{ADA, BOB, Patient};
use crate::schema::{PROJECT, Person};

/// With a feed that knows of Ada, and that Bob was there once.
async fn patient() -> (Patient, FeedCursor) {
    let patient = Patient::new().await;
    patient.write(|tx| tx.open_feed::<Person>()).await;
    let cursor = patient.write(|tx| tx.number_feed::<Person>()).await;
    let cursor = cursor.unwrap();
    patient
        .write(|tx| [ADA, BOB].into_iter().try_for_each(|id| touch(tx, id)))
        .await;
    patient.write(|tx| tx.number_feed::<Person>()).await;
    patient.is_healthy();
    (patient, cursor)
}

fn touch(tx: &mut Tx<'_>, id: store::ObjectId) -> Result<()> {
    let mut row = tx.get_for_update::<Person>(id)?.unwrap();
    row.doc.visits += 1;
    tx.put(&mut row)
}

/// The people that are told of after a cursor.
async fn told(patient: &Patient, cursor: FeedCursor) -> Vec<store::ObjectId> {
    patient.write(|tx| tx.number_feed::<Person>()).await;
    let store = patient.open();
    let read = store.read(PROJECT, move |snapshot| {
        let page = snapshot.feed::<Person>(&cursor, 9)?.unwrap();
        Ok::<_, store::Error>(page.entries.into_iter().map(|entry| entry.id).collect())
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_feed_that_differs_from_its_documents_is_mended() {
    for (damage, named) in [
        (
            "UPDATE person_feed SET fate = 1 WHERE id = ?1",
            "it is there, and the feed says otherwise",
        ),
        (
            "UPDATE person_feed SET fate = 2, heir = ?1 WHERE id = ?1",
            "it is there, and the feed says otherwise",
        ),
        (
            "UPDATE person_feed SET id = ?3 WHERE id IN (?1, ?2) AND id = ?1",
            "it is gone, and the feed says otherwise",
        ),
        (
            "UPDATE person_feed SET number = 9 WHERE id = ?1",
            "has numbers beyond its head",
        ),
    ] {
        let (patient, cursor) = patient().await;
        assert_eq!(patient.damage(damage), 1, "{damage}");
        patient.is_mended(&[named]);
        let told = told(&patient, cursor).await;
        assert_eq!(told.len(), 2, "{damage}: {told:?}");
    }
}

#[tokio::test]
async fn what_a_closed_feed_says_does_not_matter() {
    let (patient, _) = patient().await;
    patient.damage("DELETE FROM person_feed_head");
    patient.damage("UPDATE person_feed SET fate = 1");
    patient.is_healthy();
}
