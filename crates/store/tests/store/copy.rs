//! Copies from one engine to the other and back: the same, whole, or refused.

mod refusals;

use std::path::Path;

use serde_json::json;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Copied, CopyProgress, Document, Error, IndexState, ObjectId, Place, Query, RawRow, Report,
    Result, Search, SqliteConfig, Store, Tx, copy,
};
use tempfile::TempDir;

use crate::fixture::{Fixture, environment, refused};
use crate::postgres;
use crate::schema::{EMAIL, Note, OTHER_PROJECT, PROJECT, Person, SCHEMA, Team, USER_ID};

/// More than a copy reads at once.
const PEOPLE: i64 = 600;

/// A database that is copied to.
struct Target {
    place: Place,
    _folder: TempDir,
    home: Option<postgres::Home>,
}

impl Target {
    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            place: sqlite(&folder.path().join("new/copy.db")),
            _folder: folder,
            home: None,
        }
    }

    /// `None` when no PostgreSQL is named.
    async fn postgres() -> Option<Self> {
        let home = postgres::Home::make().await?;
        Some(Self {
            place: Place::Postgres(home.config()),
            _folder: tempfile::tempdir().unwrap(),
            home: Some(home),
        })
    }

    async fn end(self) {
        if let Some(home) = self.home {
            home.remove().await;
        }
    }
}

fn sqlite(file: &Path) -> Place {
    Place::Sqlite(SqliteConfig::new(file.to_owned()))
}

fn open(place: &Place) -> Result<Store> {
    match place {
        Place::Sqlite(config) => Store::open_sqlite(config, &SCHEMA, environment()),
        Place::Postgres(config) => Store::open_postgres(config, &SCHEMA, environment()),
    }
}

fn examine(place: &Place) -> Report {
    let quiet = &mut |_| {};
    match place {
        Place::Sqlite(config) => store::examine(config, &SCHEMA, false, quiet),
        Place::Postgres(config) => store::examine_postgres(config, &SCHEMA, false, quiet),
    }
    .unwrap()
}

fn copied(from: &Place, to: &Place) -> Result<Copied> {
    copy(from, to, &SCHEMA, &mut |_| {})
}

/// People with everything that a person may have, in two projects.
async fn fill(fixture: &Fixture) {
    for project in [PROJECT, OTHER_PROJECT] {
        let unit = move |tx: &mut Tx<'_>| (0..PEOPLE).try_for_each(|n| person(tx, n));
        fixture.store.write(project, unit).await.unwrap();
        let declare = |at: &'static str| {
            let unit = move |tx: &mut Tx<'_>| {
                tx.declare_index::<Person>(&FieldPath::parse(at).unwrap(), 9)
            };
            fixture.store.write(project, unit)
        };
        declare("customData.plan").await.unwrap();
        fixture.store.build_declared().await.unwrap();
        declare("customData.seats").await.unwrap(); // and is left to build
    }
}

fn person(tx: &mut Tx<'_>, n: i64) -> Result<()> {
    let id = tx.new_id();
    let name = format!("person {n}");
    let custom = json!({"plan": if n % 3 == 0 { "pro" } else { "free" }, "seats": n, "text": "é\u{1f600}".repeat(200)});
    tx.claim(USER_ID, &name, id)?;
    tx.claim(EMAIL, &format!("{n}@example.com"), id)?;
    let mut row = tx.insert(
        id,
        Person {
            name: (n % 7 > 0).then(|| name.clone()),
            visits: n,
            score: (n % 2 == 0).then_some(n as f64 / 4.0),
            active: Some(n % 2 == 0),
            team: None,
            user_id: Some(name.clone()),
            email: Some(format!("{n}@example.com")),
            custom_data: custom.as_object().unwrap().clone(),
            ..Person::default()
        },
    )?;
    if n % 5 == 0 {
        tx.put(&mut row)?;
        tx.append(ObjectId::ZERO, &Note::about(id, &name))?;
        tx.insert(tx.new_id(), Team { title: name })?;
    }
    Ok(())
}

/// All that a store shows of a project.
#[derive(Debug, PartialEq)]
struct Shown {
    people: Vec<RawRow>,
    notes: Vec<RawRow>,
    teams: Vec<RawRow>,
    owners: Vec<Option<ObjectId>>,
    pro: Vec<ObjectId>,
    found: Vec<ObjectId>,
    declared: Vec<(String, IndexState, u64)>,
}

async fn shown(place: &Place, project: ObjectId) -> Shown {
    let store = open(place).unwrap();
    let read = store.read(project, |snapshot| {
        let all = Query {
            limit: 10_000,
            ..Query::default()
        };
        let pro = Query {
            filter: Filter::Eq(
                FieldPath::parse("customData.plan").unwrap(),
                Scalar::Text("pro".into()),
            ),
            examine_max: 0, // by the index alone
            ..all.clone()
        };
        let search = Search {
            text: "perso 59".into(),
            limit: 100,
            deadline: all.deadline,
        };
        let ids = |rows: Vec<RawRow>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
        let people = snapshot.page::<Person>(&all)?.rows;
        let mut found = ids(snapshot.search::<Person>(&search)?);
        found.sort();
        let owner = |n| {
            let of = snapshot.owner(USER_ID, &format!("person {n}"))?;
            assert_eq!(of, snapshot.owner(EMAIL, &format!("{n}@example.com"))?);
            Ok(of)
        };
        let declared = snapshot.declared_indexes::<Person>()?;
        // They all have the same id.
        let mut notes = snapshot.page::<Note>(&all)?.rows;
        notes.sort_by(|a, b| a.json.cmp(&b.json));
        Ok::<_, Error>(Shown {
            notes,
            teams: snapshot.page::<Team>(&all)?.rows,
            owners: (0..PEOPLE).map(owner).collect::<Result<_>>()?,
            pro: ids(snapshot.page::<Person>(&pro)?.rows),
            people,
            found,
            declared: (declared.iter())
                .map(|index| (index.path.to_string(), index.state, index.done))
                .collect(),
        })
    });
    let shown = read.await.unwrap();
    store.close();
    shown
}

async fn is_same(one: &Place, other: &Place) {
    for project in [PROJECT, OTHER_PROJECT] {
        let expected = shown(one, project).await;
        assert_eq!(expected.people.len(), PEOPLE as usize);
        assert_eq!(expected.notes.len(), 120);
        assert_eq!(expected.pro.len(), 200);
        assert_eq!(expected.found.len(), 11, "59, and 590 to 599");
        assert!(expected.owners.iter().all(Option::is_some));
        assert_eq!(expected, shown(other, project).await);
    }
    for place in [one, other] {
        let report = examine(place);
        assert!(report.problems == 0, "{place}: {report:?}");
    }
}

#[tokio::test]
async fn a_file_is_copied_to_postgres_and_back() {
    let Some(middle) = Target::postgres().await else {
        return;
    };
    let fixture = Fixture::sqlite();
    fill(&fixture).await;
    fixture.store.close();
    let first = copied(&fixture.place(), &middle.place).unwrap();
    assert_eq!(first.before, 0);
    is_same(&fixture.place(), &middle.place).await;
    let end = Target::sqlite();
    let second = copied(&middle.place, &end.place).unwrap();
    assert_eq!(second, first);
    is_same(&fixture.place(), &end.place).await;
    middle.end().await;
}

#[tokio::test]
async fn a_database_of_postgres_is_copied_to_another() {
    let (Some(fixture), Some(target)) = (Fixture::postgres().await, Target::postgres().await)
    else {
        return;
    };
    fill(&fixture).await;
    fixture.store.close();
    copied(&fixture.place(), &target.place).unwrap();
    is_same(&fixture.place(), &target.place).await;
    target.end().await;
    fixture.end().await;
}

/// What is declared and not built yet is built in the copy.
#[tokio::test]
async fn building_goes_on_in_the_copy() {
    let fixture = Fixture::sqlite();
    fill(&fixture).await;
    fixture.store.close();
    let target = Target::sqlite();
    copied(&fixture.place(), &target.place).unwrap();
    let store = open(&target.place).unwrap();
    store.build_declared().await.unwrap();
    let read = store.read(PROJECT, |snapshot| snapshot.declared_indexes::<Person>());
    let declared = read.await.unwrap();
    assert!(declared.iter().all(store::DeclaredIndex::is_ready));
    assert_eq!(declared.len(), 2);
}

#[tokio::test]
async fn a_copy_that_broke_off_goes_on_where_it_was() {
    let fixture = Fixture::sqlite();
    fill(&fixture).await;
    fixture.store.close();
    let targets = [Some(Target::sqlite()), Target::postgres().await];
    for target in targets.into_iter().flatten() {
        let mut steps = Vec::new();
        for stop in [1, 500, 1_000] {
            let broken = copy(&fixture.place(), &target.place, &SCHEMA, &mut |progress| {
                let CopyProgress::Copied(done, rows) = progress else {
                    panic!("it should have broken off");
                };
                assert!(done < rows);
                steps.push(done);
                if done >= stop {
                    // Broken off, without a message as of a fault.
                    std::panic::resume_unwind(Box::new("broken off"));
                }
            });
            assert!(matches!(broken, Err(Error::Panicked)), "{broken:?}");
            let fault = refused(open(&target.place)).to_string();
            assert!(fault.contains("was not finished"), "{fault}");
        }
        let last = *steps.last().unwrap();
        assert!(last >= 1_000);
        let whole = copied(&fixture.place(), &target.place).unwrap();
        assert_eq!(whole.before, last);
        is_same(&fixture.place(), &target.place).await;
        target.end().await;
    }
}

#[tokio::test]
async fn the_progress_ends_with_all_rows() {
    let fixture = Fixture::sqlite();
    fill(&fixture).await;
    fixture.store.close();
    let target = Target::sqlite();
    let mut told = Vec::new();
    let whole = copy(&fixture.place(), &target.place, &SCHEMA, &mut |progress| {
        told.push(progress);
    });
    let rows = whole.unwrap().rows;
    assert_eq!(told.first(), Some(&CopyProgress::Copied(0, rows)));
    assert!(told.contains(&CopyProgress::Copied(rows, rows)));
    assert_eq!(told.last(), Some(&CopyProgress::Compared(rows, rows)));
}

/// The rows of a kind of document, for tests that change one by hand.
async fn first<D: Document>(store: &Store) -> ObjectId {
    let read = store.read(PROJECT, |snapshot| {
        snapshot.page::<D>(&Query {
            limit: 10_000,
            ..Query::default()
        })
    });
    let rows = read.await.unwrap().rows;
    rows.last().unwrap().id
}
