//! Many callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{Error, ObjectId, Query, Result, Tx};
use tokio::task::JoinSet;

use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person, USER_ID};

on_both_engines!(
    no_update_is_lost,
    an_identity_is_made_once,
    a_key_is_followed_to_its_new_document,
    one_bad_unit_falls_alone,
    an_answered_write_is_seen_by_the_next_read,
);

fn visit(tx: &mut Tx<'_>, id: ObjectId) -> Result<()> {
    let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
    row.doc.visits += 1;
    tx.put(&mut row)
}

async fn no_update_is_lost(fixture: &Fixture) {
    const TASKS: i64 = 16;
    const VISITS: i64 = 25;
    let id = fixture.insert(Person::default()).await.id;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            for _ in 0..VISITS {
                store.write(PROJECT, move |tx| visit(tx, id)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let row = fixture.get::<Person>(id).await.unwrap();
    assert_eq!(
        (row.doc.visits, row.version),
        (TASKS * VISITS, TASKS * VISITS + 1)
    );
}

/// As a handler does it: find, else make and claim; whoever is too late looks again.
fn identify(tx: &mut Tx<'_>, user_id: &str) -> Result<(ObjectId, bool)> {
    if let Some(row) = tx.find::<Person>(USER_ID, user_id)? {
        visit(tx, row.id)?;
        return Ok((row.id, false));
    }
    let row = tx.insert(tx.new_id(), Person::with_user_id(user_id))?;
    match tx.claim(USER_ID, user_id, row.id) {
        Err(Error::Taken { .. }) => Err(tx.raced()),
        other => other.map(|()| (row.id, true)),
    }
}

async fn an_identity_is_made_once(fixture: &Fixture) {
    const TASKS: usize = 32;
    for round in 0..5 {
        let user_id = format!("user {round}");
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (store, user_id) = (Arc::clone(&fixture.store), user_id.clone());
            tasks.spawn(async move {
                let unit = store.write(PROJECT, move |tx| identify(tx, &user_id));
                unit.await.unwrap()
            });
        }
        let answers = tasks.join_all().await;
        let (id, _) = answers[0];
        assert!(
            answers.iter().all(|(answer, _)| *answer == id),
            "one document"
        );
        assert_eq!(answers.iter().filter(|(_, made)| *made).count(), 1);
        let row = fixture.get::<Person>(id).await.unwrap();
        assert_eq!(row.doc.visits, TASKS as i64 - 1);
    }
    let count = fixture.store.read(PROJECT, |snapshot| {
        snapshot.count::<Person>(&Query::default(), 100)
    });
    assert_eq!(count.await.unwrap(), 5, "no document without its key");
}

const ADA: ObjectId = ObjectId::from_bytes([10; 12]);
const BOB: ObjectId = ObjectId::from_bytes([11; 12]);

/// Gives the key of Ada to Bob, or back, as a merge does: both are locked before the key is looked at.
fn move_key(tx: &mut Tx<'_>) -> Result<()> {
    let [ada, bob] = [ADA, BOB].map(|id| tx.get_for_update::<Person>(id));
    let (mut ada, mut bob) = (ada?.expect("it is there"), bob?.expect("it is there"));
    let from_ada = tx.owner(USER_ID, "key")? == Some(ADA);
    let (from, to) = if from_ada {
        (&mut ada, &mut bob)
    } else {
        (&mut bob, &mut ada)
    };
    assert_eq!(to.doc.visits, 0, "a visit went to the one without the key");
    tx.release(USER_ID, "key", from.id)?;
    tx.claim(USER_ID, "key", to.id)?;
    to.doc.visits += std::mem::take(&mut from.doc.visits);
    tx.put(from)?;
    tx.put(to)
}

/// Whoever finds a document by a key to change it has the one that the key finds, for as long as the unit lasts.
async fn a_key_is_followed_to_its_new_document(fixture: &Fixture) {
    const ROUNDS: i64 = 100;
    let fill = fixture.write(|tx| {
        tx.insert(ADA, Person::default())?;
        tx.insert(BOB, Person::default())?;
        tx.claim(USER_ID, "key", ADA)
    });
    fill.await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..6 {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            for _ in 0..ROUNDS {
                let unit = move |tx: &mut Tx<'_>| {
                    if n == 0 {
                        return move_key(tx);
                    }
                    let row = tx.find_for_update::<Person>(USER_ID, "key")?;
                    let mut row = row.expect("the key always finds somebody");
                    row.doc.visits += 1;
                    tx.put(&mut row)
                };
                while let Err(error) = store.write(PROJECT, unit).await {
                    assert!(matches!(error, Error::Raced), "{error:?}");
                }
            }
        });
    }
    tasks.join_all().await;
    let owner = fixture
        .store
        .read(PROJECT, |snapshot| snapshot.find::<Person>(USER_ID, "key"));
    let visits = owner.await.unwrap().unwrap().doc.visits;
    assert_eq!(visits, 5 * ROUNDS);
}

/// What unit `n` of a hundred does: each of them writes, and three must leave nothing.
fn one_of_many(tx: &mut Tx<'_>, n: u8, shared: ObjectId) -> Result<()> {
    visit(tx, shared)?;
    tx.insert(ObjectId::from_bytes([n; 12]), Person::default())?;
    match n {
        50 => Err(Error::BadQuery("a refusal".into())),
        60 => panic!("as a bug in a handler would"),
        70 => tx.claim(USER_ID, "taken", ObjectId::from_bytes([n; 12])),
        _ => Ok(()),
    }
}

async fn one_bad_unit_falls_alone(fixture: &Fixture) {
    const BAD: [u8; 3] = [50, 60, 70];
    let shared = fixture.insert(Person::default()).await.id;
    let taken = fixture.write(move |tx| tx.claim(USER_ID, "taken", shared));
    taken.await.unwrap();
    fixture.heard.lock().unwrap().clear();

    let gate = fixture.hold_writer().await;
    let mut tasks = JoinSet::new();
    for n in 1..=100 {
        let store = Arc::clone(&fixture.store);
        tasks.spawn(async move {
            let unit = store.write(PROJECT, move |tx| one_of_many(tx, n, shared));
            (n, unit.await.is_ok())
        });
    }
    while fixture.is_sqlite() && fixture.store.writes_waiting() < 100 {
        tokio::task::yield_now().await;
    }
    drop(gate);

    for (n, kept) in tasks.join_all().await {
        assert_eq!(kept, !BAD.contains(&n), "unit {n}");
        let row = fixture.get::<Person>(ObjectId::from_bytes([n; 12])).await;
        assert_eq!(row.is_some(), kept, "unit {n}");
    }
    assert_eq!(fixture.get::<Person>(shared).await.unwrap().doc.visits, 97);
    let heard = fixture.heard.lock().unwrap().clone();
    assert_eq!(heard.concat().len(), 2 * 97);
    let commits = if fixture.is_sqlite() { 1 } else { 97 };
    assert_eq!(heard.len(), commits, "SQLite commits what waited together");
}

async fn an_answered_write_is_seen_by_the_next_read(fixture: &Fixture) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut load = JoinSet::new();
    for n in 0..6 {
        let (store, stop) = (Arc::clone(&fixture.store), Arc::clone(&stop));
        load.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let write = store.write(PROJECT, move |tx| {
                    tx.insert(tx.new_id(), Person::named(&format!("load {n}")))
                        .map(drop)
                });
                write.await.unwrap();
            }
        });
    }
    let id = fixture.insert(Person::default()).await.id;
    for n in 1..=1000 {
        let write = fixture.write(move |tx| visit(tx, id));
        write.await.unwrap();
        assert_eq!(fixture.get::<Person>(id).await.unwrap().doc.visits, n);
        let lookup = fixture
            .store
            .lookup(PROJECT, move |snapshot| snapshot.get::<Person>(id));
        assert_eq!(lookup.await.unwrap().unwrap().doc.visits, n);
    }
    stop.store(true, Ordering::Relaxed);
    load.join_all().await;
}
