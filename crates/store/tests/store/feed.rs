//! Who reads a feed learns of every change of a document, whenever it was committed.

mod cursors;
mod refusals;
mod together;

use std::collections::BTreeMap;

use store::{Fate, FeedCursor, FeedEntry, FeedPage, ObjectId, Tx};

use crate::fixture::Fixture;
use crate::schema::{PROJECT, Person};

on_both_engines!(
    what_was_there_is_read_first_and_then_what_changed,
    a_document_is_told_once_and_as_it_is,
    what_is_gone_is_told_with_its_heir,
    a_unit_that_failed_tells_nothing,
    deleting_by_a_column_is_told,
    a_project_that_did_not_open_its_feed_keeps_nothing,
    documents_that_always_change_do_not_hide_the_others,
);

/// What a reader of the feed knows: the name of each person.
#[derive(Default)]
struct Mirror {
    people: BTreeMap<ObjectId, String>,
    cursor: Option<FeedCursor>,
    /// How much was told.
    told: usize,
}

impl Mirror {
    /// Reads to the end, from the beginning at first.
    async fn read(&mut self, fixture: &Fixture, limit: u32) {
        loop {
            let cursor = match self.cursor {
                Some(cursor) => cursor,
                None => beginning(fixture).await,
            };
            let page = page(fixture, cursor, limit).await.unwrap();
            self.cursor = Some(page.next);
            for entry in &page.entries {
                self.take(entry);
            }
            if page.is_unnumbered {
                number(fixture).await;
            } else if !page.is_more {
                return;
            }
        }
    }

    fn take(&mut self, entry: &FeedEntry) {
        self.told += 1;
        match &entry.fate {
            Fate::Present(row) => {
                let person: Person = row.parse().unwrap();
                assert_eq!((entry.id, entry.at), (row.id, row.updated_at));
                self.people.insert(entry.id, person.name.unwrap());
            }
            Fate::Deleted | Fate::ReplacedBy(_) => drop(self.people.remove(&entry.id)),
        }
    }
}

async fn open(fixture: &Fixture) {
    let open = fixture.write(|tx| tx.open_feed::<Person>());
    open.await.unwrap();
}

async fn beginning(fixture: &Fixture) -> FeedCursor {
    open(fixture).await;
    let read = fixture
        .store
        .read(PROJECT, |snapshot| snapshot.feed_beginning::<Person>());
    read.await.unwrap().unwrap()
}

/// The end, once all is numbered.
async fn end(fixture: &Fixture) -> FeedCursor {
    open(fixture).await;
    loop {
        let number = fixture.write(|tx| tx.number_feed::<Person>());
        if let Some(end) = number.await.unwrap() {
            return end;
        }
    }
}

/// Numbers what was committed; returns whether there may be more.
async fn number(fixture: &Fixture) -> bool {
    let number = fixture.write(|tx| tx.number_feed::<Person>());
    number.await.unwrap().is_none()
}

async fn page(fixture: &Fixture, since: FeedCursor, limit: u32) -> Option<FeedPage> {
    let read = fixture.store.read(PROJECT, move |snapshot| {
        snapshot.feed::<Person>(&since, limit)
    });
    read.await.unwrap()
}

/// All that follows a cursor.
async fn after(fixture: &Fixture, mut cursor: FeedCursor) -> Vec<FeedEntry> {
    while number(fixture).await {}
    let mut entries = Vec::new();
    loop {
        let mut page = page(fixture, cursor, 2).await.unwrap();
        entries.append(&mut page.entries);
        cursor = page.next;
        if !page.is_more {
            return entries;
        }
    }
}

fn rename(tx: &mut Tx<'_>, id: ObjectId, name: &str) -> store::Result<()> {
    let mut row = tx.get_for_update::<Person>(id)?.expect("it is there");
    row.doc.name = Some(name.to_owned());
    tx.put(&mut row)
}

async fn what_was_there_is_read_first_and_then_what_changed(fixture: &Fixture) {
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(fixture.insert(Person::named(name)).await.id);
    }
    let first = page(fixture, beginning(fixture).await, 2).await.unwrap();
    assert_eq!(
        first
            .entries
            .iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>(),
        ids[..2]
    );
    assert!(first.is_more);
    // While it is read, one goes that was read, one changes that was not, and one comes.
    let (gone, changed) = (ids[0], ids[2]);
    let change = fixture.write(move |tx| {
        tx.delete::<Person>(gone)?;
        rename(tx, changed, "C")?;
        tx.insert(tx.new_id(), Person::named("d"))
    });
    let come = change.await.unwrap().id;
    let mut mirror = Mirror::default();
    first.entries.iter().for_each(|entry| mirror.take(entry));
    mirror.cursor = Some(first.next);
    mirror.read(fixture, 2).await;
    let expected = [(ids[1], "b"), (changed, "C"), (come, "d")].map(|(id, it)| (id, it.to_owned()));
    assert_eq!(mirror.people, BTreeMap::from(expected));
}

async fn a_document_is_told_once_and_as_it_is(fixture: &Fixture) {
    let id = fixture.insert(Person::named("first")).await.id;
    let cursor = end(fixture).await;
    assert_eq!(after(fixture, cursor).await, []);
    for name in ["second", "third"] {
        fixture.clock.advance(1000);
        let change = fixture.write(move |tx| rename(tx, id, name));
        change.await.unwrap();
    }
    let told = after(fixture, cursor).await;
    let row = fixture.get::<Person>(id).await.unwrap();
    let [entry] = told.as_slice() else {
        panic!("once: {told:?}");
    };
    let Fate::Present(shown) = &entry.fate else {
        panic!("it is there");
    };
    assert_eq!(
        (shown.version, shown.parse::<Person>().unwrap()),
        (3, row.doc)
    );
    assert_eq!(entry.at, row.updated_at);
    // Who has read it is told again when it changes again, and nobody twice.
    assert_eq!(after(fixture, entry.cursor).await, []);
    let change = fixture.write(move |tx| rename(tx, id, "fourth"));
    change.await.unwrap();
    assert_eq!(after(fixture, entry.cursor).await.len(), 1);
    assert_eq!(after(fixture, cursor).await.len(), 1);
}

async fn what_is_gone_is_told_with_its_heir(fixture: &Fixture) {
    let heir = fixture.insert(Person::named("heir")).await.id;
    let merged = fixture.insert(Person::named("merged")).await.id;
    let deleted = fixture.insert(Person::named("deleted")).await.id;
    let cursor = end(fixture).await;
    let nobody = ObjectId::from_bytes([9; 12]);
    fixture.clock.advance(1000);
    let remove = fixture.write(move |tx| {
        assert!(!tx.delete::<Person>(nobody)?);
        assert!(tx.delete_for::<Person>(merged, heir)?);
        assert!(tx.delete::<Person>(deleted)?);
        Ok(tx.now())
    });
    let at = remove.await.unwrap();
    let told = after(fixture, cursor).await;
    let fates = |told: &[FeedEntry]| -> Vec<_> {
        let fate = |entry: &FeedEntry| (entry.id, entry.fate.clone());
        told.iter().map(fate).collect()
    };
    let expected = [(merged, Fate::ReplacedBy(heir)), (deleted, Fate::Deleted)];
    assert_eq!(fates(&told), expected);
    assert!(told.iter().all(|entry| entry.at == at));
    // One comes back, and goes elsewhere within one unit.
    let back = fixture.write(move |tx| {
        tx.restore(merged, 5, Person::named("back"))?;
        tx.delete_for::<Person>(merged, deleted)?;
        tx.restore(deleted, 5, Person::named("back"))
    });
    back.await.unwrap();
    let told = after(fixture, told[1].cursor).await;
    assert_eq!(fates(&told)[0], (merged, Fate::ReplacedBy(deleted)));
    assert!(matches!(told[1].fate, Fate::Present(_)), "{told:?}");
}

async fn a_unit_that_failed_tells_nothing(fixture: &Fixture) {
    let id = fixture.insert(Person::named("a")).await.id;
    let cursor = end(fixture).await;
    let failed = fixture.write(move |tx| {
        rename(tx, id, "b")?;
        tx.insert(tx.new_id(), Person::named("c"))?;
        Err::<(), _>(store::Error::Refused("no".into()))
    });
    failed.await.unwrap_err();
    assert_eq!(after(fixture, cursor).await, []);
}

async fn deleting_by_a_column_is_told(fixture: &Fixture) {
    let mut ids = Vec::new();
    for name in ["a", "b", "a"] {
        ids.push(fixture.insert(Person::named(name)).await.id);
    }
    let cursor = end(fixture).await;
    let deleted = fixture.write(|tx| tx.delete_where::<Person>("name", "a"));
    assert_eq!(deleted.await.unwrap(), 2);
    let told = after(fixture, cursor).await;
    let gone: Vec<_> = told.iter().map(|entry| entry.id).collect();
    assert_eq!(gone, [ids[0], ids[2]]);
    assert!(told.iter().all(|entry| entry.fate == Fate::Deleted));
}

async fn a_project_that_did_not_open_its_feed_keeps_nothing(fixture: &Fixture) {
    let insert = fixture.write(|tx| {
        let id = tx.insert(tx.new_id(), Person::named("a"))?.id;
        tx.insert(tx.new_id(), Person::named("b"))?;
        tx.delete::<Person>(id)
    });
    insert.await.unwrap();
    let read = fixture.store.read(PROJECT, |snapshot| {
        let ends = snapshot.feed_end::<Person>()?.is_some();
        let begins = snapshot.feed_beginning::<Person>()?.is_some();
        let later = store::Millis(i64::MAX);
        Ok::<_, store::Error>((ends, begins, snapshot.feed_older::<Person>(later, 9)?))
    });
    assert_eq!(read.await.unwrap(), (false, false, Vec::new()));
    let told = after(fixture, end(fixture).await).await;
    assert_eq!(told, [], "what was before is not told to who begins now");
}

async fn documents_that_always_change_do_not_hide_the_others(fixture: &Fixture) {
    const BUSY: u32 = 1_000; // as many as are numbered at once
    let id = |n: u32| ObjectId::from_parts(1_000_000 + n, [0; 8]);
    let cursor = end(fixture).await;
    let insert = fixture.write(move |tx| {
        (0..=BUSY).try_for_each(|n| tx.insert(id(n), Person::named("a")).map(drop))
    });
    insert.await.unwrap();
    let first = page(fixture, cursor, 1000).await.unwrap();
    assert!(first.is_unnumbered && first.entries.is_empty());
    assert!(number(fixture).await);
    let change =
        fixture.write(move |tx| (0..BUSY).try_for_each(|n| rename(tx, id(n), "b").map(drop)));
    change.await.unwrap();
    number(fixture).await;
    let told = page(fixture, cursor, 2000).await.unwrap();
    let told: Vec<_> = told.entries.iter().map(|entry| entry.id).collect();
    // The one where the numbering stopped comes with it.
    assert_eq!(told, [id(BUSY - 1), id(BUSY)]);
}
