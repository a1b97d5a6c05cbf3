//! Where a reader goes on.

use store::{FeedCursor, Millis};

use super::{after, end, number, page, rename};
use crate::fixture::Fixture;
use crate::schema::Person;

on_both_engines!(
    every_entry_says_where_to_go_on,
    the_end_moves_with_what_was_read,
    what_is_old_is_trimmed_and_its_cursors_are_refused,
    what_nobody_read_is_trimmed_too,
);

async fn every_entry_says_where_to_go_on(fixture: &Fixture) {
    let start = end(fixture).await;
    for _ in 0..3 {
        let insert = fixture.write(|tx| {
            (0..3).try_for_each(|_| tx.insert(tx.new_id(), Person::named("a")).map(drop))
        });
        insert.await.unwrap();
        number(fixture).await;
    }
    let told = after(fixture, start).await;
    assert_eq!(told.len(), 9);
    for (n, entry) in told.iter().enumerate() {
        let kept: FeedCursor = entry.cursor.to_string().parse().unwrap();
        assert_eq!(after(fixture, kept).await, told[n + 1..]);
    }
}

async fn the_end_moves_with_what_was_read(fixture: &Fixture) {
    let start = end(fixture).await;
    assert_eq!(page(fixture, start, 9).await.unwrap().next, start);
    fixture.insert(Person::named("a")).await;
    number(fixture).await;
    let read = page(fixture, start, 9).await.unwrap();
    assert_eq!((read.entries.len(), read.is_more), (1, false));
    assert_eq!(read.next, end(fixture).await);
    let full = page(fixture, start, 1).await.unwrap();
    assert_eq!((full.entries.len(), full.is_more), (1, true));
    assert_eq!(full.next, full.entries[0].cursor);
    let rest = page(fixture, full.next, 1).await.unwrap();
    assert_eq!((rest.entries.len(), rest.is_more), (0, false));
}

/// Trims what is older than so many milliseconds; returns how much.
async fn trim(fixture: &Fixture, age: i64) -> u64 {
    let trim = fixture.write(move |tx| {
        let before = Millis(tx.now().0 - age);
        let places = tx.feed_older::<Person>(before, 100)?;
        tx.trim_feed::<Person>(before, &places)
    });
    trim.await.unwrap()
}

async fn what_is_old_is_trimmed_and_its_cursors_are_refused(fixture: &Fixture) {
    let start = end(fixture).await;
    let old = fixture.insert(Person::named("old")).await.id;
    let busy = fixture.insert(Person::named("busy")).await.id;
    let told = after(fixture, start).await;
    let first = end(fixture).await;
    fixture.clock.advance(1000);
    let change = fixture.write(move |tx| rename(tx, busy, "new"));
    change.await.unwrap();
    let second = end(fixture).await;
    assert_eq!(trim(fixture, 1000).await, 0, "not older than that");
    assert_eq!(trim(fixture, 999).await, 1);
    for gone in [start, told[0].cursor] {
        assert_eq!(page(fixture, gone, 9).await, None, "{gone}");
    }
    assert_eq!(
        after(fixture, first).await.len(),
        1,
        "nothing is missed from here"
    );
    assert_eq!(after(fixture, second).await, []);
    // What was trimmed is told when it changes again.
    let change = fixture.write(move |tx| tx.delete::<Person>(old));
    change.await.unwrap();
    assert_eq!(after(fixture, second).await.len(), 1);
}

async fn what_nobody_read_is_trimmed_too(fixture: &Fixture) {
    let start = end(fixture).await;
    fixture.insert(Person::named("old")).await;
    fixture.insert(Person::named("older")).await;
    fixture.clock.advance(1000);
    assert_eq!(trim(fixture, 999).await, 2);
    assert_eq!(page(fixture, start, 9).await, None);
    let now = end(fixture).await;
    fixture.insert(Person::named("new")).await;
    assert_eq!(after(fixture, now).await.len(), 1);
    assert_eq!(trim(fixture, 0).await, 0);
}
