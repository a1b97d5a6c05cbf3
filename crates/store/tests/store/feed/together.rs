//! Readers and writers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use store::{ObjectId, Query, Result, Tx};
use tokio::task::JoinSet;

use super::{Mirror, after, end, open, rename};
use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

on_both_engines!(
    readers_know_in_the_end_what_is_there,
    what_was_acknowledged_is_told_to_the_next_reader,
);

const PEOPLE: u32 = 40;

fn id(n: u32) -> ObjectId {
    ObjectId::from_parts(n, [0; 8])
}

/// Some changes of a few people in one unit.
fn disturb(tx: &mut Tx<'_>, round: u32, random: u32) -> Result<()> {
    let mut numbers = [
        random % PEOPLE,
        (random / 64) % PEOPLE,
        (random / 4096) % PEOPLE,
    ];
    numbers.sort_unstable(); // documents are locked in one order
    for (n, number) in numbers.into_iter().enumerate() {
        let (id, name) = (id(number), format!("{round} {n}"));
        match tx.get_for_update::<Person>(id)? {
            None => drop(tx.restore(id, 1 + i64::from(round), Person::named(&name))?),
            Some(_) if (random >> 20).is_multiple_of(5) => drop(tx.delete::<Person>(id)?),
            Some(_) => rename(tx, id, &name)?,
        }
    }
    Ok(())
}

async fn readers_know_in_the_end_what_is_there(fixture: &Fixture) {
    const WRITERS: u32 = 6;
    const ROUNDS: u32 = 60;
    let left = Arc::new(AtomicU32::new(WRITERS));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, left) = (Arc::clone(&fixture.store), Arc::clone(&left));
        writers.spawn(async move {
            let mut random = writer * 7919 + 1;
            for round in 0..ROUNDS {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Two that bring the same person back are one too many: that unit is given up.
                let _ = store
                    .write(PROJECT, move |tx| disturb(tx, round, random >> 4))
                    .await;
            }
            left.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let mut mirrors = [Mirror::default(), Mirror::default()];
    while left.load(Ordering::SeqCst) > 0 {
        let [one, two] = &mut mirrors;
        tokio::join!(one.read(fixture, 7), two.read(fixture, 100));
    }
    writers.join_all().await;
    let everybody = Query {
        limit: 1000,
        ..Query::default()
    };
    let read = fixture.store.read(PROJECT, move |snapshot| {
        let rows = snapshot.page::<Person>(&everybody)?.rows;
        rows.iter()
            .map(|row| Ok((row.id, row.parse::<Person>()?.name.unwrap())))
            .collect::<Result<_>>()
    });
    let people = read.await.unwrap();
    for mirror in &mut mirrors {
        mirror.read(fixture, 7).await;
        assert_eq!(mirror.people, people);
        assert!(mirror.told > 0);
    }
}

async fn what_was_acknowledged_is_told_to_the_next_reader(fixture: &Fixture) {
    let insert =
        fixture.write(|tx| (0..4).try_for_each(|n| tx.insert(id(n), Person::named("a")).map(drop)));
    insert.await.unwrap();
    open(fixture).await;
    let busy = Arc::clone(&fixture.store);
    let disturbing = tokio::spawn(async move {
        for round in 0..200 {
            let write = busy.write(PROJECT, move |tx| rename(tx, id(round % 3), "busy"));
            write.await.unwrap();
        }
    });
    let mut cursor = end(fixture).await;
    for round in 0..40 {
        let name = format!("{round}");
        let change = fixture.write(move |tx| rename(tx, id(3), &name));
        change.await.unwrap();
        let told = after(fixture, cursor).await;
        let own = told.iter().find(|entry| entry.id == id(3)).unwrap();
        cursor = told.last().unwrap_or(own).cursor;
    }
    disturbing.await.unwrap();
}

/// A unit that began before the feed was opened, and is committed after that, is not forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_waits_for_those_who_do_not_know_of_it() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let client = fixture.client().await;
    // As a unit does at its end.
    let unit = "BEGIN; INSERT INTO person_feed (project, id, number, fate, heir, at) \
                SELECT h.project, '\\x00', 0, 0, NULL, 0 FROM person_feed_head h WHERE h.project = '\\x00'";
    client.batch_execute(unit).await.unwrap();
    let store = Arc::clone(&fixture.store);
    let mut opening = tokio::spawn(async move {
        store
            .write(PROJECT, |tx| tx.open_feed::<Person>())
            .await
            .unwrap();
    });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut opening).await;
    assert!(early.is_err(), "it waits");
    // Who only reads is not waited for, nor waits.
    let looking = "SELECT count(*) FROM person_feed, person_feed_head";
    fixture.client().await.query(looking, &[]).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    opening.await.unwrap();
    fixture.end().await;
}

/// The number of a unit is that of its commit: one that began before others and is committed after them is told after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_takes_long_is_told_when_it_is_committed() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    let cursor = end(&fixture).await;
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let store = Arc::clone(&fixture.store);
    let slow = tokio::spawn(async move {
        let unit = store.write(PROJECT, move |tx| {
            tx.insert(id(1), Person::named("slow"))?;
            let _ = begun.send(());
            let _ = wait.lock().unwrap().recv();
            Ok::<_, store::Error>(())
        });
        unit.await.unwrap();
    });
    has_begun.recv().await.unwrap();
    let quick = fixture.write(|tx| tx.insert(id(2), Person::named("quick")));
    quick.await.unwrap();
    let told = after(&fixture, cursor).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].id, id(2));
    drop(go_on);
    slow.await.unwrap();
    let told = after(&fixture, told[0].cursor).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].id, id(1));
    fixture.end().await;
}
