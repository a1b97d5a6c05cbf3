//! From the first version of a schema to the second: a column, an index and a collection more.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use store::{
    Collection, ColumnKind, Document, Environment, Error, Index, Migration, Millis, ObjectId,
    Query, Registered, Result, Schema, Sort, SqliteConfig, Step, Store, SystemClock, Tx, Value,
    backup, restore,
};
use tokio::task::JoinSet;

use crate::fixture::{environment, refused};
use crate::postgres;
use crate::schema::{DICTIONARY, OTHER_PROJECT, PROJECT, column};

/// A parcel. Its collection in the first version knows only its place, in the second its weight as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parcel<const VERSION: u8> {
    place: String,
    weight: Option<i64>,
}

const PLACE: store::Column = column("place", "place", ColumnKind::Text);

static PARCELS_1: Collection = Collection {
    table: "parcel",
    columns: &[PLACE],
    indexes: &[],
    cluster: &["place"],
    references: &[],
};

static PARCELS_2: Collection = Collection {
    columns: &[PLACE, column("weight", "weight", ColumnKind::Int)],
    indexes: &[Index {
        name: "parcel_weight",
        columns: &["weight"],
        not_null: Some("weight"),
    }],
    ..PARCELS_1
};

impl Document for Parcel<1> {
    const COLLECTION: &'static Collection = &PARCELS_1;

    fn promoted(&self) -> Vec<Value> {
        vec![self.place.as_str().into()]
    }
}

impl Document for Parcel<2> {
    const COLLECTION: &'static Collection = &PARCELS_2;

    fn promoted(&self) -> Vec<Value> {
        vec![self.place.as_str().into(), self.weight.into()]
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Van {}

static VANS: Collection = Collection {
    table: "van",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Van {
    const COLLECTION: &'static Collection = &VANS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

static FIRST: Schema = Schema {
    documents: &[Registered::of::<Parcel<1>>()],
    migrations: &[Migration {
        version: 1,
        steps: &[Step::Create(&PARCELS_1)],
    }],
    dictionary: DICTIONARY,
};

/// As a program of the second version has it: the first step makes the collection as it is now.
static SECOND: Schema = Schema {
    documents: &[Registered::of::<Parcel<2>>(), Registered::of::<Van>()],
    migrations: &[
        Migration {
            version: 1,
            steps: &[Step::Create(&PARCELS_2)],
        },
        Migration {
            version: 2,
            steps: &[
                Step::AddColumn(&Registered::of::<Parcel<2>>(), "weight"),
                Step::AddIndex(&PARCELS_2, "parcel_weight"),
                Step::Create(&VANS),
            ],
        },
    ],
    dictionary: DICTIONARY,
};

const PARCELS: u16 = 2_500;

/// Parcels of two projects, more than are filled at a time; those of two places share their ids.
async fn fill(store: &Store) {
    for project in [PROJECT, OTHER_PROJECT] {
        let fill = store.write(project, |tx| {
            (0..PARCELS).try_for_each(|n| tx.append(id(n / 2), &parcel(n)).map(drop))
        });
        fill.await.unwrap();
    }
}

fn id(n: u16) -> ObjectId {
    ObjectId::from_parts(n.into(), [7; 8])
}

fn parcel(n: u16) -> Parcel<1> {
    Parcel {
        place: if n.is_multiple_of(2) {
            "north"
        } else {
            "south"
        }
        .into(),
        weight: (!n.is_multiple_of(3)).then_some(n.into()),
    }
}

/// The new column is filled: it sorts, and says of each parcel what its document says.
async fn is_migrated(store: &Store) {
    for project in [PROJECT, OTHER_PROJECT] {
        let heaviest = Query {
            sort: vec![Sort {
                path: "weight".into(),
                descending: true,
            }],
            limit: u32::from(PARCELS),
            ..Query::default()
        };
        let page = store.read(project, move |snapshot| {
            snapshot.page::<Parcel<2>>(&heaviest)
        });
        let weights: Vec<Option<i64>> = page
            .await
            .unwrap()
            .rows
            .iter()
            .map(|row| row.parse::<Parcel<2>>().unwrap().weight)
            .collect();
        let mut expected: Vec<_> = (0..PARCELS).map(|n| parcel(n).weight).collect();
        expected.sort_by_key(|weight| (weight.is_none(), weight.map(std::cmp::Reverse)));
        assert_eq!(weights, expected);
        let vans = store.read(project, |snapshot| {
            snapshot.count::<Van>(&Query::default(), 1)
        });
        assert_eq!(vans.await.unwrap(), 0);
    }
}

fn open(file: &Path, schema: &'static Schema) -> Result<Store> {
    Store::open_sqlite(&SqliteConfig::new(file.into()), schema, environment())
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_goes_from_the_first_version_to_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let first = open(&file, &FIRST).unwrap();
    fill(&first).await;
    drop(first);

    let second = open(&file, &SECOND).unwrap();
    is_migrated(&second).await;
    drop(second);
    let report = store::examine(
        &SqliteConfig::new(file.clone()),
        &SECOND,
        false,
        &mut |_| {},
    );
    let report = report.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.documents, 2 * u64::from(PARCELS));

    refused(open(&file, &FIRST)); // the old program
    drop(open(&file, &SECOND).unwrap());
    let copies: Vec<_> = std::fs::read_dir(folder.path().join("backups"))
        .unwrap()
        .collect();
    assert_eq!(
        copies.len(),
        1,
        "copied before the migration, and only then"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_made_before_a_migration_brings_the_first_version_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let first = open(&file, &FIRST).unwrap();
    fill(&first).await;
    drop(first);
    drop(open(&file, &SECOND).unwrap());

    let copies = std::fs::read_dir(folder.path().join("backups")).unwrap();
    let copy = copies.last().unwrap().unwrap().path();
    let name = copy.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("before-migration-from-1-at-2026-"),
        "{name}"
    );
    restore(&copy, &file, &FIRST, Millis(0)).unwrap();
    let first = open(&file, &FIRST).unwrap();
    let count = first.read(PROJECT, |snapshot| {
        snapshot.count::<Parcel<1>>(&Query::default(), 10_000)
    });
    let count = count.await.unwrap();
    assert_eq!(count, u64::from(PARCELS));
}

#[test]
fn nothing_is_migrated_when_the_copy_before_it_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    drop(open(&file, &FIRST).unwrap());
    std::fs::write(folder.path().join("backups"), "in the way").unwrap();
    refused(open(&file, &SECOND));
    drop(open(&file, &FIRST).unwrap());
}

/// What SQLite says of all tables and indexes. The order in which columns were added does not count as a difference
/// in the text of a table, so tables are compared by their columns.
fn shape(file: &Path) -> Vec<String> {
    let connection = Connection::open(file).unwrap();
    let mut shape = Vec::new();
    for sql in [
        "SELECT concat_ws(' ', m.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden, l.wr) \
         FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c JOIN pragma_table_list(m.name) l \
         WHERE m.type = 'table' ORDER BY m.name, c.cid",
        "SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema WHERE type <> 'table' ORDER BY type, name",
        "SELECT application_id || ' ' || user_version FROM pragma_application_id, pragma_user_version",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let lines = statement.query_map([], |row| row.get(0)).unwrap();
        shape.extend(lines.map(Result::unwrap).collect::<Vec<String>>());
    }
    shape
}

#[test]
fn a_migrated_database_is_as_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let [migrated, fresh] = ["migrated.db", "fresh.db"].map(|name| folder.path().join(name));
    drop(open(&migrated, &FIRST).unwrap());
    let before = shape(&migrated);
    drop(open(&migrated, &SECOND).unwrap());
    drop(open(&fresh, &SECOND).unwrap());
    assert_eq!(shape(&migrated), shape(&fresh));
    assert_ne!(shape(&migrated), before);
    let has = |line: &str| shape(&fresh).iter().any(|known| known.starts_with(line));
    for line in [
        "parcel 7 weight INTEGER 0",
        "van 0 project BLOB 1",
        "index parcel_weight",
        "identity 3 owner",
    ] {
        assert!(has(line), "{line}: {:#?}", shape(&fresh));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_goes_from_the_first_version_to_the_second() {
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
    // Nodes that start at once: one migrates, the others wait and find it done.
    let (one, two) = tokio::join!(second(), second());
    is_migrated(&one.unwrap()).await;
    is_migrated(&two.unwrap()).await;
    let old = Store::open_postgres(&config, &FIRST, environment());
    assert!(matches!(refused(old), Error::Refused(_)));
    home.remove().await;
}

/// With the clock of the machine, which is that of the database.
fn of_now() -> Environment {
    Environment {
        clock: Arc::new(SystemClock),
        ..environment()
    }
}

/// As nodes are replaced one after the other: those of the first version write while one of the second starts, and after it did. None of
/// them sees an error, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_both_versions_work_side_by_side() {
    let Some(home) = postgres::Home::make().await else {
        return;
    };
    let config = home.config();
    let first = Arc::new(Store::open_postgres(&config, &FIRST, of_now()).unwrap());
    fill(&first).await;
    let ends = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for number in 0..4 {
        writers.spawn(write_until::<1>(
            Arc::clone(&first),
            number,
            Arc::clone(&ends),
        ));
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let open = {
        let config = config.clone();
        move || Store::open_postgres(&config, &SECOND, of_now()).unwrap()
    };
    let second = Arc::new(tokio::task::spawn_blocking(open).await.unwrap());
    for number in 4..6 {
        writers.spawn(write_until::<2>(
            Arc::clone(&second),
            number,
            Arc::clone(&ends),
        ));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    ends.store(true, Ordering::SeqCst);
    let written: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    first.close();

    let filled = second.fill_again().await.unwrap();
    assert!(filled > 0, "the first version does not know the column");
    assert_eq!(second.fill_again().await.unwrap(), 0);
    for (id, weight) in written {
        let found = second.read(PROJECT, move |snapshot| snapshot.get::<Parcel<2>>(id));
        assert_eq!(found.await.unwrap().unwrap().doc.weight, Some(weight));
    }
    second.close();
    let report = store::examine_postgres(&config, &SECOND, false, &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
    home.remove().await;
}

/// Makes parcels, and makes each of them heavier; gives their weights.
async fn write_until<const VERSION: u8>(
    store: Arc<Store>,
    number: u8,
    ends: Arc<AtomicBool>,
) -> Vec<(ObjectId, i64)>
where
    Parcel<VERSION>: Document,
{
    let mut written = Vec::new();
    for n in 0.. {
        if ends.load(Ordering::SeqCst) {
            break;
        }
        let id = ObjectId::from_parts(1_000_000 + n, [number; 8]);
        let insert = move |tx: &mut Tx<'_>| {
            let parcel = Parcel::<VERSION> {
                place: "west".into(),
                weight: None,
            };
            tx.insert(id, parcel).map(drop)
        };
        store.write(PROJECT, insert).await.unwrap();
        let weight = i64::from(n) + 1;
        let update = move |tx: &mut Tx<'_>| {
            let mut row = tx
                .get_for_update::<Parcel<VERSION>>(id)?
                .expect("it is there");
            row.doc.weight = Some(weight);
            tx.put(&mut row)
        };
        store.write(PROJECT, update).await.unwrap();
        written.push((id, weight));
    }
    written
}

/// A migration that waits for a table has all wait that come after it: it does so for a moment at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_does_not_hold_up_others_while_it_waits() {
    let Some(home) = postgres::Home::make().await else {
        return;
    };
    let config = home.config();
    let first = Store::open_postgres(&config, &FIRST, of_now()).unwrap();
    fill(&first).await;
    let other = home.client().await;
    let hold = "BEGIN; UPDATE parcel SET version = version";
    other.batch_execute(hold).await.unwrap();
    let open = move || Store::open_postgres(&config, &SECOND, of_now()).unwrap();
    let second = tokio::task::spawn_blocking(open);
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for n in 0.. {
        if began.elapsed() > Duration::from_secs(5) {
            break;
        }
        let asked = Instant::now();
        let insert = move |tx: &mut Tx<'_>| {
            let id = ObjectId::from_parts(1_000_000 + n, [0; 8]);
            tx.insert(id, parcel(1)).map(drop)
        };
        first.write(PROJECT, insert).await.unwrap();
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    assert!(!second.is_finished(), "it waits for the table");
    other.batch_execute("ROLLBACK").await.unwrap();
    let second = second.await.unwrap();
    first.close();
    second.fill_again().await.unwrap();
    second.close();
    home.remove().await;
}

#[test]
fn a_copy_of_the_first_version_is_a_good_copy_to_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let [file, copy] = ["test.db", "copy.db"].map(|name| folder.path().join(name));
    drop(open(&file, &FIRST).unwrap());
    backup(&file, &copy, &SECOND).unwrap();
    drop(open(&file, &SECOND).unwrap());
    let newer = folder.path().join("newer.db");
    assert!(matches!(
        refused(backup(&file, &newer, &FIRST)),
        Error::Refused(_)
    ));
    let elsewhere = folder.path().join("elsewhere/test.db");
    restore(&copy, &elsewhere, &SECOND, Millis(0)).unwrap();
    drop(open(&elsewhere, &SECOND).unwrap());
}
