//! The databases, and what is kept in memory of them.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

use super::range::Ranges;
use super::value::{self, Secret};

/// The engine that keeps the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// The URL of a database, which may hold a password.
    Postgres(Secret),
}

impl<'de> Deserialize<'de> for Database {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The value is not repeated: a database URL may hold a password.
        if text == "sqlite:" {
            return Ok(Self::Sqlite);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret(text)));
        }
        Err(de::Error::custom(
            "not a known database: use \"sqlite:\", the file in the data folder, or \"postgres://user@host:5432/database\"",
        ))
    }
}

/// Threads, memory and queues of the SQLite engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sqlite {
    pub reader_threads: usize,
    pub page_cache_mib: usize,
    pub write_queue_max: usize,
    pub read_queue_max: usize,
    pub units_per_commit_max: usize,
}

/// Connections and queues of the PostgreSQL engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    pub connections_max: usize,
    pub queue_max: usize,
    pub connect_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    #[serde(deserialize_with = "value::switch")]
    pub prepared: bool,
    pub max_stale_ms: u64,
    #[serde(deserialize_with = "value::file")]
    pub backup_folder: Option<PathBuf>,
    pub backup_hours_max: u32,
}

/// Memory for what is ready to send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub sessions_mib: usize,
}

pub(super) const RANGES: Ranges = &[
    ("sqlite.reader_threads", 1..=256),
    ("sqlite.page_cache_mib", 1..=1 << 16),
    ("sqlite.write_queue_max", 1..=1 << 20),
    ("sqlite.read_queue_max", 1..=1 << 20),
    ("sqlite.units_per_commit_max", 1..=1 << 16),
    ("postgres.connections_max", 0..=10_000),
    ("postgres.queue_max", 1..=1 << 20),
    ("postgres.connect_timeout_ms", 100..=600_000),
    ("postgres.statement_timeout_ms", 100..=3_600_000),
    ("postgres.max_stale_ms", 0..=3_600_000),
    ("postgres.backup_hours_max", 1..=87_600),
    ("cache.sessions_mib", 0..=1 << 20),
];
