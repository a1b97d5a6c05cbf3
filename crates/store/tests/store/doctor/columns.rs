//! Rows: their columns against their documents.

use rusqlite::params;
use store::{Result, Tx, examine};

use super::{ADA, BOB, NOTE, Patient, TEAM, more_people};
use crate::fixture::refused;
use crate::schema::{PROJECT, Person, SCHEMA};

#[tokio::test]
async fn changed_columns_are_found_and_rewritten() {
    for damage in [
        "UPDATE person SET name = 'eve' WHERE id = ?1",
        "UPDATE person SET name = NULL WHERE id = ?1",
        "UPDATE person SET name = x'00' WHERE id = ?1",
        "UPDATE person SET visits = 'many' WHERE id = ?1",
        "UPDATE person SET visits = 1.5 WHERE id = ?1",
        "UPDATE person SET active = 1, born = 5 WHERE id = ?1",
        "UPDATE person SET team = x'0102' WHERE id = ?1",
    ] {
        let patient = Patient::new().await;
        assert_eq!(patient.damage(damage), 1);
        patient.is_mended(&[&format!(
            "person {ADA}: its columns differ from its document"
        )]);
        patient.is_healthy();
        let file = patient.by_hand();
        let row = file.query_row(
            "SELECT name, visits, born, active, team FROM person WHERE id = ?1",
            params![ADA.as_bytes()],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            },
        );
        let expected = (
            "ada".to_owned(),
            0,
            None::<i64>,
            None::<i64>,
            TEAM.as_bytes().to_vec(),
        );
        assert_eq!(row.unwrap(), expected, "{damage}");
    }
}

#[tokio::test]
async fn rows_that_share_an_id_are_mended_apart() {
    let patient = Patient::new().await;
    assert_eq!(
        patient.damage("UPDATE note SET topic = 'gossip' WHERE person = ?1"),
        1
    );
    patient.is_mended(&[&format!("note {NOTE}: its columns differ")]);
    let file = patient.by_hand();
    let topics: String = file
        .query_row(
            "SELECT group_concat(topic) FROM (SELECT topic FROM note ORDER BY person)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(topics, "ada,bob");
}

#[tokio::test]
async fn a_row_under_another_key_is_put_back() {
    let patient = Patient::new().await;
    assert_eq!(
        patient.damage("UPDATE note SET person = ?2 || x'' WHERE person = ?1 AND FALSE"),
        0
    );
    assert_eq!(
        patient.damage("UPDATE note SET person = x'090909090909090909090909' WHERE person = ?1"),
        1
    );
    patient.is_mended(&[&format!("note {NOTE}: its columns differ")]);
    patient.is_healthy();
}

/// Which of the two is right is for people to say.
#[tokio::test]
async fn a_row_whose_place_another_has_is_named_and_left() {
    let patient = Patient::new().await;
    let copied = "INSERT INTO note SELECT project, id, version, created_at, updated_at, doc, ?2, topic FROM note \
                  WHERE person = ?1";
    assert_eq!(patient.damage("DELETE FROM note WHERE person <> ?1"), 1);
    assert_eq!(patient.damage(copied), 1);
    for repair in [true, false] {
        let report = patient.examine(repair);
        assert_eq!((report.problems, report.repaired), (1, 0), "{report:?}");
        assert!(report.findings[0].problem.contains(&format!("note {NOTE}")));
    }
}

#[tokio::test]
async fn an_unreadable_document_is_named_and_left_with_its_keys() {
    for damage in [
        "UPDATE person SET doc = x'0100' WHERE id = ?1",
        "UPDATE person SET doc = x'00' || CAST('{\"visits\":\"many\"}' AS BLOB) WHERE id = ?1",
        "UPDATE person SET doc = x'01FFFFFF0000' WHERE id = ?1",
        "UPDATE person SET doc = x'' WHERE id = ?1",
        "UPDATE person SET doc = 'text' WHERE id = ?1",
    ] {
        let patient = Patient::new().await;
        assert_eq!(patient.damage(damage), 1);
        for repair in [false, true, false] {
            let report = patient.examine(repair);
            assert!(!report.is_clean(), "{damage}");
            assert_eq!(report.repaired, 0, "{damage}: {report:?}");
            assert_eq!((report.documents, report.identities), (5, 4));
            let problem = &report.findings[0].problem;
            assert!(problem.starts_with(&format!("person {ADA}: ")), "{problem}");
            assert!(problem.ends_with("restore it from a backup"), "{problem}");
        }
        let store = patient.open();
        let read = store.read(PROJECT, |snapshot| snapshot.get::<Person>(ADA));
        refused(read.await);
        let others = store.read(PROJECT, |snapshot| snapshot.get::<Person>(BOB));
        assert!(
            others.await.is_ok_and(|bob| bob.is_some()),
            "the others are well"
        );
    }
}

#[tokio::test]
async fn findings_beyond_a_hundred_are_counted() {
    let patient = Patient::new().await;
    patient.write(|tx| more_people(tx, 150)).await;
    patient.damage("UPDATE person SET visits = 7");
    let mut told = Vec::new();
    let report = examine(&patient.config, &SCHEMA, true, &mut |looked_at| {
        told.push(looked_at)
    })
    .unwrap();
    assert_eq!((report.problems, report.repaired), (152, 152));
    assert_eq!(report.findings.len(), 100);
    assert_eq!(told.last(), Some(&155));
    assert_eq!(patient.examine(false).problems, 0);
}

/// A float is written in the fewest digits that name it: reading them must give the same float, or each row differs.
#[tokio::test]
async fn floats_are_read_back_to_the_last_bit() {
    let patient = Patient::new().await;
    let fill = |tx: &mut Tx<'_>| -> Result<()> {
        let mut bits: u64 = 1;
        for _ in 0..2_000 {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let person = Person {
                score: Some(f64::from_bits(bits)).filter(|score| score.is_finite()),
                ..Person::default()
            };
            tx.insert(tx.new_id(), person)?;
        }
        Ok(())
    };
    patient.write(fill).await;
    let report = patient.examine(false);
    assert_eq!(
        (report.problems, report.documents),
        (0, 2_005),
        "{report:?}"
    );
}
