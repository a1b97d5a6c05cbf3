#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod change;
mod codec;
mod collection;
mod conn;
mod copy;
mod declared;
mod doctor;
mod error;
pub mod filter;
mod migrate;
mod object_id;
mod owned;
mod pending;
mod postgres;
mod query;
mod registry;
mod rules;
pub mod search;
mod sqlite;
mod statements;
mod store;
mod time;
mod tx;
mod value;
mod walk;

pub use change::{Change, How};
pub use codec::Dictionary;
pub use collection::{Collection, Column, ColumnKind, Document, Index, ROW_COLUMNS, Reference};
pub use copy::{Copied, CopyProgress, Place, copy};
pub use declared::{DeclaredIndex, IndexState};
pub use doctor::{Finding, Report};
pub use error::{Error, Result};
pub use migrate::{Migration, Schema, Step};
pub use object_id::{BadObjectId, ObjectId};
pub use postgres::{Counted, PostgresConfig, distribute, examine_postgres};
pub use query::{Cursor, Page, Query, Sort};
pub use registry::{Identity, Inspection, Kind, Registered};
pub use search::Search;
pub use sqlite::backup::{backup, restore};
pub use sqlite::{SqliteConfig, examine};
pub use store::{Environment, Listener, Store};
pub use time::{Clock, IdSource, Millis, SharedClock, SystemClock};
pub use tx::{Probe, RawRow, Row, Snapshot, Tx};
pub use value::Value;
