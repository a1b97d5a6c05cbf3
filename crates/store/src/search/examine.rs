//! The index against its documents, for `doctor`.

use std::collections::HashMap;

use super::index::{Index, hash, term_start};
use super::{Words, build_some, create, leave_to_build, unbuilt};
use crate::conn::Conn;
use crate::rules::EVERY_PROJECT;
use crate::walk::Walk;
use crate::{ObjectId, Registered, Result};

/// The sum of the hashes of all words of each document, by its number: some 30 MB for a million of them.
type Sums = HashMap<i64, u64>;

/// Tells what differs between the index and the documents, one text each.
pub(crate) fn compare(
    conn: &Conn<'_>,
    name: &'static str,
    document: &Registered,
    tell: &mut dyn FnMut(String),
) -> Result<()> {
    let (table, mut sums) = (document.collection.table, sums(conn, name)?);
    let todo = format!("{EVERY_PROJECT}SELECT project, after FROM {name}_todo");
    let unbuilt = conn.query(&todo, &[], |row| Ok((row.id(0)?, row.id(1)?)))?;
    let unbuilt: HashMap<_, _> = unbuilt.into_iter().collect();
    let mut walk = Walk::over(document.collection);
    loop {
        let rows = walk.next(conn, "project, id, doc", |row, n| {
            Ok((row.id(n)?, row.id(n + 1)?, row.json(n + 2)))
        })?;
        if rows.is_empty() {
            break;
        }
        for (_, (project, id, json)) in rows {
            let index = Index {
                conn,
                project,
                name,
            };
            let place = index.place(id)?;
            let found = place.as_ref().map(|place| sums.remove(&place.number));
            let Ok(words) = json.and_then(|json| (document.words)(&json)) else {
                continue; // the document was named already
            };
            let is_right = match place {
                Some(place) => match conn {
                    Conn::Sqlite { .. } => found == Some(Some(sum(project, place.block, &words))),
                    Conn::Postgres(_) => index.has(id, &place, &words)?,
                },
                None => words.is_empty() || unbuilt.get(&project).is_some_and(|after| id > *after),
            };
            if !is_right {
                tell(format!(
                    "{table} {id}: the search does not find it by its words"
                ));
            }
        }
    }
    let gone = format!(
        "{EVERY_PROJECT}SELECT s.id FROM {name} s WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.project = s.project AND t.id = s.id)"
    );
    conn.query(&gone, &[], |row| {
        let id = row.id(0)?;
        tell(format!("{table} {id}: the search finds it, but it is gone"));
        Ok(())
    })?;
    if !sums.is_empty() {
        tell(format!(
            "{table}: the search has words of {} documents that it does not know",
            sums.len()
        ));
    }
    Ok(())
}

fn sum(project: ObjectId, block: i64, words: &Words) -> u64 {
    let start = term_start(project, block);
    let hashes = words
        .iter()
        .map(|word| hash(format!("{start}{word}").as_bytes()));
    hashes.fold(0, u64::wrapping_add)
}

fn sums(conn: &Conn<'_>, name: &str) -> Result<Sums> {
    if let Conn::Postgres(_) = conn {
        return Ok(Sums::new()); // the words stand beside each document
    }
    let vocabulary = format!(
        "CREATE VIRTUAL TABLE temp.{name}_vocabulary USING fts5vocab(main, {name}_words, instance)"
    );
    conn.execute(&vocabulary, &[])?;
    let mut sums = Sums::new();
    let sql = format!("SELECT term, doc FROM temp.{name}_vocabulary");
    conn.query(&sql, &[], |row| {
        let sum = sums.entry(row.int(1)?).or_default();
        *sum = sum.wrapping_add(hash(row.text(0)?.as_bytes()));
        Ok(())
    })?;
    conn.execute(&format!("DROP TABLE temp.{name}_vocabulary"), &[])?;
    Ok(sums)
}

/// Throws an index away and makes it of the documents.
pub(crate) fn make_again(conn: &Conn<'_>, name: &'static str, document: &Registered) -> Result<()> {
    let tables: &[&str] = match conn {
        Conn::Sqlite { .. } => &["", "_words", "_block", "_todo"],
        Conn::Postgres(_) => &["", "_block", "_todo"],
    };
    for table in tables {
        conn.execute(&format!("DROP TABLE {name}{table}"), &[])?;
    }
    create(conn, name)?;
    leave_to_build(conn, name, document.collection)?;
    for project in unbuilt(conn, name)? {
        while build_some(conn, project, name, document)? {}
    }
    Ok(())
}
