//! Brings the rows of a part into the target.

use super::part::{Part, Row};
use super::side::Side;
use crate::conn::Conn;
use crate::search::Index;
use crate::{ObjectId, Result, Value};

/// Rows of one statement on PostgreSQL, where each costs a way to the server and back.
const ROWS_PER_STATEMENT: usize = 64;

/// Copies what the target does not have, and tells how many rows more there are.
pub(super) fn transfer(
    source: &Side,
    target: &Side,
    part: &Part,
    more: &mut dyn FnMut(u64),
) -> Result<()> {
    let mut last = target.with(|conn| part.last_key(conn))?;
    loop {
        let rows = source.with(|conn| part.read(conn, last.as_deref()))?;
        let Some(end) = rows.last() else {
            return Ok(());
        };
        target.in_transaction(|conn| write(conn, part, &rows))?;
        more(rows.len() as u64);
        last = Some(part.key_of(end).to_vec());
    }
}

fn write(conn: &Conn<'_>, part: &Part, rows: &[Row]) -> Result<()> {
    let at_once = match conn {
        Conn::Sqlite { .. } => 1,
        Conn::Postgres(_) => ROWS_PER_STATEMENT,
    };
    for some in rows.chunks(at_once) {
        conn.execute(&insert(part, some.len()), &some.concat())?;
    }
    index(conn, part, rows)
}

fn insert(part: &Part, rows: usize) -> String {
    let columns = part.columns.len();
    let row = |row: usize| {
        let places: Vec<_> = (1..=columns)
            .map(|n| format!("${}", row * columns + n))
            .collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        part.table,
        part.names(columns),
        rows.join(", ")
    )
}

/// Adds documents to the index of their search, by project.
fn index(conn: &Conn<'_>, part: &Part, rows: &[Row]) -> Result<()> {
    let Some(document) = part.searched else {
        return Ok(());
    };
    let (Some(name), Some(doc), Some(id)) =
        (document.search, part.position("doc"), part.position("id"))
    else {
        return Ok(());
    };
    for rows in rows.chunk_by(|a, b| a[0] == b[0]) {
        let Value::Id(project) = rows[0][0] else {
            continue;
        };
        let words = |row: &Row| -> Option<(ObjectId, _)> {
            let (Value::Id(id), Value::Json(json)) = (&row[id], &row[doc]) else {
                return None;
            };
            // What cannot be read is for `doctor` to name.
            Some((*id, (document.words)(json).ok()?))
        };
        let documents: Vec<_> = rows.iter().filter_map(words).collect();
        let index = Index {
            conn,
            project,
            name,
        };
        index.add_all(&documents)?;
    }
    Ok(())
}
