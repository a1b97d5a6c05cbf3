//! `doctor` on PostgreSQL: in one transaction, so that it sees one state while others go on writing.

use super::connect::Connector;
use super::link::Link;
use super::{OwnRuntime, PostgresConfig, on_own_thread};
use crate::conn::Conn;
use crate::{Error, Report, Result, Schema, doctor};

/// Compares the database of `config` with itself. No process should write while it is repaired.
///
/// # Errors
/// When the database cannot be reached, is of another version, or others write what is being repaired.
pub fn examine_postgres(
    config: &PostgresConfig,
    schema: &Schema,
    repair: bool,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Report> {
    let own = OwnRuntime::start()?;
    let runtime = &own.handle;
    on_own_thread(|| {
        let pool = Connector::new(config, runtime.clone())?.pool(1, config)?;
        let client = runtime.block_on(pool.get())?;
        let link = Link::new(&client, runtime, config.prepared).in_transaction();
        link.command("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
        let report = examine(&Conn::Postgres(&link), schema, repair, progress);
        link.command(if report.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        report
    })
}

fn examine(
    conn: &Conn<'_>,
    schema: &Schema,
    repair: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Report> {
    let version = "SELECT version FROM hark_schema";
    let found = conn.first(version, &[], |row| row.int(0))?.unwrap_or(0);
    schema.refuse_newer(found)?;
    if found < schema.version() {
        return Err(Error::Refused(
            "the database is of an older version: start a server once, which migrates it".into(),
        ));
    }
    let mut report = Report::default();
    doctor::compare(conn, schema, repair, &mut report, progress)?;
    Ok(report)
}
