//! What the store refuses or fails to do.

use tokio_postgres::error::SqlState;

use crate::{Kind, ObjectId};

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the store refuses or fails to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An identity key belongs to another document.
    #[error("identity key {key:?} of kind {kind:?} belongs to {holder}")]
    Taken {
        /// The kind of the key.
        kind: Kind,
        /// The normalised key.
        key: String,
        /// The document that holds it.
        holder: ObjectId,
    },
    /// The document changed since it was read, or a key was taken meanwhile: the unit is run again, a few times.
    #[error("another writer was faster")]
    Raced,
    /// The numbered project was written since what the caller knew of it.
    #[error("accounts were changed meanwhile")]
    Outdated,
    /// More work waits than the queue holds.
    #[error("too much work is waiting")]
    Overloaded,
    /// A query examined rows for longer than its deadline.
    #[error("the query took longer than its deadline")]
    TooExpensive,
    /// The search index of this project is being built; it will be there in a while.
    #[error("the search index is being built")]
    Building,
    /// The database does not answer. What was asked may be tried again.
    #[error("the database does not answer")]
    Unavailable,
    /// The declared index that a list needs is being built; it will be there in a while.
    #[error("the index of {0} is being built")]
    IndexNotReady(String),
    /// A list would have to open more documents than it may.
    #[error("the list opens more than {0} documents")]
    TooManyRows(u64),
    /// No more of something may be added; the text says what to do.
    #[error("{0}")]
    Full(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The function of a unit panicked. Nothing of it was kept.
    #[error("a unit of work panicked")]
    Panicked,
    /// A sort, cursor or field that the collection does not have.
    #[error("{0}")]
    BadQuery(String),
    /// The database cannot be opened or used as it is; the text says what to do.
    #[error("{0}")]
    Refused(String),
    /// A stored document is not what its type expects.
    #[error("a stored document cannot be read: {0}")]
    Corrupt(String),
    /// A document cannot be written as JSON.
    #[error("a document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL failed.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection to PostgreSQL.
    #[error("no connection to PostgreSQL: {0}")]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A file could not be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Error {
    /// Whether the database is out of reach, or was while this was done: later it may be there again.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable => true,
            Self::Pool(error) => !matches!(error, deadpool_postgres::PoolError::Closed),
            // 08…: no connection; 53300: the server has as many as it allows. 57P0…: it is being stopped or started.
            Self::Postgres(error) => {
                let told = error.code().is_some_and(|code| {
                    let code = code.code();
                    code.starts_with("08") || code == "53300"
                });
                told || self.lost_connection()
            }
            _ => false,
        }
    }

    /// Of a statement that failed.
    pub(crate) fn of_statement(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::QUERY_CANCELED => Self::TooExpensive,
            _ => Self::Postgres(error),
        }
    }

    /// Whether PostgreSQL itself said so, and so did not do what it was asked.
    pub(crate) fn is_told(&self) -> bool {
        match self {
            Self::TooExpensive => true,
            Self::Postgres(error) => error.code().is_some(),
            _ => false,
        }
    }

    /// Whether the connection is gone. 08006 is another thing: a worker of a cluster is out of reach, and the connection good.
    pub(crate) fn lost_connection(&self) -> bool {
        let Self::Postgres(error) = self else {
            return false;
        };
        let cause = std::error::Error::source(error);
        error.is_closed()
            || error
                .code()
                .is_some_and(|code| code.code().starts_with("57P0"))
            || cause.is_some_and(|cause| cause.is::<std::io::Error>())
    }

    /// Whether running the same unit again may succeed.
    ///
    /// Only SQLSTATE decides: on a distributed engine the names of constraints and tables are empty, and 08006 means
    /// that a worker is out of reach while the connection itself is good.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Raced => true,
            Self::Postgres(error) => error.code().is_some_and(|code| {
                matches!(code.code(), "40001" | "40P01" | "08006" | "55P03" | "23505")
            }),
            _ => false,
        }
    }
}
