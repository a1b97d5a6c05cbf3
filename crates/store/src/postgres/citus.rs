//! A cluster (Citus): which tables lie on all its nodes by project, and which are whole on each.

use super::connect::Connector;
use super::link::Link;
use super::{OwnRuntime, PostgresConfig, on_own_thread, prepare, presence};
use crate::conn::Conn;
use crate::{Error, Result, Schema, copy, feed, search};

/// The table by which the others lie: the rows of a project are on one node together.
const FIRST: &str = "identity";

/// Written by units of one project and read by those of all others.
const REFERENCE: &str = "hark_writes";

/// Distributes the tables of the database of `config` over the nodes of its cluster, by project; those that are already stay as they
/// are. Nobody may use the database meanwhile. Returns the tables that were distributed.
///
/// # Errors
/// [`Error::Refused`] when the database is no cluster, a server uses it, or it is of a newer version; those of the engine.
pub fn distribute(config: &PostgresConfig, schema: &Schema) -> Result<Vec<String>> {
    let own = OwnRuntime::start()?;
    let runtime = &own.handle;
    on_own_thread(|| {
        let pool = Connector::new(config, runtime.clone())?.pool(1, config)?;
        let client = runtime.block_on(pool.get())?;
        let link = Link::new(&client, runtime, config.prepared);
        prepare::migrate(&link, schema)?;
        let conn = Conn::Postgres(&link);
        if !is_cluster(&conn)? {
            return Err(Error::Refused(
                "the database has no Citus: install it, and run CREATE EXTENSION citus in this database as its owner".into(),
            ));
        }
        if config.prepared && !presence::take_alone(&conn)? {
            return Err(Error::Refused(
                "a server uses the database: stop all that do, then distribute it".into(),
            ));
        }
        distribute_missing(&conn, schema)
    })
}

/// Distributes what a migration added to a database that is distributed.
pub(super) fn distribute_new(conn: &Conn<'_>, schema: &Schema) -> Result<()> {
    if is_cluster(conn)? && is_distributed(conn, FIRST)? {
        distribute_missing(conn, schema)?;
    }
    Ok(())
}

fn is_cluster(conn: &Conn<'_>) -> Result<bool> {
    let sql = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('pg_dist_partition')::oid";
    Ok(conn.first(sql, &[], |row| row.int(0))? == Some(1))
}

/// Each by a statement of its own.
fn distribute_missing(conn: &Conn<'_>, schema: &Schema) -> Result<Vec<String>> {
    let mut distributed = Vec::new();
    for table in tables(schema) {
        if is_distributed(conn, &table)? {
            continue;
        }
        let sql = match table.as_str() {
            REFERENCE => format!("SELECT create_reference_table('{table}')"),
            FIRST => format!(
                "SELECT create_distributed_table('{table}', 'project', colocate_with => 'none')"
            ),
            _ => format!(
                "SELECT create_distributed_table('{table}', 'project', colocate_with => '{FIRST}')"
            ),
        };
        conn.execute(&sql, &[])?;
        distributed.push(table);
    }
    Ok(distributed)
}

/// All tables but those that stay with the coordinator, the first one first.
fn tables(schema: &Schema) -> Vec<String> {
    let documents = copy::tables(schema)
        .into_iter()
        .filter(|table| table != FIRST);
    let searches = schema.documents.iter().filter_map(|it| it.search);
    let feeds = schema.documents.iter().filter_map(|it| it.feed);
    [FIRST.to_owned(), REFERENCE.to_owned()]
        .into_iter()
        .chain(documents)
        .chain(searches.flat_map(search::tables_of))
        .chain(feeds.flat_map(feed::tables_of))
        .collect()
}

fn is_distributed(conn: &Conn<'_>, table: &str) -> Result<bool> {
    let sql = "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = to_regclass($1)";
    Ok(conn.first(sql, &[table.into()], |row| row.int(0))? == Some(1))
}
