//! Damage made by hand on the closed file: found, named, and mended where that is possible.

use std::path::PathBuf;

use rusqlite::{Connection, params};
use store::{Error, ObjectId, Query, Report, Result, SqliteConfig, Store, examine};
use tempfile::TempDir;

use crate::fixture::{environment, refused};
use crate::schema::{EMAIL, Note, PROJECT, Person, SCHEMA, Team, USER_ID};

const TEAM: ObjectId = ObjectId::from_bytes([1; 12]);
const ADA: ObjectId = ObjectId::from_bytes([2; 12]);
const BOB: ObjectId = ObjectId::from_bytes([3; 12]);
/// Ada and Bob have a note each under this id.
const NOTE: ObjectId = ObjectId::from_bytes([4; 12]);

/// A closed, healthy database of a team, two people and two notes.
struct Patient {
    _folder: TempDir,
    config: SqliteConfig,
}

impl Patient {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(folder.path().join("hark.db"));
        let patient = Self {
            _folder: folder,
            config,
        };
        let store = patient.open();
        let fill = store.write(PROJECT, fill);
        fill.await
            .unwrap_or_else(|error: Error| panic!("{error:?}"));
        drop(store);
        patient.is_healthy();
        patient
    }

    fn open(&self) -> Store {
        Store::open_sqlite(&self.config, &SCHEMA, environment()).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.config.file.clone()
    }

    /// Does damage: `?1` is Ada, `?2` Bob, `?3` an id that nothing has.
    fn damage(&self, sql: &str) -> usize {
        let connection = Connection::open(self.file()).unwrap();
        let mut statement = connection.prepare(sql).unwrap();
        let ids = [ADA, BOB, ObjectId::from_bytes([99; 12])].map(|id| id.as_bytes().to_vec());
        let count = statement.parameter_count();
        statement
            .execute(rusqlite::params_from_iter(&ids[..count]))
            .unwrap()
    }

    fn examine(&self, repair: bool) -> Report {
        examine(&self.config, &SCHEMA, repair, &mut |_| {}).unwrap()
    }

    fn is_healthy(&self) {
        let report = self.examine(false);
        assert_eq!(
            (report.problems, report.documents, report.identities),
            (0, 5, 4),
            "{report:?}"
        );
    }

    /// The damage is named and, when asked for, mended; then nothing is wrong.
    fn is_mended(&self, named: &[&str]) {
        let found = self.examine(false);
        assert!(!found.is_clean());
        assert_eq!(found.repaired, 0, "only looked at: {found:?}");
        assert_eq!(self.examine(false), found, "looking changes nothing");
        let mended = self.examine(true);
        assert!(mended.is_clean(), "{mended:?}");
        for report in [found, mended] {
            for name in named {
                let says = |finding: &store::Finding| finding.problem.contains(name);
                assert!(report.findings.iter().any(says), "{name}: {report:?}");
            }
        }
        assert_eq!(self.examine(false).problems, 0, "{:?}", self.examine(false));
    }
}

fn fill(tx: &mut store::Tx<'_>) -> Result<()> {
    tx.insert(
        TEAM,
        Team {
            title: "those".into(),
        },
    )?;
    for (id, name) in [(ADA, "ada"), (BOB, "bob")] {
        let person = Person {
            name: Some(name.into()),
            score: Some(0.1),
            team: Some(TEAM),
            user_id: Some(name.into()),
            email: Some(format!("{name}@example.com")),
            ..Person::default()
        };
        tx.claim(USER_ID, name, id)?;
        tx.claim(EMAIL, &format!("{name}@example.com"), id)?;
        tx.insert(id, person)?;
        tx.append(NOTE, &Note::about(id, name))?;
    }
    Ok(())
}

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
        let file = Connection::open(patient.file()).unwrap();
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
    let patient_file = Connection::open(patient.file()).unwrap();
    let topics: String = patient_file
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
    let found = found
        .await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
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
    merge
        .await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
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
    let twin = twin
        .await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
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

#[tokio::test]
async fn an_orphan_is_found_and_removed() {
    let patient = Patient::new().await;
    assert_eq!(
        patient.damage("UPDATE note SET person = person WHERE FALSE"),
        0
    );
    patient.damage("DELETE FROM person WHERE id = ?1");
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
    const PEOPLE: u8 = 150;
    let patient = Patient::new().await;
    let store = patient.open();
    let fill = store.write(PROJECT, |tx| {
        (0..PEOPLE).try_for_each(|n| {
            tx.insert(tx.new_id(), Person::named(&n.to_string()))
                .map(drop)
        })
    });
    fill.await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
    drop(store);
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

#[tokio::test]
async fn a_damaged_file_is_reported_and_not_repaired() {
    let patient = Patient::new().await;
    let store = patient.open();
    let fill = store.write(PROJECT, |tx| {
        (0..2_000).try_for_each(|n| {
            tx.insert(tx.new_id(), Person::named(&format!("person {n}")))
                .map(drop)
        })
    });
    fill.await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
    drop(store);
    let good = std::fs::read(patient.file()).unwrap();
    let mut scribbled = good.clone();
    for page in scribbled.chunks_mut(4096).skip(20).step_by(7) {
        page[..512].fill(0xA5);
    }
    let half = good[..good.len() / 2].to_vec();
    for damaged in [scribbled, half] {
        std::fs::write(patient.file(), &damaged).unwrap();
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
    let file = Connection::open(patient.file()).unwrap();
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
    let insert = store.write(PROJECT, |tx| {
        tx.insert(tx.new_id(), Person::default()).map(drop)
    });
    insert
        .await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
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

/// A float is written in the fewest digits that name it: reading them must give the same float, or each row differs.
#[tokio::test]
async fn floats_are_read_back_to_the_last_bit() {
    let patient = Patient::new().await;
    let store = patient.open();
    let fill = store.write(PROJECT, |tx| {
        let mut bits: u64 = 1;
        (0..2_000).try_for_each(|_| {
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(bits);
            let score = Some(if float.is_finite() { float } else { 0.5 });
            tx.insert(
                tx.new_id(),
                Person {
                    score,
                    ..Person::default()
                },
            )
            .map(drop)
        })
    });
    fill.await
        .unwrap_or_else(|error: Error| panic!("{error:?}"));
    let count = store.read(PROJECT, |snapshot| {
        snapshot.count::<Person>(&Query::default(), 10_000)
    });
    assert_eq!(
        count
            .await
            .unwrap_or_else(|error: Error| panic!("{error:?}")),
        2_002
    );
    drop(store);
    let report = patient.examine(false);
    assert_eq!(report.problems, 0, "{report:?}");
}
