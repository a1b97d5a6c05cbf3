//! Copies of a database that is written to, and back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use store::{Error, Millis, ObjectId, Query, SqliteConfig, Store, backup, restore};
use tempfile::TempDir;

use crate::fixture::{Fixture, environment, refused};
use crate::schema::{PROJECT, Person, SCHEMA, USER_ID};

const NOW: Millis = Millis(1_769_846_700_123);

/// A closed database with some people.
async fn closed(people: u16) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hark.db");
    fill(&file, people).await;
    (folder, file)
}

async fn fill(file: &Path, people: u16) {
    let store = open(file);
    let fill = store.write(PROJECT, move |tx| {
        (0..people).try_for_each(|n| {
            tx.insert(tx.new_id(), Person::named(&format!("person {n}")))
                .map(drop)
        })
    });
    fill.await.unwrap();
}

fn open(file: &Path) -> Store {
    Store::open_sqlite(&SqliteConfig::new(file.into()), &SCHEMA, environment()).unwrap()
}

async fn people(file: &Path) -> u64 {
    let store = open(file);
    let count = store.read(PROJECT, |snapshot| {
        snapshot.count::<Person>(&Query::default(), 100_000)
    });
    count.await.unwrap()
}

/// Each unit writes a person and its key: a copy in which one is without the other was not one moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_writes_go_on_is_one_moment_of_the_database() {
    let fixture = Fixture::sqlite();
    let stop = Arc::new(AtomicBool::new(false));
    let (store, stopped) = (Arc::clone(&fixture.store), Arc::clone(&stop));
    let writer = tokio::spawn(async move {
        let mut written = 0u64;
        while !stopped.load(Ordering::Relaxed) {
            let key = format!("user {written}");
            let write = store.write(PROJECT, move |tx| {
                let row = tx.insert(tx.new_id(), Person::with_user_id(&key))?;
                tx.claim(USER_ID, &key, row.id)
            });
            write.await.unwrap();
            written += 1;
        }
        written
    });
    let file = fixture.file();
    let mut copied = 0;
    for number in 0..5 {
        let seen = fixture
            .insert(Person::named("acknowledged before the copy"))
            .await
            .id;
        let copy = file.with_file_name(format!("copies/{number}.db"));
        backup(&file, &copy, &SCHEMA).unwrap();
        let report = store::examine(
            &SqliteConfig::new(copy.clone()),
            &SCHEMA,
            false,
            &mut |_| {},
        );
        let report = report.unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert!(report.documents >= copied);
        copied = report.documents;
        let store = open(&copy);
        let found = store.read(PROJECT, move |snapshot| snapshot.get::<Person>(seen));
        let found = found.await.unwrap();
        assert!(found.is_some());
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 5, "there were writes meanwhile");
}

#[tokio::test]
async fn a_restored_copy_is_the_database_as_it_was() {
    let (folder, file) = closed(3).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    fill(&file, 4).await;
    let kept = restore(&copy, &file, &SCHEMA, NOW).unwrap().unwrap();
    assert_eq!(people(&file).await, 3);
    assert_eq!(people(&kept).await, 7, "what was there is kept");
    let name = kept.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, format!("hark.db-before-restore-{}", NOW.0));
    assert!(copy.exists(), "the copy can be restored again");
}

#[tokio::test]
async fn a_copy_is_restored_where_there_was_nothing() {
    let (folder, file) = closed(3).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    let elsewhere = folder.path().join("new/hark.db");
    assert_eq!(restore(&copy, &elsewhere, &SCHEMA, NOW).unwrap(), None);
    assert_eq!(people(&elsewhere).await, 3);
}

/// As after a crash, with what was committed last still in the log beside the file.
#[tokio::test]
async fn what_a_crash_left_in_the_log_is_kept_with_the_old_file() {
    let (folder, file) = closed(3).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    let log = file.with_file_name("hark.db-wal");
    leave_log(&file, &log).await;
    let kept = restore(&copy, &file, &SCHEMA, NOW).unwrap().unwrap();
    assert_eq!(people(&file).await, 3);
    assert_eq!(people(&kept).await, 5);
}

/// The log of a database whose file was removed must not be read into the one that is put there.
#[tokio::test]
async fn a_log_without_its_file_does_not_reach_the_restored_one() {
    let (folder, file) = closed(3).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    let log = file.with_file_name("hark.db-wal");
    leave_log(&file, &log).await;
    std::fs::remove_file(&file).unwrap();
    restore(&copy, &file, &SCHEMA, NOW).unwrap();
    assert_eq!(people(&file).await, 3);
    let report = store::examine(&SqliteConfig::new(file), &SCHEMA, false, &mut |_| {});
    assert!(report.unwrap().is_clean());
}

/// Writes two more people and puts things as a kill at that moment would have: with the log not yet in the file.
async fn leave_log(file: &Path, log: &Path) {
    let store = open(file);
    let write = store.write(PROJECT, |tx| {
        (0..2).try_for_each(|_| tx.insert(tx.new_id(), Person::default()).map(drop))
    });
    write.await.unwrap();
    let killed = [file, log].map(|path| std::fs::read(path).unwrap());
    drop(store);
    for (path, bytes) in [file, log].into_iter().zip(killed) {
        std::fs::write(path, bytes).unwrap();
    }
}

#[tokio::test]
async fn a_file_in_the_way_of_a_copy_is_left_alone() {
    let (folder, file) = closed(1).await;
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "mine").unwrap();
    let error = refused(backup(&file, &copy, &SCHEMA));
    assert!(
        error
            .to_string()
            .contains("exists: name a file that does not"),
        "{error}"
    );
    assert_eq!(std::fs::read(&copy).unwrap(), b"mine");
}

#[tokio::test]
async fn what_is_no_good_copy_is_refused_and_changes_nothing() {
    let (folder, file) = closed(2_000).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    let good = std::fs::read(&copy).unwrap();
    let half = good[..good.len() / 2].to_vec();
    let mut scribbled = good.clone();
    for page in scribbled.chunks_mut(4096).skip(3).step_by(7) {
        page[..512].fill(0xA5);
    }
    let mut foreign = good.clone();
    foreign[68..72].copy_from_slice(b"ELSE"); // the application id of the header
    let mut newer = good;
    newer[60..64].copy_from_slice(&9u32.to_be_bytes()); // the user version of the header
    for (bad, because) in [
        (half, "is no good copy"),
        (scribbled, "is no good copy"),
        (foreign, "a file of another program"),
        (newer, "schema version 9"),
        (b"words".repeat(1_000), "is no good copy"),
        (Vec::new(), "is no good copy"),
    ] {
        std::fs::write(&copy, bad).unwrap();
        let error = refused(restore(&copy, &file, &SCHEMA, NOW));
        assert!(matches!(error, Error::Refused(_)), "{error:?}");
        assert!(error.to_string().contains(because), "{error}");
        assert_eq!(people(&file).await, 2_000);
    }
    std::fs::remove_file(&copy).unwrap();
    refused(restore(&copy, &file, &SCHEMA, NOW));
    assert_eq!(people(&file).await, 2_000);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_str().unwrap().contains("restore")),
        "{names:?}"
    );
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_store() {
    let (folder, file) = closed(2).await;
    let copy = folder.path().join("copy.db");
    backup(&file, &copy, &SCHEMA).unwrap();
    let store = open(&file);
    let error = refused(restore(&copy, &file, &SCHEMA, NOW));
    assert!(error.to_string().contains("another process has"), "{error}");
    let count = store.read(PROJECT, |snapshot| snapshot.get::<Person>(ObjectId::ZERO));
    assert!(count.await.is_ok_and(|found| found.is_none()));
    store.close();
    restore(&copy, &file, &SCHEMA, NOW).unwrap();
}

#[test]
fn a_missing_database_is_not_made_by_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let [file, copy] = ["hark.db", "copy.db"].map(|name| folder.path().join(name));
    refused(backup(&file, &copy, &SCHEMA));
    assert!(!file.exists() && !copy.exists());
    let theirs = Connection::open(&file).unwrap();
    theirs.execute_batch("CREATE TABLE theirs (a)").unwrap();
    let error = refused(backup(&file, &copy, &SCHEMA));
    assert!(error.to_string().contains("another program"), "{error}");
}
