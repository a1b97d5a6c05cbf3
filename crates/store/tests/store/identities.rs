//! Identity keys: unique in a project, claimed and released in the unit that writes their document.

use store::{Error, Kind, ObjectId, Result, Snapshot};

use crate::fixture::{Fixture, refused};
use crate::schema::{EMAIL, OTHER_PROJECT, PROJECT, Person, USER_ID};

on_both_engines!(
    a_claimed_key_finds_its_document,
    a_taken_key_names_its_holder,
    a_unit_goes_on_after_a_taken_key,
    a_released_key_finds_nobody,
    a_key_is_given_to_another_document,
    keys_are_apart_by_kind_project_and_bytes,
    the_beginning_of_a_key_finds_its_documents_in_order,
);

const ADA: ObjectId = ObjectId::from_bytes([10; 12]);
const BOB: ObjectId = ObjectId::from_bytes([11; 12]);

async fn claim(fixture: &Fixture, key: &'static str, owner: ObjectId) -> Result<()> {
    let claim = fixture.write(move |tx| tx.claim(USER_ID, key, owner));
    claim.await
}

async fn owner(fixture: &Fixture, kind: Kind, key: &'static str) -> Option<ObjectId> {
    let owner = fixture
        .store
        .read(PROJECT, move |snapshot| snapshot.owner(kind, key));
    owner.await.unwrap()
}

async fn the_beginning_of_a_key_finds_its_documents_in_order(fixture: &Fixture) {
    const KEYS: [&str; 7] = ["B", "a", "ab", "ab\u{10ffff}", "abc", "aé", "b%_"];
    let fill = |tx: &mut store::Tx<'_>| {
        for key in KEYS.into_iter().rev() {
            let row = tx.insert(tx.new_id(), Person::with_user_id(key))?;
            tx.claim(USER_ID, key, row.id)?;
        }
        Ok::<_, Error>(())
    };
    fixture.write(fill).await.unwrap();
    fixture.store.write(OTHER_PROJECT, fill).await.unwrap();
    for (start, limit, expected) in [
        ("a", 9, vec!["a", "ab", "abc", "aé"]),
        ("a", 2, vec!["a", "ab"]),
        ("ab", 9, vec!["ab", "abc"]),
        ("b", 9, vec!["b%_"]),
        ("b%", 9, vec!["b%_"]),
        ("%", 9, vec![]),
        ("abcd", 9, vec![]),
        ("", 1, vec!["B"]),
    ] {
        let read = fixture.store.read(PROJECT, move |snapshot| {
            snapshot.find_beginning::<Person>(USER_ID, start, limit)
        });
        let rows = read.await.unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| row.parse::<Person>().unwrap().user_id.unwrap())
            .collect();
        // What goes on with the last character of all is not found by its beginning.
        let found: Vec<_> = found
            .iter()
            .filter(|key| !key.contains(char::MAX))
            .collect();
        assert_eq!(found, expected, "{start}");
    }
}

async fn a_claimed_key_finds_its_document(fixture: &Fixture) {
    let made = fixture.write(|tx| {
        let row = tx.insert(tx.new_id(), Person::with_user_id("ada"))?;
        tx.claim(USER_ID, "ada", row.id)?;
        tx.claim(USER_ID, "ada", row.id)?; // once more changes nothing
        let found = tx.find::<Person>(USER_ID, "ada")?;
        assert_eq!(found.map(|found| found.id), Some(row.id), "within the unit");
        Ok(row)
    });
    let made = made.await.unwrap();
    let find = |snapshot: &Snapshot<'_>| {
        Ok::<_, Error>((
            snapshot.find_raw::<Person>(USER_ID, "ada")?,
            snapshot.find_raw::<Person>(USER_ID, "bob")?,
        ))
    };
    let (found, missing) = fixture.store.read(PROJECT, find).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.id, found.version), (made.id, 1));
    assert_eq!(found.json, serde_json::to_vec(&made.doc).unwrap());
    assert_eq!(missing, None);
}

async fn a_taken_key_names_its_holder(fixture: &Fixture) {
    claim(fixture, "key", ADA).await.unwrap();
    let error = refused(claim(fixture, "key", BOB).await);
    let Error::Taken { kind, key, holder } = error else {
        panic!("{error:?}");
    };
    assert_eq!((kind, key.as_str(), holder), (USER_ID, "key", ADA));
    assert_eq!(owner(fixture, USER_ID, "key").await, Some(ADA));
}

async fn a_unit_goes_on_after_a_taken_key(fixture: &Fixture) {
    claim(fixture, "taken", ADA).await.unwrap();
    let next_free = fixture.write(|tx| match tx.claim(USER_ID, "taken", BOB) {
        Err(Error::Taken { .. }) => tx.claim(USER_ID, "free", BOB),
        other => panic!("{other:?}"),
    });
    next_free.await.unwrap();
    assert_eq!(owner(fixture, USER_ID, "free").await, Some(BOB));
}

async fn a_released_key_finds_nobody(fixture: &Fixture) {
    claim(fixture, "key", ADA).await.unwrap();
    let by_another = fixture.write(|tx| tx.release(USER_ID, "key", BOB));
    by_another.await.unwrap();
    assert_eq!(owner(fixture, USER_ID, "key").await, Some(ADA));
    let by_holder = fixture.write(|tx| tx.release(USER_ID, "key", ADA));
    by_holder.await.unwrap();
    assert_eq!(owner(fixture, USER_ID, "key").await, None);
    claim(fixture, "key", BOB).await.unwrap();
}

async fn a_key_is_given_to_another_document(fixture: &Fixture) {
    claim(fixture, "key", ADA).await.unwrap();
    let moved = fixture.write(|tx| {
        tx.release(USER_ID, "key", ADA)?;
        tx.claim(USER_ID, "key", BOB)
    });
    moved.await.unwrap();
    assert_eq!(owner(fixture, USER_ID, "key").await, Some(BOB));
    let refused_halfway = fixture.write(|tx| {
        tx.release(USER_ID, "key", BOB)?;
        Err::<(), _>(Error::BadQuery("a refusal after the release".into()))
    });
    refused(refused_halfway.await);
    assert_eq!(owner(fixture, USER_ID, "key").await, Some(BOB));
}

async fn keys_are_apart_by_kind_project_and_bytes(fixture: &Fixture) {
    claim(fixture, "key", ADA).await.unwrap();
    claim(fixture, "KEY", BOB).await.unwrap();
    claim(fixture, "key ", BOB).await.unwrap();
    let by_kind = fixture.write(|tx| tx.claim(EMAIL, "key", BOB));
    by_kind.await.unwrap();
    let by_project = fixture
        .store
        .write(OTHER_PROJECT, |tx| tx.claim(USER_ID, "key", BOB));
    by_project.await.unwrap();
    assert_eq!(owner(fixture, USER_ID, "key").await, Some(ADA));
    assert_eq!(owner(fixture, EMAIL, "key").await, Some(BOB));
}
