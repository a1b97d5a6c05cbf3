//! Building an index over documents that were there before it, some at a time, beside all other work.

use super::Index;
use crate::conn::Conn;
use crate::{ObjectId, Registered, Result, Value};

/// Documents that one unit of work adds.
const DOCUMENTS_PER_UNIT: i64 = 200;

/// Adds the next documents of a project; returns whether there may be more.
pub(crate) fn build_some(
    conn: &Conn<'_>,
    project: ObjectId,
    name: &'static str,
    document: &Registered,
) -> Result<bool> {
    let lock = if conn.locks_rows() { " FOR UPDATE" } else { "" };
    let todo = format!("SELECT after FROM {name}_todo WHERE project = $1{lock}");
    let Some(after) = conn.first(&todo, &[project.into()], |row| row.id(0))? else {
        return Ok(false);
    };
    // Locked, so that none is deleted or changed before its words are there.
    let sql = format!(
        "SELECT id, doc FROM {} WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3{lock}",
        document.collection.table
    );
    let binds = [project.into(), after.into(), Value::Int(DOCUMENTS_PER_UNIT)];
    let rows = conn.query(&sql, &binds, |row| Ok((row.id(0)?, row.json(1))))?;
    let Some((last, _)) = rows.last() else {
        let done = format!("DELETE FROM {name}_todo WHERE project = $1");
        conn.execute(&done, &[project.into()])?;
        return Ok(false);
    };
    let last = *last;
    let index = Index {
        conn,
        project,
        name,
    };
    for (id, json) in rows {
        // What cannot be read is for `doctor` to name.
        if let Ok(words) = json.and_then(|json| (document.words)(&json))
            && index.place(id)?.is_none()
        {
            index.add(id, &words)?;
        }
    }
    let progress = format!("UPDATE {name}_todo SET after = $1 WHERE project = $2");
    conn.execute(&progress, &[last.into(), project.into()])?;
    Ok(true)
}
