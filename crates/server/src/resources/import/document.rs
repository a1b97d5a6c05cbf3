//! An import, what became of its rows, and what it changed: enough to go on after a crash, and to take it back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Reference, Value};
use utoipa::ToSchema;

use super::source::{Format, Mapping};

/// Faults that an import names; all are counted.
pub const FAULTS_NAMED_MAX: usize = 50;

/// Where the sessions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportSource)]
pub enum Origin {
    /// A file that was sent.
    File,
    /// The contacts of Intercom.
    Intercom,
    /// The contacts of HubSpot.
    Hubspot,
    /// The users of Zendesk.
    Zendesk,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportStatus)]
pub enum Status {
    /// Waits for its turn.
    Queued,
    /// Is fetched, checked or written.
    Running,
    /// All rows were written, or left out as `partial` allows.
    Done,
    /// Nothing is imported: `errors` says why.
    Failed,
    /// Was stopped. What was written until then is there, and can be undone.
    Cancelled,
    /// Is being undone.
    Undoing,
    /// Was undone, but for what is `kept`.
    Undone,
}

impl Status {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// Those in which something is still to be done.
    pub const UNFINISHED: [Self; 3] = [Self::Queued, Self::Running, Self::Undoing];
}

/// A row that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportFault)]
pub struct Fault {
    /// Its line in the file, or its position in an array or among the contacts; 0 for the whole.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that were looked at.
    pub rows: u64,
    /// Sessions that were made.
    pub created: u64,
    /// Sessions that were changed.
    pub updated: u64,
    /// Rows that say what the session says already.
    pub unchanged: u64,
    /// Rows that were wrong.
    pub failed: u64,
}

/// What became of an undo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportUndone)]
pub struct Undone {
    /// Sessions that the import made, and that are gone again.
    pub removed: u64,
    /// Rows whose changes were taken back.
    pub restored: u64,
    /// Rows of which something was kept, because it was changed since.
    pub kept: u64,
    /// What was kept, and why, of the first 50.
    pub reasons: Vec<Fault>,
}

/// An import.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub source: Origin,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    #[serde(skip_serializing_if = "Mapping::is_empty", default)]
    pub mapping: Mapping,
    pub dry_run: bool,
    pub partial: bool,
    /// Who asked for it.
    pub user: ObjectId,
    /// The name of the file in the data folder, while it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether all rows were looked at and may be written.
    pub checked: bool,
    pub cancel_requested: bool,
    /// Whether a row turned out to be wrong while it was written: it has failed once all is taken back.
    pub gave_up: bool,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of it that were read.
    pub bytes_read: u64,
    #[serde(flatten)]
    pub counts: Counts,
    pub errors: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undone>,
    /// Batches from this one on were undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_from: Option<u64>,
    /// The instant that its rows are read with: the same when it goes on after a crash.
    pub created_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Millis>,
}

impl Import {
    /// Whether its contacts are still to be fetched from another service.
    #[must_use]
    pub fn is_fetched(&self) -> bool {
        let is_begun = matches!(self.status, Status::Queued | Status::Running);
        is_begun && self.file.is_none() && self.source != Origin::File
    }

    /// Adds what is wrong with a row.
    pub fn fail(&mut self, line: u64, message: &str) {
        self.counts.failed += 1;
        self.name_fault(line, message);
    }

    /// Names a fault, when there are not too many yet.
    pub fn name_fault(&mut self, line: u64, message: &str) {
        if self.errors.len() < FAULTS_NAMED_MAX {
            let message = message.to_owned();
            self.errors.push(Fault { line, message });
        }
    }
}

/// The table of imports.
pub static IMPORTS: Collection = Collection {
    table: "import",
    columns: &[Column {
        name: "status",
        path: "status",
        kind: ColumnKind::Text,
    }],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Import {
    const COLLECTION: &'static Collection = &IMPORTS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.status.name().into()]
    }

    fn created_at(&self) -> Option<Millis> {
        Some(self.created_at)
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowOutcome {
    Created,
    Updated,
    Unchanged,
    Failed,
    /// The session is gone again, or its changes are.
    Undone,
    /// An undo left it, at least in part.
    Kept,
}

impl RowOutcome {
    /// The name in the result.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::Kept => "kept",
        }
    }
}

/// A row of an import, as its result tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedRow {
    pub line: u64,
    pub outcome: RowOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What a session was when it was made: SHA-256 in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
    /// The [`ImportChange`] of a session that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ObjectId>,
}

impl ImportedRow {
    /// A row of which nothing else is known.
    #[must_use]
    pub fn new(line: u64, outcome: RowOutcome) -> Self {
        Self {
            line,
            outcome,
            session: None,
            error: None,
            made: None,
            change: None,
        }
    }
}

/// Some rows of an import, which were written together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportBatch {
    pub import: ObjectId,
    /// How many rows came before.
    pub first: u64,
    pub rows: Vec<ImportedRow>,
}

/// The table of batches: those of an import lie together, in order.
pub static IMPORT_BATCHES: Collection = Collection {
    table: "import_batch",
    columns: &[
        Column {
            name: "import",
            path: "import",
            kind: ColumnKind::Id,
        },
        Column {
            name: "first",
            path: "first",
            kind: ColumnKind::Int,
        },
    ],
    indexes: &[],
    cluster: &["import", "first"],
    references: &[Reference {
        column: "import",
        table: "import",
    }],
};

impl Document for ImportBatch {
    const COLLECTION: &'static Collection = &IMPORT_BATCHES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.import.into(), self.position()]
    }
}

impl ImportBatch {
    /// Its place in the import, as a column.
    #[must_use]
    pub fn position(&self) -> Value {
        Value::Int(i64::try_from(self.first).unwrap_or(i64::MAX))
    }
}

/// A value before and after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field, or the name of a custom attribute.
    pub field: String,
    /// Whether it is a custom attribute.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub custom: bool,
    /// Absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<RawValue>>,
    /// Absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<RawValue>>,
}

/// What an import changed of a session that was there. It holds personal data: it goes with the session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportChange {
    pub session: ObjectId,
    pub fields: Vec<FieldChange>,
    /// The identity keys that the session held, and that the import made it give up: kind and key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<(u8, String)>,
}

/// The table of changes.
pub static IMPORT_CHANGES: Collection = Collection {
    table: "import_change",
    columns: &[Column {
        name: "session",
        path: "session",
        kind: ColumnKind::Id,
    }],
    indexes: &[Index {
        name: "import_change_by_session",
        columns: &["session"],
        not_null: None,
    }],
    cluster: &[],
    references: &[],
};

impl Document for ImportChange {
    const COLLECTION: &'static Collection = &IMPORT_CHANGES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.session.into()]
    }
}
