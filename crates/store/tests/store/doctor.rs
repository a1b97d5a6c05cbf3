//! Damage made by hand on the closed file: found, named, and mended where that is possible.

mod columns;
mod declared;
mod feed;
mod files;
mod identities;
mod references;
mod search;

use rusqlite::Connection;
use store::{ObjectId, Report, Result, SqliteConfig, Store, Tx, examine};
use tempfile::TempDir;

use crate::fixture::environment;
use crate::schema::{EMAIL, Note, PROJECT, Person, SCHEMA, Team, USER_ID};

const TEAM: ObjectId = ObjectId::from_bytes([1; 12]);
const ADA: ObjectId = ObjectId::from_bytes([2; 12]);
const BOB: ObjectId = ObjectId::from_bytes([3; 12]);
/// Ada and Bob have a note each under this id.
const NOTE: ObjectId = ObjectId::from_bytes([4; 12]);

/// A closed, healthy database of a team, two people and two notes.
struct Patient {
    _folder: TempDir,
    config: SqliteConfig,
}

impl Patient {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(folder.path().join("hark.db"));
        let patient = Self {
            _folder: folder,
            config,
        };
        patient.write(fill).await;
        patient.is_healthy();
        patient
    }

    fn open(&self) -> Store {
        Store::open_sqlite(&self.config, &SCHEMA, environment()).unwrap()
    }

    /// Opens the database for one unit of work.
    async fn write<T: Send + 'static>(
        &self,
        function: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        let written = self.open().write(PROJECT, function).await;
        written.unwrap()
    }

    /// The file, for the hand of the test.
    fn by_hand(&self) -> Connection {
        Connection::open(&self.config.file).unwrap()
    }

    /// Does damage: `?1` is Ada, `?2` Bob, `?3` an id that nothing has.
    fn damage(&self, sql: &str) -> usize {
        let connection = self.by_hand();
        let mut statement = connection.prepare(sql).unwrap();
        let ids = [ADA, BOB, ObjectId::from_bytes([99; 12])].map(|id| id.as_bytes().to_vec());
        let count = statement.parameter_count();
        statement
            .execute(rusqlite::params_from_iter(&ids[..count]))
            .unwrap()
    }

    fn examine(&self, repair: bool) -> Report {
        examine(&self.config, &SCHEMA, repair, &mut |_| {}).unwrap()
    }

    fn is_healthy(&self) {
        let report = self.examine(false);
        assert_eq!(
            (report.problems, report.documents, report.identities),
            (0, 5, 4),
            "{report:?}"
        );
    }

    /// The damage is named and, when asked for, mended; then nothing is wrong.
    fn is_mended(&self, named: &[&str]) {
        let found = self.examine(false);
        assert!(!found.is_clean());
        assert_eq!(found.repaired, 0, "only looked at: {found:?}");
        assert_eq!(self.examine(false), found, "looking changes nothing");
        let mended = self.examine(true);
        assert!(mended.is_clean(), "{mended:?}");
        for report in [found, mended] {
            for name in named {
                let says = |finding: &store::Finding| finding.problem.contains(name);
                assert!(report.findings.iter().any(says), "{name}: {report:?}");
            }
        }
        assert_eq!(self.examine(false).problems, 0, "{:?}", self.examine(false));
    }
}

fn fill(tx: &mut Tx<'_>) -> Result<()> {
    tx.insert(
        TEAM,
        Team {
            title: "those".into(),
        },
    )?;
    for (id, name) in [(ADA, "ada"), (BOB, "bob")] {
        let person = Person {
            name: Some(name.into()),
            score: Some(0.1),
            team: Some(TEAM),
            user_id: Some(name.into()),
            email: Some(format!("{name}@example.com")),
            ..Person::default()
        };
        tx.claim(USER_ID, name, id)?;
        tx.claim(EMAIL, &format!("{name}@example.com"), id)?;
        tx.insert(id, person)?;
        tx.append(NOTE, &Note::about(id, name))?;
    }
    Ok(())
}

fn more_people(tx: &mut Tx<'_>, count: u16) -> Result<()> {
    (0..count).try_for_each(|n| {
        let person = Person::named(&format!("person {n}"));
        tx.insert(tx.new_id(), person).map(drop)
    })
}
