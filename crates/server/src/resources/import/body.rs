//! An import as the API shows it.

use serde::Serialize;
use store::{Millis, ObjectId, RawRow, Row};
use utoipa::ToSchema;

use super::document::{Fault, Import, Origin, Status, Undone};
use super::source::Format;
use crate::http::error::ApiError;

/// A load of sessions from a file or another service.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportBody {
    /// The id of the import: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The id of the project.
    #[schema(value_type = String)]
    pub project: ObjectId,
    /// The id of the organisation that the project belongs to.
    #[schema(value_type = String)]
    pub organisation: ObjectId,
    /// What it was called by who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the sessions come from.
    pub source: Origin,
    /// How far it is.
    pub status: Status,
    /// How the file is laid out; absent when that is to be told by how it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Whether it only tells what it would do.
    pub dry_run: bool,
    /// Whether rows that are wrong are left out; otherwise one of them is enough that nothing is imported.
    pub partial: bool,
    /// Who started it: the id of a member.
    #[schema(value_type = String)]
    pub user: ObjectId,
    /// Whether all rows were looked at and are written now.
    pub checked: bool,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of it that were read: of the check, and then of writing.
    pub bytes_read: u64,
    /// Rows that were written or left out.
    pub rows: u64,
    /// Sessions that were made.
    pub created: u64,
    /// Sessions that were changed.
    pub updated: u64,
    /// Rows that say what their sessions say already.
    pub unchanged: u64,
    /// Rows that are wrong.
    pub failed: u64,
    /// What is wrong with the first 50 of them.
    pub errors: Vec<Fault>,
    /// What became of taking it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undone>,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it last moved on.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
    /// When its status became final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Millis>,
}

impl ImportBody {
    /// What is shown of an import.
    #[must_use]
    pub fn of(row: Row<Import>, project: ObjectId, organisation: ObjectId) -> Self {
        let import = row.doc;
        let counts = import.counts;
        Self {
            _id: row.id,
            id: row.id,
            project,
            organisation,
            name: import.name,
            source: import.source,
            status: import.status,
            format: import.format,
            dry_run: import.dry_run,
            partial: import.partial,
            user: import.user,
            checked: import.checked,
            bytes: import.bytes,
            bytes_read: import.bytes_read,
            rows: counts.rows,
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            failed: counts.failed,
            errors: import.errors,
            undo: import.undo,
            created_at: row.created_at,
            updated_at: row.updated_at,
            finished_at: import.finished_at,
        }
    }

    /// The same, of a row of a list.
    ///
    /// # Errors
    /// When the row is no import.
    pub fn of_raw(
        row: &RawRow,
        project: ObjectId,
        organisation: ObjectId,
    ) -> Result<Self, ApiError> {
        Ok(Self::of(row.typed()?, project, organisation))
    }
}
