//! Rows whose target is gone.

use super::{ADA, BOB, NOTE, Patient, TEAM};

#[tokio::test]
async fn an_orphan_is_found_and_removed() {
    let patient = Patient::new().await;
    assert_eq!(patient.damage("DELETE FROM person WHERE id = ?1"), 1);
    patient.is_mended(&[&format!("note {NOTE}: its person {ADA} is gone")]);
    let report = patient.examine(false);
    assert_eq!(
        (report.documents, report.identities),
        (3, 2),
        "Bob keeps what is his"
    );
}

/// With the team its people go, their notes and their keys: in one examination, whatever the order of the collections.
#[tokio::test]
async fn orphans_of_orphans_are_removed_with_them() {
    let patient = Patient::new().await;
    assert_eq!(patient.damage("DELETE FROM team"), 1);
    patient.is_mended(&[&format!("person {BOB}: its team {TEAM} is gone")]);
    let report = patient.examine(false);
    assert_eq!((report.documents, report.identities), (0, 0));
}

/// A reference is right when the document says so, whatever its column says.
#[tokio::test]
async fn a_wrong_column_makes_no_orphan() {
    let patient = Patient::new().await;
    assert_eq!(
        patient.damage("UPDATE person SET team = ?1 WHERE id = ?1"),
        1
    );
    patient.is_mended(&[&format!("person {ADA}: its columns differ")]);
    patient.is_healthy();
}
