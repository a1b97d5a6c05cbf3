//! Who uses a database: each node holds a shared lock as long as it listens to the others, and who wants it for himself asks for it alone.

use crate::Result;
use crate::conn::Conn;

/// Taken of the table `hark_schema`, so that each schema of a database has its own.
const LOCK: i32 = 0x4841_524B;

/// What a node says on the connection on which it listens. Not waited for: it only tells others.
pub(super) fn here() -> String {
    format!("SELECT pg_try_advisory_lock_shared({LOCK}, to_regclass('hark_schema')::oid::int)")
}

/// Takes the database for this connection alone, as long as it lasts; `false` when a node uses it. Behind a pooler in transaction mode,
/// nodes do not listen, and are not seen.
pub(crate) fn try_alone(conn: &Conn<'_>) -> Result<bool> {
    let sql = format!(
        "SELECT pg_try_advisory_lock({LOCK}, to_regclass('hark_schema')::oid::int)::int::bigint"
    );
    Ok(conn.first(&sql, &[], |row| row.int(0))? == Some(1))
}
