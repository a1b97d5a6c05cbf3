//! Closing finishes what was accepted; whoever comes later is told.

use std::sync::Arc;

use store::{Error, Result, Tx};
use tokio::task::JoinSet;

use crate::fixture::{Fixture, refused};
use crate::schema::{PROJECT, Person};

on_both_engines!(closing_finishes_what_was_accepted, a_closed_store_says_so);

fn insert(tx: &mut Tx<'_>) -> Result<()> {
    tx.insert(tx.new_id(), Person::default()).map(drop)
}

async fn closing_finishes_what_was_accepted(fixture: &Fixture) {
    const UNITS: usize = 200;
    let threads = if fixture.is_sqlite() { 1 } else { 8 };
    let mut gates = Vec::new();
    for _ in 0..threads {
        gates.push(fixture.hold_writer().await);
    }
    let mut accepted = JoinSet::new();
    for _ in 0..UNITS {
        let store = Arc::clone(&fixture.store);
        accepted.spawn(async move { store.write(PROJECT, insert).await });
    }
    // PostgreSQL counts those that hold their connection too.
    let held = if fixture.is_sqlite() { 0 } else { threads };
    while fixture.store.writes_waiting() < UNITS + held {
        tokio::task::yield_now().await;
    }
    let store = Arc::clone(&fixture.store);
    let closed = tokio::task::spawn_blocking(move || store.close());
    drop(gates);
    closed.await.unwrap();
    for answer in accepted.join_all().await {
        answer.unwrap();
    }
    assert_eq!(fixture.store.writes_waiting(), 0);
}

async fn a_closed_store_says_so(fixture: &Fixture) {
    fixture.insert(Person::default()).await;
    let store = Arc::clone(&fixture.store);
    tokio::task::spawn_blocking(move || store.close())
        .await
        .unwrap();
    fixture.store.close(); // once more changes nothing
    let write = fixture.write(insert).await;
    assert!(matches!(refused(write), Error::Closed));
    let read = fixture.store.read(PROJECT, |_| Ok::<_, Error>(()));
    assert!(matches!(refused(read.await), Error::Closed));
    let lookup = fixture.store.lookup(PROJECT, |_| Ok::<_, Error>(()));
    assert!(matches!(refused(lookup.await), Error::Closed));
    assert_eq!(fixture.heard().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_in_the_file_and_the_log_is_gone() {
    let fixture = Fixture::sqlite();
    for _ in 0..20 {
        fixture.insert(Person::default()).await;
    }
    fixture.store.close();
    let log = fixture.file().with_file_name("test.db-wal");
    assert!(!log.exists(), "SQLite removes it with the last connection");
    let file = rusqlite::Connection::open(fixture.file()).unwrap();
    let count: i64 = file
        .query_row("SELECT count(*) FROM person", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 20);
}
