//! An index over documents that were there before it: built beside other work, and gone on with after a stop.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use store::{
    Collection, Document, Environment, Error, Migration, ObjectId, Registered, Result, Schema,
    SqliteConfig, Step, Store, Value, examine,
};

use super::search;
use crate::fixture::{environment, refused};
use crate::postgres;
use crate::schema::{DICTIONARY, OTHER_PROJECT, PROJECT};

/// A book, which the first version did not search.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Book<const VERSION: u8> {
    title: String,
}

static BOOKS: Collection = Collection {
    table: "book",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Book<1> {
    const COLLECTION: &'static Collection = &BOOKS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

impl Document for Book<2> {
    const COLLECTION: &'static Collection = &BOOKS;
    const SEARCH: Option<&'static str> = Some("book_search");

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }

    fn searched(&self) -> Vec<Cow<'_, str>> {
        vec![self.title.as_str().into()]
    }
}

const CREATE: Migration = Migration {
    version: 1,
    steps: &[Step::Create(&BOOKS)],
};

static FIRST: Schema = Schema {
    documents: &[Registered::of::<Book<1>>()],
    migrations: &[CREATE],
    dictionary: DICTIONARY,
};

static SECOND: Schema = Schema {
    documents: &[Registered::of::<Book<2>>()],
    migrations: &[
        CREATE,
        Migration {
            version: 2,
            steps: &[Step::AddSearch(&Registered::of::<Book<2>>())],
        },
    ],
    dictionary: DICTIONARY,
};

const BOOKS_COUNT: u32 = 1_500;

fn id(n: u32) -> ObjectId {
    ObjectId::from_parts(n, [9; 8])
}

fn book<const VERSION: u8>(n: u32) -> Book<VERSION> {
    Book {
        title: format!("book w{n}x"),
    }
}

async fn fill(store: &Store) {
    for project in [PROJECT, OTHER_PROJECT] {
        let fill = store.write(project, |tx| {
            (1..=BOOKS_COUNT).try_for_each(|n| tx.insert(id(n), book::<1>(n)).map(drop))
        });
        fill.await.unwrap();
    }
}

async fn found(store: &Store, project: ObjectId, text: &str) -> Result<Vec<ObjectId>> {
    let asked = search(text, BOOKS_COUNT * 2);
    let read = store.read(project, move |snapshot| snapshot.search::<Book<2>>(&asked));
    Ok(read.await?.iter().map(|row| row.id).collect())
}

/// While the index is built: one book changes, one goes, one comes.
async fn write_meanwhile(store: &Store) {
    let write = store.write(PROJECT, |tx| {
        let mut row = tx.get_for_update::<Book<2>>(id(700))?.expect("it is there");
        row.doc.title = "another title".into();
        tx.put(&mut row)?;
        tx.delete::<Book<2>>(id(800))?;
        tx.insert(id(9_999), book::<2>(9_999)).map(drop)
    });
    write.await.unwrap();
}

async fn is_complete(store: &Store) {
    let all = found(store, PROJECT, "book").await.unwrap();
    let expected: Vec<_> = (1..=BOOKS_COUNT)
        .chain([9_999])
        .rev()
        .filter(|n| ![700, 800].contains(n))
        .map(id)
        .collect();
    assert_eq!(all, expected);
    assert_eq!(found(store, PROJECT, "anoth").await.unwrap(), [id(700)]);
    for gone in ["w700x", "w800x"] {
        assert!(found(store, PROJECT, gone).await.unwrap().is_empty());
    }
    let theirs = found(store, OTHER_PROJECT, "w800x").await.unwrap();
    assert_eq!(theirs, [id(800)]);
    store.build_search().await.unwrap(); // there is nothing left
}

fn open(file: &Path, schema: &'static Schema, environment: Environment) -> Store {
    Store::open_sqlite(&SqliteConfig::new(file.into()), schema, environment).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_builds_and_goes_on_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let first = open(&file, &FIRST, environment());
    fill(&first).await;
    drop(first);

    // The third commit is the last that this process does.
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    let stopping = Environment {
        on_commit: Arc::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        }),
        ..environment()
    };
    let store = Arc::new(open(&file, &SECOND, stopping));
    for project in [PROJECT, OTHER_PROJECT] {
        let early = refused(found(&store, project, "book").await);
        assert!(matches!(early, Error::Building), "{early:?}");
    }
    let building = Arc::clone(&store);
    let building = tokio::spawn(async move { building.build_search().await });
    while commits.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    building.abort();
    let _ = building.await;
    write_meanwhile(&store).await;
    let half = refused(found(&store, OTHER_PROJECT, "book").await);
    assert!(matches!(half, Error::Building), "{half:?}");
    store.close();
    drop(store);
    let config = SqliteConfig::new(file.clone());
    let report = examine(&config, &SECOND, false, &mut |_| {}).unwrap();
    assert!(report.is_clean(), "half an index is sound: {report:?}");

    let store = open(&file, &SECOND, environment());
    store.build_search().await.unwrap();
    is_complete(&store).await;
    drop(store);
    let report = examine(&config, &SECOND, false, &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_builds_beside_writers() {
    let Some(home) = postgres::Home::make().await else {
        return;
    };
    let config = home.config();
    let first = Store::open_postgres(&config, &FIRST, environment());
    fill(&first.unwrap()).await;
    let second = || {
        let config = config.clone();
        tokio::task::spawn_blocking(move || {
            Store::open_postgres(&config, &SECOND, environment()).unwrap()
        })
    };
    let (one, two) = tokio::join!(second(), second());
    let (one, two) = (one.unwrap(), two.unwrap());
    let early = refused(found(&one, PROJECT, "book").await);
    assert!(matches!(early, Error::Building), "{early:?}");
    let (built, also_built, ()) = tokio::join!(
        one.build_search(),
        two.build_search(),
        write_meanwhile(&one)
    );
    built.unwrap();
    also_built.unwrap();
    is_complete(&two).await;
    drop((one, two));
    home.remove().await;
}
