//! The file as a whole.

use store::{Error, SqliteConfig, examine};

use super::{Patient, more_people};
use crate::fixture::refused;
use crate::schema::{PROJECT, SCHEMA};

#[tokio::test]
async fn a_damaged_file_is_reported_and_not_repaired() {
    let patient = Patient::new().await;
    patient.write(|tx| more_people(tx, 2_000)).await;
    let good = std::fs::read(&patient.config.file).unwrap();
    let mut scribbled = good.clone();
    for page in scribbled.chunks_mut(4096).skip(20).step_by(7) {
        page[..512].fill(0xA5);
    }
    let half = good[..good.len() / 2].to_vec();
    for damaged in [scribbled, half] {
        std::fs::write(&patient.config.file, &damaged).unwrap();
        for repair in [false, true] {
            let said = match examine(&patient.config, &SCHEMA, repair, &mut |_| {}) {
                Ok(report) => {
                    assert_eq!((report.repaired, report.documents), (0, 0));
                    report.findings[0].problem.clone()
                }
                Err(Error::Refused(text)) => text, // not even its first page can be read
                Err(error) => panic!("{error:?}"),
            };
            assert!(
                said.contains("damaged") || said.contains("cannot be read"),
                "{said}"
            );
            assert!(said.contains("restore a backup"), "{said}");
        }
    }
}

#[tokio::test]
async fn an_index_without_its_rows_is_reported() {
    let patient = Patient::new().await;
    let file = patient.by_hand();
    file.execute_batch(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'WHERE born IS NOT NULL', 'WHERE born IS NULL') \
         WHERE name = 'person_born'; PRAGMA writable_schema = RESET",
    )
    .unwrap();
    drop(file);
    let report = patient.examine(false);
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.problem.contains("person_born")),
        "{report:?}"
    );
}

#[tokio::test]
async fn only_repairing_needs_the_database_for_itself() {
    let patient = Patient::new().await;
    let store = patient.open();
    patient.is_healthy();
    let error = refused(examine(&patient.config, &SCHEMA, true, &mut |_| {}));
    assert!(error.to_string().contains("another process has"), "{error}");
    store.write(PROJECT, |tx| more_people(tx, 1)).await.unwrap();
    drop(store);
    let report = patient.examine(true);
    assert_eq!((report.problems, report.documents), (0, 6));
}

#[tokio::test]
async fn what_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let config = SqliteConfig::new(folder.path().join("hark.db"));
    for repair in [false, true] {
        let error = refused(examine(&config, &SCHEMA, repair, &mut |_| {}));
        assert!(error.to_string().contains("is not there"), "{error}");
        assert!(!config.file.exists());
    }
}
