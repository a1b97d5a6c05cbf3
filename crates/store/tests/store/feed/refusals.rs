//! Cursors of another feed, or of another past.

use store::{ObjectId, SqliteConfig, Store, backup, examine, restore};

use super::{after, end, page};
use crate::fixture::{Fixture, environment};
use crate::schema::{OTHER_PROJECT, PROJECT, Person, SCHEMA, Team};

on_both_engines!(
    a_cursor_of_another_project_is_not_known,
    a_cursor_of_what_is_to_come_is_not_known,
    documents_without_a_feed_say_so,
);

async fn a_cursor_of_another_project_is_not_known(fixture: &Fixture) {
    let own = end(fixture).await;
    fixture.insert(Person::named("a")).await;
    let before = fixture.store.read(OTHER_PROJECT, move |snapshot| {
        snapshot.feed::<Person>(&own, 9)
    });
    assert_eq!(before.await.unwrap(), None);
    let open = fixture
        .store
        .write(OTHER_PROJECT, |tx| tx.open_feed::<Person>());
    open.await.unwrap();
    let opened = fixture.store.read(OTHER_PROJECT, move |snapshot| {
        snapshot.feed::<Person>(&own, 9)
    });
    assert_eq!(opened.await.unwrap(), None);
    assert_eq!(after(fixture, own).await.len(), 1);
}

async fn a_cursor_of_what_is_to_come_is_not_known(fixture: &Fixture) {
    let text = end(fixture).await.to_string();
    let epoch = text.split_once('-').unwrap().0;
    let id = ObjectId::ZERO;
    for later in [
        format!("{epoch}-7"),
        format!("{epoch}-7-{id}"),
        format!("{epoch}-7-d{id}"),
    ] {
        assert_eq!(page(fixture, later.parse().unwrap(), 9).await, None);
    }
}

async fn documents_without_a_feed_say_so(fixture: &Fixture) {
    let opened = fixture.write(|tx| tx.open_feed::<Team>()).await;
    assert!(opened.unwrap_err().to_string().contains("team has no feed"));
}

/// What was told of a database that is no more may never happen in the one that takes its place.
#[tokio::test(flavor = "multi_thread")]
async fn all_begin_again_after_a_restore() {
    let fixture = Fixture::sqlite();
    let early = end(&fixture).await;
    fixture.insert(Person::named("kept")).await;
    let late = end(&fixture).await;
    let (file, copy) = (
        fixture.file(),
        fixture.file().with_file_name("copies/it.db"),
    );
    backup(&file, &copy, &SCHEMA).unwrap();
    fixture.store.close();
    restore(&copy, &file, &SCHEMA, store::Millis(7)).unwrap();

    let config = SqliteConfig::new(file);
    let store = Store::open_sqlite(&config, &SCHEMA, environment()).unwrap();
    let open = store.write(PROJECT, |tx| tx.open_feed::<Person>());
    open.await.unwrap();
    let pages = store.read(PROJECT, move |snapshot| {
        let beginning = snapshot.feed_beginning::<Person>()?.unwrap();
        Ok::<_, store::Error>([
            snapshot.feed::<Person>(&early, 9)?,
            snapshot.feed::<Person>(&late, 9)?,
            snapshot.feed::<Person>(&beginning, 9)?,
        ])
    });
    let [early, late, beginning] = pages.await.unwrap();
    assert_eq!((early, late), (None, None));
    assert_eq!(beginning.unwrap().entries.len(), 1);
    drop(store);
    assert!(
        examine(&config, &SCHEMA, false, &mut |_| {})
            .unwrap()
            .is_clean()
    );
}
