//! Writing down what a unit changed, at the end of its transaction.

use std::collections::BTreeMap;

use super::{Fate, UNNUMBERED};
use crate::conn::Conn;
use crate::{Millis, ObjectId, Result, Value};

/// What became of documents, by feed and project.
#[derive(Debug, Default)]
pub(crate) struct Written(BTreeMap<(&'static str, ObjectId), Documents>);

type Documents = BTreeMap<ObjectId, (Fate<()>, Millis)>;

impl Written {
    /// Notes what became of a document of a project; the last word counts.
    pub fn note(
        &mut self,
        feed: &'static str,
        (project, id): (ObjectId, ObjectId),
        fate: Fate<()>,
        at: Millis,
    ) {
        let documents = self.0.entry((feed, project)).or_default();
        documents.insert(id, (fate, at));
    }

    /// Adds what a later unit changed.
    pub fn append(&mut self, later: Self) {
        for (place, mut documents) in later.0 {
            self.0.entry(place).or_default().append(&mut documents);
        }
    }

    /// Writes it, in the order of the ids, so that no two units wait for each other.
    pub fn write(self, conn: &Conn<'_>) -> Result<()> {
        for ((feed, project), documents) in self.0 {
            let count = documents.len();
            let sql = upsert(feed);
            for (n, (id, (fate, at))) in documents.into_iter().enumerate() {
                conn.later(&sql, binds(project, id, &fate, at))?;
                // The statement above holds the table: a feed that is not open now stays so until the commit.
                if n == 0 && count > 1 && !is_open(conn, project, feed)? {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// A change that nobody has read since the last one is written already. Without a head nothing is written.
fn upsert(feed: &str) -> String {
    format!(
        "INSERT INTO {feed} (project, id, number, fate, heir, at) \
         SELECT h.project, $1, {UNNUMBERED}, $2, $3, $4 FROM {feed}_head h WHERE h.project = $5 \
         ON CONFLICT (project, id) DO UPDATE SET number = excluded.number, fate = excluded.fate, heir = excluded.heir, at = excluded.at \
         WHERE {feed}.number <> {UNNUMBERED} OR {feed}.fate <> {present} OR excluded.fate <> {present}",
        present = Fate::<()>::PRESENT
    )
}

fn binds(project: ObjectId, id: ObjectId, fate: &Fate<()>, at: Millis) -> Vec<Value> {
    vec![
        id.into(),
        Value::Int(fate.number()),
        fate.heir(),
        at.into(),
        project.into(),
    ]
}

fn is_open(conn: &Conn<'_>, project: ObjectId, feed: &str) -> Result<bool> {
    let sql = format!("SELECT number FROM {feed}_head WHERE project = $1");
    let head = conn.first(&sql, &[project.into()], |row| row.int(0))?;
    Ok(head.is_some())
}
