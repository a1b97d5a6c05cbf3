//! What is done before the first unit: the schema, and how many connections there may be.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio::runtime::Handle;

use super::link::Link;
use super::{citus, shared};
use crate::conn::Conn;
use crate::{Error, Result, Schema, copy, migrate};

/// All nodes take this lock before they look at the schema version.
const MIGRATION_LOCK: i64 = 0x4841_524B;

/// The oldest version of PostgreSQL that is tested.
const VERSION_MIN: i64 = 150_000;

/// The version of the schema, and the number of writes of projects.
const OWN_TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS hark_schema (version BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS hark_writes (project BYTEA PRIMARY KEY, number BIGINT NOT NULL)",
];

/// What a node takes of the connections that the server allows: four nodes have room.
const SHARE: i64 = 4;
const CONNECTIONS_MIN: i64 = 2;
const CONNECTIONS_MAX: i64 = 32;

/// How long a migration waits for a table that others use. Whoever wants it next waits as long, so it is not long.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// Others have their turn before the migration tries again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it tries: for some two minutes.
const ATTEMPTS_MAX: u32 = 60;

/// Whichever node starts first migrates; the others wait for it. Nodes of the older version go on working meanwhile: what they hold is
/// waited for a moment at a time, and a deadlock with one of them is not the end.
pub(super) fn migrate(link: &Link<'_>, schema: &Schema) -> Result<()> {
    refuse_older_server(link)?;
    for _ in 1..ATTEMPTS_MAX {
        match try_migrate(link, schema) {
            Err(error) if error.is_transient() => {
                tracing::info!(%error, "the database is in use: the migration tries again");
                link.command("ROLLBACK")?;
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
    try_migrate(link, schema)
}

fn try_migrate(link: &Link<'_>, schema: &Schema) -> Result<()> {
    link.command("BEGIN")?;
    link.command(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    link.command(&format!(
        "SET LOCAL lock_timeout = {}",
        LOCK_WAIT.as_millis()
    ))?;
    let conn = Conn::Postgres(link);
    copy::refuse_unfinished(&conn)?;
    bring_up(&conn, schema)?;
    link.command("COMMIT")
}

/// Brings the schema of the database up to that of the program, in the transaction of the connection.
pub(crate) fn bring_up(conn: &Conn<'_>, schema: &Schema) -> Result<()> {
    for sql in OWN_TABLES.into_iter().chain(shared::TABLES) {
        conn.execute(sql, &[])?;
    }
    let found = conn
        .first("SELECT version FROM hark_schema", &[], |row| row.int(0))?
        .unwrap_or(0);
    schema.refuse_newer(found)?;
    if found < schema.version() {
        migrate::apply(conn, schema, found)?;
        if found > 0 {
            let [forget, note] = shared::NOTE_UPGRADE;
            conn.execute(forget, &[])?;
            conn.execute(note, &[found.into()])?;
        }
        conn.execute("DELETE FROM hark_schema", &[])?;
        let version = "INSERT INTO hark_schema (version) VALUES ($1)";
        conn.execute(version, &[schema.version().into()])?;
        citus::distribute_new(conn, schema)?;
    }
    Ok(())
}

pub(crate) fn refuse_older_server(link: &Link<'_>) -> Result<()> {
    let version = setting(link, "server_version_num")?;
    if version < VERSION_MIN {
        return Err(Error::Refused(format!(
            "the database is PostgreSQL {}: use {} or newer",
            version / 10_000,
            VERSION_MIN / 10_000
        )));
    }
    let encoding = "SELECT count(*) FROM pg_database WHERE datname = current_database() AND pg_encoding_to_char(encoding) = 'UTF8'";
    let is_utf8 = Conn::Postgres(link).first(encoding, &[], |row| row.int(0))?;
    if is_utf8 != Some(1) {
        return Err(Error::Refused(
            "the database has another encoding than UTF8: make one with `createdb --encoding=UTF8 --template=template0`".into(),
        ));
    }
    Ok(())
}

/// How many connections a node takes when nobody says.
pub(super) fn share_of_connections(client: &Client, runtime: &Handle) -> Result<usize> {
    let link = Link::new(client, runtime, false);
    let free =
        setting(&link, "max_connections")? - setting(&link, "superuser_reserved_connections")?;
    let share = (free / SHARE).clamp(CONNECTIONS_MIN, CONNECTIONS_MAX);
    Ok(usize::try_from(share).unwrap_or(1))
}

fn setting(link: &Link<'_>, name: &str) -> Result<i64> {
    let sql = "SELECT CAST(current_setting($1) AS BIGINT)";
    let found = Conn::Postgres(link).first(sql, &[name.into()], |row| row.int(0))?;
    Ok(found.unwrap_or(0))
}
