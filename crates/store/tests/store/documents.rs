//! Documents in units of work: one story, told by both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use store::{Error, Millis, ObjectId, Row};

use crate::fixture::{Fixture, refused};
use crate::schema::{Note, OTHER_PROJECT, PROJECT, Person};

on_both_engines!(
    an_inserted_document_is_read_back,
    a_document_says_when_it_was_made,
    a_project_sees_its_own_documents_only,
    each_put_raises_the_version,
    a_restored_document_goes_on_with_its_versions,
    a_stale_version_is_refused,
    a_lost_race_is_run_again,
    a_deleted_document_is_gone,
    large_and_odd_documents_come_back_as_they_were,
    an_appended_document_is_kept_once,
    rows_are_deleted_by_their_whole_key,
    rows_are_deleted_by_a_column,
);

async fn an_inserted_document_is_read_back(fixture: &Fixture) {
    let row = fixture.insert(Person::named("Ada")).await;
    let now = Millis(1_769_846_700_123);
    assert_eq!((row.version, row.created_at, row.updated_at), (1, now, now));
    let read: Row<Person> = fixture.get(row.id).await.unwrap();
    assert_eq!(
        (read.version, read.created_at, read.updated_at),
        (1, now, now)
    );
    assert_eq!(read.doc, row.doc);
    assert_eq!(read.doc.stamped, Some(now));
    let raw = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.raw::<Person>(row.id));
    let raw = raw.await.unwrap().unwrap();
    assert_eq!(raw.json, serde_json::to_vec(&read.doc).unwrap());
    assert!(fixture.get::<Person>(ObjectId::ZERO).await.is_none());
}

async fn a_document_says_when_it_was_made(fixture: &Fixture) {
    let since = Millis(1_000_000_000_000);
    let row = fixture
        .insert(Person {
            since: Some(since),
            ..Person::default()
        })
        .await;
    assert_eq!(row.created_at, since);
    let earlier = Millis(900_000_000_000);
    let change = move |tx: &mut store::Tx<'_>| {
        let mut row = tx.get_for_update::<Person>(row.id)?.expect("it is there");
        row.doc.since = Some(earlier);
        tx.put(&mut row)
    };
    fixture.write(change).await.unwrap();
    assert_eq!(
        fixture.get::<Person>(row.id).await.unwrap().created_at,
        earlier
    );
}

async fn a_project_sees_its_own_documents_only(fixture: &Fixture) {
    let id = fixture.insert(Person::named("Ada")).await.id;
    let foreign = fixture.store.read(OTHER_PROJECT, move |snapshot| {
        Ok::<_, Error>((
            snapshot.get::<Person>(id)?.is_some(),
            snapshot.count::<Person>(&store::Query::default(), 10)?,
        ))
    });
    assert_eq!(foreign.await.unwrap(), (false, 0));
    let deleted = fixture
        .store
        .write(OTHER_PROJECT, move |tx| tx.delete::<Person>(id));
    assert!(!deleted.await.unwrap());
    assert!(fixture.get::<Person>(id).await.is_some());
}

async fn each_put_raises_the_version(fixture: &Fixture) {
    let made = fixture.insert(Person::named("Ada")).await;
    for version in 2..5 {
        fixture.clock.advance(1000);
        let visited = fixture.write(move |tx| {
            let mut row = tx.get_for_update::<Person>(made.id)?.expect("it is there");
            row.doc.visits += 1;
            tx.put(&mut row)?;
            Ok(row)
        });
        let visited = visited.await.unwrap();
        let read = fixture.get::<Person>(made.id).await.unwrap();
        for row in [visited, read] {
            assert_eq!((row.version, row.doc.visits), (version, version - 1));
            assert_eq!(row.created_at, made.created_at);
            assert_eq!(row.updated_at.0, made.updated_at.0 + 1000 * (version - 1));
        }
    }
}

async fn a_restored_document_goes_on_with_its_versions(fixture: &Fixture) {
    let row = fixture.insert(Person::named("Ada")).await;
    let back = move |tx: &mut store::Tx<'_>| {
        tx.delete::<Person>(row.id)?;
        let mut back = tx.restore(row.id, 8, Person::named("Ada"))?;
        assert_eq!(back.version, 8);
        tx.put(&mut back)
    };
    fixture.write(back).await.unwrap();
    let read: Row<Person> = fixture.get(row.id).await.unwrap();
    assert_eq!(read.version, 9);
}

async fn a_stale_version_is_refused(fixture: &Fixture) {
    let stale = fixture.insert(Person::named("Ada")).await;
    let mut fresh = stale.clone();
    fresh.doc.visits = 1;
    let first = fixture.write(move |tx| tx.put(&mut fresh.clone()));
    first.await.unwrap();
    let id = stale.id;
    let second = fixture.write(move |tx| tx.put(&mut stale.clone()));
    assert!(matches!(refused(second.await), Error::Raced));
    let read = fixture.get::<Person>(id).await.unwrap();
    assert_eq!((read.version, read.doc.visits), (2, 1));
}

/// SQLite has one writer: nobody can be faster, so a unit that says so is told so. PostgreSQL tries again.
async fn a_lost_race_is_run_again(fixture: &Fixture) {
    let runs = Arc::new(AtomicU32::new(0));
    let (once, always) = (Arc::clone(&runs), Arc::clone(&runs));
    let second_wins = fixture.write(move |tx| match once.fetch_add(1, Ordering::SeqCst) {
        0 => Err(tx.raced()),
        _ => tx.insert(tx.new_id(), Person::named("Ada")).map(drop),
    });
    let second_wins = second_wins.await;
    if fixture.is_sqlite() {
        assert!(matches!(refused(second_wins), Error::Raced));
        assert_eq!(runs.swap(0, Ordering::SeqCst), 1);
    } else {
        second_wins.unwrap();
        assert_eq!(runs.swap(0, Ordering::SeqCst), 2);
    }
    let never_wins = fixture.write(move |tx| {
        always.fetch_add(1, Ordering::SeqCst);
        Err::<(), _>(tx.raced())
    });
    assert!(matches!(refused(never_wins.await), Error::Raced));
    let attempts = if fixture.is_sqlite() { 1 } else { 8 };
    assert_eq!(runs.load(Ordering::SeqCst), attempts);
}

async fn a_deleted_document_is_gone(fixture: &Fixture) {
    let id = fixture.insert(Person::named("Ada")).await.id;
    for there in [true, false] {
        let deleted = fixture.write(move |tx| tx.delete::<Person>(id));
        assert_eq!(deleted.await.unwrap(), there);
        assert!(fixture.get::<Person>(id).await.is_none());
    }
}

async fn large_and_odd_documents_come_back_as_they_were(fixture: &Fixture) {
    let mut person = Person::named("Zoë \u{1F980} \"quoted\" \\ \u{7f} \u{ffff}");
    person.visits = i64::MIN;
    person.score = Some(5e-324);
    person.custom_data = (0..5_000)
        .map(|n| (format!("key {n}"), (n * 7919).into()))
        .collect();
    let row = fixture.insert(person).await;
    let read = fixture.get::<Person>(row.id).await.unwrap();
    assert_eq!(read.doc, row.doc);
    let keys = |row: &Row<Person>| row.doc.custom_data.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&read), keys(&row), "keys keep their order");
}

async fn an_appended_document_is_kept_once(fixture: &Fixture) {
    let [ada, bob, note] = [10, 11, 12].map(|n| ObjectId::from_bytes([n; 12]));
    let append = |person, topic: &'static str| {
        fixture.write(move |tx| tx.append(note, &Note::about(person, topic)))
    };
    assert!(append(ada, "first").await.unwrap());
    assert!(!append(ada, "second").await.unwrap());
    assert!(append(bob, "third").await.unwrap(), "another key");
    assert_eq!(topics(fixture).await, ["first", "third"]);
}

async fn rows_are_deleted_by_their_whole_key(fixture: &Fixture) {
    let [ada, bob, note] = [10, 11, 12].map(|n| ObjectId::from_bytes([n; 12]));
    let appended = fixture.write(move |tx| {
        tx.append(note, &Note::about(ada, "a"))?;
        tx.append(note, &Note::about(bob, "b"))
    });
    appended.await.unwrap();
    for there in [true, false] {
        let deleted = fixture.write(move |tx| tx.delete_at::<Note>(&[ada.into()], note));
        assert_eq!(deleted.await.unwrap(), there);
    }
    assert_eq!(topics(fixture).await, ["b"]);
}

async fn rows_are_deleted_by_a_column(fixture: &Fixture) {
    let ada = ObjectId::from_bytes([10; 12]);
    let fill = move |tx: &mut store::Tx<'_>| -> store::Result<()> {
        for topic in ["work", "work", "play"] {
            tx.append(tx.new_id(), &Note::about(ada, topic))?;
        }
        Ok(())
    };
    fixture.write(fill).await.unwrap();
    fixture.store.write(OTHER_PROJECT, fill).await.unwrap();
    let deleted = fixture.write(|tx| tx.delete_where::<Note>("topic", "work"));
    assert_eq!(deleted.await.unwrap(), 2);
    assert_eq!(topics(fixture).await, ["play"]);
    let foreign = fixture.store.read(OTHER_PROJECT, |snapshot| {
        snapshot.count::<Note>(&store::Query::default(), 10)
    });
    assert_eq!(foreign.await.unwrap(), 3);
}

/// The topics of all notes, in order.
async fn topics(fixture: &Fixture) -> Vec<String> {
    let page = fixture.store.read(PROJECT, |snapshot| {
        snapshot.page::<Note>(&store::Query::default())
    });
    let mut topics: Vec<String> = page
        .await
        .unwrap()
        .rows
        .iter()
        .map(|row| row.parse::<Note>().unwrap().topic)
        .collect();
    topics.sort();
    topics
}
