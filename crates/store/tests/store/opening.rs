//! Which SQLite files are opened, and by whom.

use std::path::Path;

use rusqlite::Connection;
use store::{Error, Query, SqliteConfig, Store};

use crate::fixture::{environment, refused};
use crate::schema::{PROJECT, Person, SCHEMA};

fn open(file: &Path) -> store::Result<Store> {
    Store::open_sqlite(&SqliteConfig::new(file.into()), &SCHEMA, environment())
}

fn is_refused(file: &Path, because: &str) {
    let error = refused(open(file));
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(because), "{text}");
}

#[test]
fn the_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/test.db");
    open(&file).unwrap();
    assert!(file.exists());
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let theirs = Connection::open(&file).unwrap();
    theirs.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(theirs);
    let before = std::fs::read(&file).unwrap();
    is_refused(&file, "another program: choose another data folder");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let text = "the shopping list of somebody\n".repeat(200);
    std::fs::write(&file, &text).unwrap();
    is_refused(&file, "choose another data folder");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    open(&file).unwrap().close();
    let newer = Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    drop(newer);
    is_refused(&file, "schema version 2, and this program knows 1");
}

/// File locks belong to the open file, not to the process, so this refuses a second process as well.
#[test]
fn a_second_opener_is_refused_while_the_first_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let first = open(&file).unwrap();
    is_refused(&file, "another process has");
    first.close();
    let second = open(&file).unwrap();
    is_refused(&file, "another process has");
    drop(second);
    open(&file).unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    for before in 0..3 {
        let store = open(&file).unwrap();
        let count = store.read(PROJECT, |snapshot| {
            snapshot.count::<Person>(&Query::default(), 10)
        });
        assert_eq!(count.await.unwrap(), before);
        let insert = store.write(PROJECT, |tx| {
            tx.insert(tx.new_id(), Person::default()).map(drop)
        });
        insert.await.unwrap();
        drop(store);
    }
}
