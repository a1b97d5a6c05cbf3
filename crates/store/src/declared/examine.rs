//! Declared indexes against the documents, for `doctor`.

use std::collections::BTreeSet;

use super::tables::projects;
use super::write::{found, replace, rows_of};
use super::{DeclaredIndex, IndexState, all};
use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::{Collection, ObjectId, Result, Value};

/// Documents that are read before the next are.
const DOCUMENTS_PER_STEP: i64 = 1_000;

/// Tells what differs between the indexes and the documents, one text each; mends it when asked to.
pub(crate) fn examine(
    conn: &Conn<'_>,
    table: &'static str,
    collection: &Collection,
    repair: bool,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    for project in projects(conn, table)? {
        let mut indexes = all(conn, project, table)?;
        indexes.retain(DeclaredIndex::is_kept);
        Examined {
            conn,
            project,
            table,
            collection,
            repair,
        }
        .documents(&indexes, tell)?;
    }
    surplus(conn, table, collection, repair, tell)
}

struct Examined<'e> {
    conn: &'e Conn<'e>,
    project: ObjectId,
    table: &'static str,
    collection: &'e Collection,
    repair: bool,
}

impl Examined<'_> {
    fn documents(&self, indexes: &[DeclaredIndex], tell: &mut dyn FnMut(String)) -> Result<()> {
        let sql = format!(
            "SELECT id, doc FROM {} WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3",
            self.collection.table
        );
        let mut after = ObjectId::ZERO;
        loop {
            let binds = [
                self.project.into(),
                after.into(),
                Value::Int(DOCUMENTS_PER_STEP),
            ];
            let rows = self
                .conn
                .query(&sql, &binds, |row| Ok((row.id(0)?, row.json(1))))?;
            let Some((last, _)) = rows.last() else {
                return Ok(());
            };
            after = *last;
            for (id, json) in rows {
                // What cannot be read was named already.
                let Ok(expected) = json.and_then(|json| rows_of(&json, indexes)) else {
                    continue;
                };
                self.document(id, indexes, expected, tell)?;
            }
        }
    }

    fn document(
        &self,
        id: ObjectId,
        indexes: &[DeclaredIndex],
        expected: BTreeSet<(i64, crate::filter::Key)>,
        tell: &mut dyn FnMut(String),
    ) -> Result<()> {
        let (conn, project, table) = (self.conn, self.project, self.table);
        let found = found(conn, project, table, id)?;
        let differs = |index: &&DeclaredIndex| {
            let of = |(attribute, _): &&(i64, _)| *attribute == index.attribute;
            // An index that is being built has nothing yet of what comes after the last that was added.
            let is_to_come =
                !index.is_ready() && id > index.after && !found.iter().any(|row| of(&row));
            !is_to_come && !expected.iter().filter(of).eq(found.iter().filter(of))
        };
        for index in indexes.iter().filter(differs) {
            tell(format!(
                "{} {id}: the index of {} differs from its document",
                self.collection.table, index.path
            ));
            if self.repair {
                let one = std::slice::from_ref(index);
                let rows = expected.iter().filter(|row| row.0 == index.attribute);
                replace(conn, project, table, id, one, &rows.cloned().collect())?;
            }
        }
        Ok(())
    }
}

/// Rows of documents that are gone, and of indexes that nobody declared.
fn surplus(
    conn: &Conn<'_>,
    table: &str,
    collection: &Collection,
    repair: bool,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    // What is being removed is not kept any more.
    let surplus = format!(
        "NOT EXISTS (SELECT 1 FROM {table}_declared d WHERE d.project = a.project AND d.attribute = a.attribute \
         AND (d.state = {} OR EXISTS (SELECT 1 FROM {} t WHERE t.project = a.project AND t.id = a.id)))",
        IndexState::Dropping.number(),
        collection.table
    );
    let sql = format!(
        "{EVERY_PROJECT}SELECT a.id, count(*) FROM {table} a WHERE {surplus} GROUP BY a.project, a.id"
    );
    for (id, rows) in conn.query(&sql, &[], |row| Ok((row.id(0)?, row.int(1)?)))? {
        tell(format!(
            "{} {id}: {rows} rows of declared indexes are of what is gone",
            collection.table
        ));
    }
    if repair {
        conn.execute(
            &format!("{EVERY_PROJECT}DELETE FROM {table} AS a WHERE {surplus}"),
            &[],
        )?;
    }
    Ok(())
}
