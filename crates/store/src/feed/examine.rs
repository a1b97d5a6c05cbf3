//! A feed against the documents, for `doctor`. What changed without a row cannot be known.

use super::{Fate, UNNUMBERED};
use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::{Collection, ObjectId, Result, Value};

/// Tells what differs between the feeds and the documents, one text each; mends it when asked to.
pub(crate) fn examine(
    conn: &Conn<'_>,
    feed: &str,
    collection: &Collection,
    repair: bool,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    wrong_fates(conn, feed, collection, repair, tell)?;
    beyond_heads(conn, feed, repair, tell)
}

fn wrong_fates(
    conn: &Conn<'_>,
    feed: &str,
    collection: &Collection,
    repair: bool,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    let table = collection.table;
    let sql = format!(
        "{EVERY_PROJECT}SELECT f.project, f.id, t.version FROM {feed} f JOIN {feed}_head h ON h.project = f.project \
         LEFT JOIN {table} t ON t.project = f.project AND t.id = f.id WHERE (f.fate = {}) <> (t.id IS NOT NULL)",
        Fate::<()>::PRESENT
    );
    let wrong: Vec<(ObjectId, ObjectId, bool)> = conn.query(&sql, &[], |row| {
        let version = row.value(2, crate::ColumnKind::Int)?;
        Ok((row.id(0)?, row.id(1)?, version != Value::Null))
    })?;
    let mend = format!(
        "UPDATE {feed} SET number = $1, fate = $2, heir = NULL WHERE project = $3 AND id = $4"
    );
    for (project, id, is_there) in wrong {
        let (fate, told) = if is_there {
            (Fate::Present(()), "is there")
        } else {
            (Fate::Deleted, "is gone")
        };
        if repair {
            let binds = [
                Value::Int(UNNUMBERED),
                Value::Int(fate.number()),
                project.into(),
                id.into(),
            ];
            conn.execute(&mend, &binds)?;
        }
        tell(format!(
            "{table} {id}: it {told}, and the feed says otherwise"
        ));
    }
    Ok(())
}

/// Whoever read up to the head would miss what is beyond it.
fn beyond_heads(
    conn: &Conn<'_>,
    feed: &str,
    repair: bool,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    let sql = format!(
        "{EVERY_PROJECT}SELECT h.project, max(f.number) FROM {feed} f JOIN {feed}_head h ON h.project = f.project \
         WHERE f.number > h.number GROUP BY h.project"
    );
    let beyond = conn.query(&sql, &[], |row| Ok((row.id(0)?, row.int(1)?)))?;
    let mend = format!("UPDATE {feed}_head SET number = $1 WHERE project = $2");
    for (project, number) in beyond {
        if repair {
            conn.execute(&mend, &[Value::Int(number), project.into()])?;
        }
        tell(format!(
            "{feed}: the feed of the project {project} has numbers beyond its head"
        ));
    }
    Ok(())
}
