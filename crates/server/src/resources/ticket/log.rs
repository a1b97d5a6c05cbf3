//! What a client wrote down before a report: large, seldom read, and therefore apart from the ticket.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, ObjectId, Query, Reference, Snapshot, Value,
};

/// One log of a ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketLog {
    /// Whose.
    pub ticket: ObjectId,
    /// Which.
    pub kind: LogKind,
    /// The entries, as an array, oldest first.
    pub entries: Box<RawValue>,
    /// Entries that were sent, but not kept.
    pub left_out: u64,
}

/// The logs of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// What the app printed.
    Console,
    /// Its requests.
    Network,
    /// The events that it tracked.
    Events,
}

impl LogKind {
    /// The name that it is stored under.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Network => "network",
            Self::Events => "events",
        }
    }
}

/// The table of logs.
pub static TICKET_LOGS: Collection = Collection {
    table: "ticket_log",
    columns: &[
        Column {
            name: "ticket",
            path: "ticket",
            kind: ColumnKind::Id,
        },
        Column {
            name: "kind",
            path: "kind",
            kind: ColumnKind::Text,
        },
    ],
    indexes: &[Index {
        name: "ticket_log_by_ticket",
        columns: &["ticket", "kind"],
        not_null: None,
    }],
    cluster: &[],
    references: &[Reference {
        column: "ticket",
        table: "ticket",
    }],
};

impl Document for TicketLog {
    const COLLECTION: &'static Collection = &TICKET_LOGS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.ticket.into(), self.kind.name().into()]
    }
}

/// A log of a ticket; `None` when it has none of that kind.
///
/// # Errors
/// Those of the store.
pub fn find(
    snapshot: &Snapshot<'_>,
    ticket: ObjectId,
    kind: LogKind,
) -> store::Result<Option<TicketLog>> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("ticket"), Scalar::Id(ticket)),
            Filter::Eq(FieldPath::known("kind"), Scalar::Text(kind.name().into())),
        ]),
        limit: 1,
        ..Query::default()
    };
    let rows = snapshot.page::<TicketLog>(&query)?.rows;
    rows.first().map(store::RawRow::parse).transpose()
}
