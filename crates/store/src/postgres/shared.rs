//! What nodes share beside documents, each by one statement of its own: counts of requests, and who does what. By the clock of the
//! database, so that nodes whose clocks differ agree. In a cluster these tables stay with the coordinator.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::{Clock, Millis, ObjectId, Result};

/// The tables. What was counted may be lost with the server: it is not logged.
pub(super) const TABLES: [&str; 3] = [
    "CREATE UNLOGGED TABLE IF NOT EXISTS hark_count (key BYTEA NOT NULL, minute BIGINT NOT NULL, number BIGINT NOT NULL, \
     PRIMARY KEY (key, minute))",
    "CREATE TABLE IF NOT EXISTS hark_lease (name TEXT PRIMARY KEY, node BYTEA NOT NULL, until TIMESTAMPTZ NOT NULL)",
    "CREATE TABLE IF NOT EXISTS hark_upgrade (found BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL)",
];

/// Notes that the schema is brought up from the version `$1`. The first of a day counts: nodes of the older version may be there still.
pub(super) const NOTE_UPGRADE: [&str; 2] = [
    "DELETE FROM hark_upgrade WHERE at < now() - interval '1 day'",
    "INSERT INTO hark_upgrade (found, at) SELECT CAST($1 AS BIGINT), now() WHERE NOT EXISTS (SELECT 1 FROM hark_upgrade)",
];

/// How often something was done in this minute, on all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How often, with what was just told.
    pub number: i64,
    /// How long the minute lasts still.
    pub rest: Duration,
}

type Bind<'b> = (&'b (dyn ToSql + Sync), Type);

/// Adds to what is counted under `key` in this minute.
pub(super) async fn count(client: &Client, key: [u8; 16], more: u32) -> Result<Counted> {
    let sql = "INSERT INTO hark_count AS c (key, minute, number) \
               VALUES ($1, floor(extract(epoch FROM now()) / 60)::bigint, $2) \
               ON CONFLICT (key, minute) DO UPDATE SET number = c.number + excluded.number \
               RETURNING number, 60000 - floor(extract(epoch FROM now()) * 1000)::bigint % 60000";
    let (key, more) = (key.as_slice(), i64::from(more));
    let binds: [Bind<'_>; 2] = [(&key, Type::BYTEA), (&more, Type::INT8)];
    let row = one(client, sql, &binds).await?;
    let rest: i64 = row.try_get(1)?;
    Ok(Counted {
        number: row.try_get(0)?,
        rest: Duration::from_millis(rest.unsigned_abs()),
    })
}

/// Forgets what was counted in minutes that are over; returns how much.
pub(super) async fn forget_counts(client: &Client) -> Result<u64> {
    let sql =
        "DELETE FROM hark_count WHERE minute < floor(extract(epoch FROM now()) / 60)::bigint - 1";
    Ok(client.execute_typed(sql, &[]).await?)
}

/// Takes what is called `name` for a while, or goes on having it; `false` when another node has it.
pub(super) async fn take(
    client: &Client,
    name: &str,
    node: ObjectId,
    time: Duration,
) -> Result<bool> {
    let sql = "INSERT INTO hark_lease AS l (name, node, until) VALUES ($1, $2, now() + $3 * interval '1 millisecond') \
               ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until \
               WHERE l.node = excluded.node OR l.until <= now()";
    let (node, time) = (node.as_bytes().as_slice(), time.as_millis() as f64);
    let binds: [Bind<'_>; 3] = [
        (&name, Type::TEXT),
        (&node, Type::BYTEA),
        (&time, Type::FLOAT8),
    ];
    Ok(client.execute_typed(sql, &binds).await? == 1)
}

/// Forgets that this node has what is called `name`.
pub(super) async fn release(client: &Client, name: &str, node: ObjectId) -> Result<()> {
    let sql = "DELETE FROM hark_lease WHERE name = $1 AND node = $2";
    let node = node.as_bytes().as_slice();
    let binds: [Bind<'_>; 2] = [(&name, Type::TEXT), (&node, Type::BYTEA)];
    client.execute_typed(sql, &binds).await?;
    Ok(())
}

/// How often the clocks are compared.
pub(super) const CLOCKS_COMPARED: Duration = Duration::from_secs(60);
/// A clock that differs by less is right: questions take time too.
const DIFFERENCE_MIN_MS: i64 = 500;

/// Lets the clock of this node follow that of the database, when they differ.
pub(super) async fn compare_clocks(client: &Client, clock: &dyn Clock) -> Result<()> {
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let asked = clock.now().0;
    let told: i64 = one(client, sql, &[]).await?.try_get(0)?;
    let answered = clock.now().0;
    let ahead = told - (asked + answered) / 2;
    let is_sure = ahead.abs() > DIFFERENCE_MIN_MS.max(answered - asked);
    if is_sure && clock.follow(ahead) {
        tracing::warn!(
            milliseconds = ahead,
            "the clock of the database is ahead of this machine's: all times follow it"
        );
    }
    Ok(())
}

async fn one(client: &Client, sql: &str, binds: &[Bind<'_>]) -> Result<tokio_postgres::Row> {
    let mut rows = client.query_typed(sql, binds).await?;
    rows.pop()
        .ok_or_else(|| crate::Error::Corrupt("a count without a number".into()))
}

/// From which version the schema was brought up in the last day, and when.
pub(super) async fn upgraded(client: &Client) -> Result<Option<(i64, Millis)>> {
    let sql = "SELECT found, floor(extract(epoch FROM at) * 1000)::bigint FROM hark_upgrade WHERE at > now() - interval '1 day'";
    let rows = client.query_typed(sql, &[]).await?;
    let noted = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, Millis(row.try_get(1)?)));
    rows.first().map(noted).transpose()
}
