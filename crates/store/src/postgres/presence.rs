//! Who uses a database: each node holds a shared lock as long as it listens to the others, and who wants it for himself asks for it alone.

use std::time::{Duration, Instant};

use crate::Result;
use crate::conn::Conn;

/// Taken of the table `hark_schema`, so that each schema of a database has its own.
const LOCK: i32 = 0x4841_524B;

/// What a node says on the connection on which it listens. Not waited for: it only tells others.
pub(super) fn here() -> String {
    format!("SELECT pg_try_advisory_lock_shared({LOCK}, to_regclass('hark_schema')::oid::int)")
}

/// How long a database is asked for. Of a connection that ended, such as that of a server that was just stopped or of a copy that broke
/// off, PostgreSQL knows only when its process for it has looked.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the database for this connection alone, as long as it lasts; `false` when a node uses it. Behind a pooler in transaction mode,
/// nodes do not listen, and are not seen.
pub(crate) fn take_alone(conn: &Conn<'_>) -> Result<bool> {
    let since = Instant::now();
    while !try_alone(conn)? {
        if since.elapsed() >= PATIENCE {
            return Ok(false);
        }
        std::thread::sleep(PAUSE);
    }
    Ok(true)
}

fn try_alone(conn: &Conn<'_>) -> Result<bool> {
    let sql = format!(
        "SELECT pg_try_advisory_lock({LOCK}, to_regclass('hark_schema')::oid::int)::int::bigint"
    );
    Ok(conn.first(&sql, &[], |row| row.int(0))? == Some(1))
}
