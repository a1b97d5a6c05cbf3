//! What is not copied, and what is not copied to.

use std::sync::Arc;
use std::time::Duration;

use store::{Place, SqliteConfig};

use super::*;

fn fault(from: &Place, to: &Place) -> String {
    refused(copied(from, to)).to_string()
}

async fn source() -> Fixture {
    let fixture = Fixture::sqlite();
    fixture.insert(Person::named("ada")).await;
    fixture.store.close();
    fixture
}

/// A database that a server uses, as others see.
async fn served() -> Option<Fixture> {
    let served = Fixture::postgres_with(|config| config.listens = true).await?;
    let client = served.client().await;
    let here = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = to_regclass('hark_schema')::oid";
    while client.query_one(here, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some(served)
}

#[tokio::test]
async fn what_is_no_database_is_not_copied() {
    let (fixture, target) = (source().await, Target::sqlite());
    let missing = sqlite(&fixture.file().with_file_name("missing.db"));
    assert!(
        fault(&missing, &target.place)
            .contains("missing.db is not there: name the database to copy with --from")
    );
    let itself = fault(&fixture.place(), &fixture.place());
    assert!(itself.contains("cannot be copied to itself"), "{itself}");
    let empty = fixture.file().with_file_name("empty.db");
    std::fs::write(&empty, "").unwrap();
    let none = fault(&sqlite(&empty), &target.place);
    assert!(none.contains("is no database of Hark"), "{none}");
    if let Some(empty) = Target::postgres().await {
        let none = fault(&empty.place, &target.place);
        assert!(none.contains("is no database of Hark"), "{none}");
        empty.end().await;
    }
}

#[tokio::test]
async fn nothing_is_copied_over_documents() {
    let fixture = source().await;
    let targets = [Some(Fixture::sqlite()), Fixture::postgres().await];
    for target in targets.into_iter().flatten() {
        let kept = target.insert(Person::named("bob")).await;
        target.store.close();
        let filled = fault(&fixture.place(), &target.place());
        assert!(filled.contains("holds documents already"), "{filled}");
        let store = open(&target.place()).unwrap();
        let read = store.read(PROJECT, move |snapshot| snapshot.get::<Person>(kept.id));
        assert!(read.await.unwrap().is_some());
        store.close();
        target.end().await;
    }
}

/// A server was started over it, and nothing was done: that is empty too.
#[tokio::test]
async fn a_database_without_documents_is_copied_to() {
    let fixture = source().await;
    let targets = [Some(Fixture::sqlite()), Fixture::postgres().await];
    for target in targets.into_iter().flatten() {
        target.store.close();
        assert_eq!(copied(&fixture.place(), &target.place()).unwrap().rows, 1);
        target.end().await;
    }
}

#[tokio::test]
async fn a_copy_of_another_database_is_not_gone_on_with() {
    let (one, other) = (source().await, source().await);
    let target = Target::sqlite();
    let broken = copy(&one.place(), &target.place, &SCHEMA, &mut |_| {
        panic!("broken off here")
    });
    assert!(matches!(broken, Err(Error::Panicked)));
    let wrong = fault(&other.place(), &target.place);
    assert!(wrong.contains(&one.place().to_string()), "{wrong}");
    assert!(wrong.contains("--from"), "{wrong}");
    copied(&one.place(), &target.place).unwrap();
}

/// The names of tables are those of the schema: an unfinished copy is no source either.
#[tokio::test]
async fn an_unfinished_copy_is_not_copied() {
    let (fixture, target) = (source().await, Target::sqlite());
    let broken = copy(&fixture.place(), &target.place, &SCHEMA, &mut |_| {
        panic!("broken off here")
    });
    assert!(matches!(broken, Err(Error::Panicked)));
    let unfinished = fault(&target.place, &Target::sqlite().place);
    assert!(unfinished.contains("was not finished"), "{unfinished}");
}

#[tokio::test]
async fn what_was_written_meanwhile_is_found_by_the_comparison() {
    let fixture = Fixture::sqlite();
    fill(&fixture).await;
    fixture.store.close();
    let target = Target::sqlite();
    let broken = copy(&fixture.place(), &target.place, &SCHEMA, &mut |progress| {
        assert!(!matches!(progress, CopyProgress::Compared(..)));
    });
    assert!(matches!(broken, Err(Error::Panicked)), "all was copied");
    let store = open(&fixture.place()).unwrap();
    let (id, note) = (first::<Person>(&store).await, first::<Note>(&store).await);
    let change = move |tx: &mut Tx<'_>| {
        let mut row = tx.get_for_update::<Person>(id)?.unwrap();
        row.doc.visits += 1;
        tx.put(&mut row)?;
        tx.delete::<Note>(note).map(drop)
    };
    store.write(PROJECT, change).await.unwrap();
    store.close();
    let differs = fault(&fixture.place(), &target.place);
    assert!(
        differs.contains("remove the copy and begin again"),
        "{differs}"
    );
    let project = format!("of project {PROJECT}");
    assert!(
        differs.contains(&format!("person {project}: 600 rows in the source, 600")),
        "{differs}"
    );
    assert!(differs.contains("of other content"), "{differs}");
    assert!(
        differs.contains(&format!(
            "note {project}: 0 rows in the source, 120 in the copy"
        )),
        "{differs}"
    );
    let fault = refused(open(&target.place)).to_string();
    assert!(fault.contains("was not finished"), "{fault}");
}

#[tokio::test]
async fn a_file_that_a_process_has_open_is_left_alone() {
    let (open, closed) = (Fixture::sqlite(), source().await);
    let from = fault(&open.place(), &Target::sqlite().place);
    assert!(from.contains("another process has"), "{from}");
    let to = fault(&closed.place(), &open.place());
    assert!(to.contains("another process has"), "{to}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_postgres_that_a_server_uses_is_left_alone() {
    let Some(served) = served().await else {
        return;
    };
    let from = fault(&served.place(), &Target::sqlite().place);
    assert!(from.contains("a server uses"), "{from}");
    let to = fault(&source().await.place(), &served.place());
    assert!(to.contains("a server uses"), "{to}");
    served.store.close();
    served.end().await;
}

/// A server that is just being stopped is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_postgres_that_a_server_leaves_is_copied() {
    let Some(served) = served().await else {
        return;
    };
    served.insert(Person::named("ada")).await;
    let server = Arc::clone(&served.store);
    let leaving = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        server.close();
    });
    let target = Target::sqlite();
    copied(&served.place(), &target.place).unwrap();
    leaving.join().unwrap();
    served.end().await;
}

/// Behind a pooler servers are not seen, but what they write is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_postgres_that_is_written_to_is_not_copied() {
    let Some(fixture) = Fixture::postgres().await else {
        return;
    };
    fixture.insert(Person::named("ada")).await;
    let mut client = fixture.client().await;
    let writing = client.transaction().await.unwrap();
    writing
        .execute("UPDATE person SET version = 2", &[])
        .await
        .unwrap();
    let written = fault(&fixture.place(), &Target::sqlite().place);
    assert!(written.contains("something writes to"), "{written}");
    writing.rollback().await.unwrap();
    fixture.end().await;
}

/// A newer program wrote it, or an older one.
#[tokio::test]
async fn a_database_of_another_version_is_not_copied() {
    for (version, told) in [(2, "use the newer program"), (0, "is no database of Hark")] {
        let fixture = source().await;
        let connection = rusqlite::Connection::open(fixture.file()).unwrap();
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        drop(connection);
        let from = Place::Sqlite(SqliteConfig::new(fixture.file()));
        let other = fault(&from, &Target::sqlite().place);
        assert!(other.contains(told), "{other}");
    }
}
