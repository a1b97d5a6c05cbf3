//! A unit is kept whole or not at all, and what was kept is told at the right moment.

use std::sync::{Arc, Mutex, Weak};

use store::{Change, Error, How, Millis, ObjectId, Query, Store};
use tokio::runtime::Handle;

use crate::fixture::{Fixture, refused};
use crate::schema::{Note, PROJECT, Person, USER_ID};

on_both_engines!(
    a_refused_unit_leaves_nothing,
    a_panicking_unit_leaves_nothing,
    a_swallowed_failure_keeps_nothing_half,
    errors_of_the_caller_come_back_as_they_are,
    changes_are_told_in_order,
    refused_units_tell_nothing,
    listeners_see_what_was_committed_before_the_caller_is_answered,
    a_read_that_panics_harms_nobody,
    a_listener_that_panics_stops_nothing,
    a_unit_is_not_before_what_it_changes,
    a_unit_of_many_statements_is_run_in_their_order,
);

async fn people(fixture: &Fixture) -> u64 {
    let count = fixture.store.read(PROJECT, |snapshot| {
        snapshot.count::<Person>(&Query::default(), 1_000)
    });
    count.await.unwrap()
}

/// Writes of every kind, none of which may be kept.
fn much(tx: &mut store::Tx<'_>, id: ObjectId) -> store::Result<()> {
    let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
    row.doc.visits += 1;
    tx.put(&mut row)?;
    tx.release(USER_ID, "ada", id)?;
    let other = tx.insert(tx.new_id(), Person::named("Bob"))?;
    tx.claim(USER_ID, "bob", other.id)?;
    tx.append(tx.new_id(), &Note::about(id, "nothing"))
        .map(drop)
}

async fn ada(fixture: &Fixture) -> ObjectId {
    let made = fixture.write(|tx| {
        let row = tx.insert(tx.new_id(), Person::with_user_id("ada"))?;
        tx.claim(USER_ID, "ada", row.id)?;
        Ok(row.id)
    });
    made.await.unwrap()
}

async fn is_as_before(fixture: &Fixture, id: ObjectId) {
    assert_eq!(people(fixture).await, 1);
    let row = fixture.get::<Person>(id).await.unwrap();
    assert_eq!((row.version, row.doc.visits), (1, 0));
    let rest = fixture.store.read(PROJECT, |snapshot| {
        Ok::<_, Error>((
            snapshot.owner(USER_ID, "ada")?,
            snapshot.owner(USER_ID, "bob")?,
            snapshot.count::<Note>(&Query::default(), 10)?,
        ))
    });
    assert_eq!(rest.await.unwrap(), (Some(id), None, 0));
}

async fn a_refused_unit_leaves_nothing(fixture: &Fixture) {
    let id = ada(fixture).await;
    let unit = fixture.write(move |tx| {
        much(tx, id)?;
        Err::<(), _>(Error::BadQuery("no".into()))
    });
    assert!(matches!(refused(unit.await), Error::BadQuery(_)));
    is_as_before(fixture, id).await;
}

async fn a_panicking_unit_leaves_nothing(fixture: &Fixture) {
    let id = ada(fixture).await;
    for _ in 0..3 {
        let unit = fixture.write(move |tx| -> store::Result<()> {
            much(tx, id)?;
            panic!("as a bug in a handler would");
        });
        assert!(matches!(refused(unit.await), Error::Panicked));
        is_as_before(fixture, id).await;
    }
    fixture.insert(Person::named("Cleo")).await;
    assert_eq!(people(fixture).await, 2, "the store lives on");
}

/// What a listener does wrong neither undoes the commit nor ends the thread that commits.
async fn a_listener_that_panics_stops_nothing(fixture: &Fixture) {
    fixture.on_commit(|_| panic!("as a bug in a listener would"));
    let first = fixture.insert(Person::named("Ada")).await;
    let second = fixture.insert(Person::named("Bob")).await;
    assert_ne!(first.id, second.id);
    assert_eq!(people(fixture).await, 2);
}

/// A function that ignores the failure of a statement is not told that all is well while the database dropped it.
async fn a_swallowed_failure_keeps_nothing_half(fixture: &Fixture) {
    let id = ada(fixture).await;
    let unit = fixture.write(move |tx| {
        let new = tx.insert(tx.new_id(), Person::named("Bob"))?;
        let _ = tx.insert(id, Person::named("twice"));
        Ok(new.id)
    });
    let bob = match unit.await {
        Ok(bob) => fixture.get::<Person>(bob).await.is_some(),
        Err(_) => true, // told that nothing was kept
    };
    assert!(bob, "acknowledged, but not kept");
}

async fn errors_of_the_caller_come_back_as_they_are(fixture: &Fixture) {
    #[derive(Debug, PartialEq)]
    enum Mine {
        NotToday,
        Store,
    }
    impl From<Error> for Mine {
        fn from(_: Error) -> Self {
            Self::Store
        }
    }
    let unit = |panics: bool| {
        fixture.store.write(PROJECT, move |_| {
            assert!(!panics, "as a bug in a handler would");
            Err::<(), _>(Mine::NotToday)
        })
    };
    assert_eq!(unit(false).await, Err(Mine::NotToday));
    assert_eq!(unit(true).await, Err(Mine::Store));
}

async fn changes_are_told_in_order(fixture: &Fixture) {
    let id = ada(fixture).await;
    let second = fixture.write(move |tx| {
        let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
        tx.put(&mut row)?;
        tx.append(tx.new_id(), &Note::about(id, "not told"))?;
        tx.release(USER_ID, "ada", id)?;
        tx.delete::<Person>(id)
    });
    second.await.unwrap();
    let document = |how| Change::Document {
        table: "person",
        project: PROJECT,
        id,
        how,
    };
    let identity = Change::Identity {
        project: PROJECT,
        kind: USER_ID,
        key: "ada".into(),
    };
    let made = [document(How::Inserted), identity.clone()];
    let gone = [document(How::Updated), identity, document(How::Deleted)];
    assert_eq!(fixture.heard(), [&made[..], &gone].concat());
}

async fn refused_units_tell_nothing(fixture: &Fixture) {
    let id = ada(fixture).await;
    let before = fixture.heard();
    let unit = fixture.write(move |tx| {
        much(tx, id)?;
        Err::<(), _>(Error::BadQuery("no".into()))
    });
    refused(unit.await);
    let quiet = fixture.write(move |tx| tx.get::<Person>(id));
    assert!(quiet.await.unwrap().is_some());
    assert_eq!(fixture.heard(), before);
}

async fn listeners_see_what_was_committed_before_the_caller_is_answered(fixture: &Fixture) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (store, runtime) = (Arc::downgrade(&fixture.store), Handle::current());
    let log = Arc::clone(&seen);
    fixture.on_commit(move |changes| {
        for change in changes {
            let Change::Document { id, .. } = change else {
                continue;
            };
            let found = read_elsewhere(&store, &runtime, *id);
            log.lock().unwrap().push(found);
        }
    });
    for n in 1..=20 {
        fixture.insert(Person::named("Ada")).await;
        assert_eq!(*seen.lock().unwrap(), vec![true; n], "unit {n}");
    }
}

/// Whether a reader finds the document now.
fn read_elsewhere(store: &Weak<Store>, runtime: &Handle, id: ObjectId) -> bool {
    let (store, runtime) = (store.upgrade().expect("the store is open"), runtime.clone());
    let reader = std::thread::spawn(move || {
        let read = store.read(PROJECT, move |snapshot| snapshot.get::<Person>(id));
        runtime.block_on(read).unwrap().is_some()
    });
    reader.join().unwrap()
}

async fn a_read_that_panics_harms_nobody(fixture: &Fixture) {
    for _ in 0..5 {
        let read = fixture.store.read(PROJECT, |_| -> store::Result<()> {
            panic!("as a bug in a handler would");
        });
        assert!(matches!(refused(read.await), Error::Panicked));
        let lookup = fixture.store.lookup(PROJECT, |_| -> store::Result<()> {
            panic!("as a bug in a handler would");
        });
        assert!(matches!(refused(lookup.await), Error::Panicked));
    }
    assert_eq!(people(fixture).await, 0);
}

async fn a_unit_is_not_before_what_it_changes(fixture: &Fixture) {
    let id = ada(fixture).await;
    let written = fixture.get::<Person>(id).await.unwrap().updated_at;
    // As the clock of another node is, or one that was set back.
    fixture.clock.advance(-60_000);
    let unit = fixture.write(move |tx| {
        let before = tx.now();
        let mut row = tx
            .find_for_update::<Person>(USER_ID, "ada")?
            .expect("it is there");
        let after = tx.now();
        tx.put(&mut row)?;
        Ok((before, after, row.updated_at))
    });
    let (before, after, updated) = unit.await.unwrap();
    assert_eq!(before, Millis(written.0 - 60_000));
    assert_eq!((after, updated), (written, written));
    assert_eq!(touched(fixture, id).await, written, "not locked before");
    // That clock was wrong altogether: nothing is written in a future that far.
    fixture.clock.advance(-9 * 60_000);
    assert_eq!(touched(fixture, id).await, written, "ten minutes");
    fixture.clock.advance(-1);
    assert_eq!(touched(fixture, id).await, Millis(written.0 - 600_001));
}

/// Writes a person, and tells at what time.
async fn touched(fixture: &Fixture, id: ObjectId) -> Millis {
    let unit = fixture.write(move |tx| {
        let mut row = tx.get::<Person>(id)?.expect("it is there");
        tx.put(&mut row)?;
        Ok(row.updated_at)
    });
    unit.await.unwrap()
}

/// More than are sent to PostgreSQL at once, each of which depends on those before it.
async fn a_unit_of_many_statements_is_run_in_their_order(fixture: &Fixture) {
    let unit = fixture.write(|tx| {
        let mut all = Vec::new();
        for n in 0..40 {
            let name = format!("person {n}");
            let mut row = tx.insert(tx.new_id(), Person::with_user_id(&name))?;
            tx.claim(USER_ID, &name, row.id)?;
            row.doc.visits = n;
            tx.put(&mut row)?;
            row.doc.visits += 1;
            tx.put(&mut row)?;
            if n % 4 == 0 {
                tx.release(USER_ID, &name, row.id)?;
            }
            all.push(row.id);
        }
        Ok(all)
    });
    for (n, id) in unit.await.unwrap().into_iter().enumerate() {
        let row = fixture.get::<Person>(id).await.unwrap();
        assert_eq!((row.version, row.doc.visits), (3, n as i64 + 1));
        let name = format!("person {n}");
        let owner = fixture
            .store
            .read(PROJECT, move |snapshot| snapshot.owner(USER_ID, &name));
        let expected = (n % 4 != 0).then_some(id);
        assert_eq!(owner.await.unwrap(), expected, "person {n}");
    }
}
