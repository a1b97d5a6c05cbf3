//! The search index against the documents.

use store::{Search, SqliteConfig, examine};

use super::{ADA, Patient};
use crate::schema::{PROJECT, Person, SCHEMA};

const ADA_IS_LOST: &str = "the search does not find it by its words";

async fn finds(patient: &Patient, text: &str) -> usize {
    let asked = Search {
        text: text.into(),
        limit: 9,
        deadline: std::time::Duration::from_secs(9),
    };
    let store = patient.open();
    let read = store.read(PROJECT, move |snapshot| snapshot.search::<Person>(&asked));
    read.await.unwrap().len()
}

/// A word of a document of the test's project, as it stands in the index.
fn term(word: &str) -> String {
    format!("{PROJECT}000000{word}")
}

/// The statement that takes a word of Ada away, or adds one.
fn change_words(command: &str, word: &str) -> String {
    let (column, value) = match command {
        "delete" => ("person_search_words, ", "'delete', "),
        _ => ("", ""),
    };
    format!(
        "INSERT INTO person_search_words ({column}rowid, words) SELECT {value}number, '{}' FROM person_search WHERE id = ?1",
        term(word)
    )
}

#[tokio::test]
async fn an_index_that_differs_is_made_again() {
    for (damage, named) in [
        (change_words("delete", "ada"), ADA_IS_LOST),
        (change_words("add", "eve"), ADA_IS_LOST),
        (
            "UPDATE person_search SET block = 7 WHERE id = ?1".into(),
            ADA_IS_LOST,
        ),
        (
            "DELETE FROM person_search WHERE id = ?1".into(),
            "words of 1 documents that it does not know",
        ),
        (
            "UPDATE person_search SET id = ?3 WHERE id IN (?1, ?2) AND id = ?1".into(),
            "finds it, but it is gone",
        ),
        (
            "INSERT INTO person_search_words (rowid, words) VALUES (99, 'stray')".into(),
            "words of 1 documents",
        ),
    ] {
        let patient = Patient::new().await;
        assert_eq!(patient.damage(&damage), 1, "{damage}");
        patient.is_mended(&[named]);
        patient.is_healthy();
        for (text, count) in [
            ("ada", 1),
            ("b", 1),
            ("example", 2),
            ("stray", 0),
            ("eve", 0),
        ] {
            assert_eq!(finds(&patient, text).await, count, "{damage}: {text}");
        }
    }
}

#[tokio::test]
async fn a_damaged_index_is_no_damaged_file() {
    for damage in [
        "UPDATE person_search_words_data SET block = x'00' WHERE id > 10",
        "DELETE FROM person_search_words_data WHERE id > 10",
        "DELETE FROM person_search_words_data WHERE id = 10",
    ] {
        let patient = Patient::new().await;
        assert!(patient.damage(damage) > 0, "{damage}");
        let found = patient.examine(false);
        assert!(!found.is_clean(), "{damage}: {found:?}");
        let mended = patient.examine(true);
        assert!(mended.is_clean(), "{damage}: {mended:?}");
        patient.is_healthy();
        assert_eq!(finds(&patient, "ada").await, 1);
    }
}

/// What the index costs a write that changes no searched word: nothing is written there.
#[tokio::test]
async fn only_what_changed_of_the_words_is_written() {
    let patient = Patient::new().await;
    assert_eq!(patient.damage(&change_words("delete", "ada")), 1);
    let visit = |name: Option<&'static str>| {
        patient.write(move |tx| {
            let mut row = tx.get_for_update::<Person>(ADA)?.expect("it is there");
            row.doc.visits += 1;
            row.doc.name = name.map(str::to_owned).or(row.doc.name.take());
            tx.put(&mut row)
        })
    };
    visit(None).await;
    assert_eq!(finds(&patient, "ada").await, 0, "not written");
    visit(Some("Ada Byron")).await;
    assert_eq!(finds(&patient, "byron").await, 1, "written");
    assert_eq!(finds(&patient, "ada byron").await, 0, "as it was");
    visit(Some("Ada")).await;
    assert_eq!(finds(&patient, "byron").await, 0, "taken away");
    assert_eq!(finds(&patient, "example").await, 2);
}

#[tokio::test]
async fn copies_can_be_searched() {
    let patient = Patient::new().await;
    let copy = patient.config.file.with_file_name("copy.db");
    store::backup(&patient.config.file, &copy, &SCHEMA).unwrap();
    store::restore(&copy, &patient.config.file, &SCHEMA, store::Millis(0)).unwrap();
    patient.is_healthy();
    assert_eq!(finds(&patient, "example").await, 2);
    let report = examine(&SqliteConfig::new(copy), &SCHEMA, false, &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
}
