//! A stored document: as bytes, and as its type.

use crate::conn::RowRef;
use crate::search::text_of;
use crate::{Document, Error, Millis, ObjectId, Result};

/// A stored document as bytes: what a read that only passes it on needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Its id.
    pub id: ObjectId,
    /// How often it was written, from 1.
    pub version: i64,
    /// When it was inserted.
    pub created_at: Millis,
    /// When it was last written.
    pub updated_at: Millis,
    /// Its JSON, as it was written.
    pub json: Vec<u8>,
}

impl RawRow {
    /// The document as its type.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is of another type.
    pub fn parse<D: Document>(&self) -> Result<D> {
        serde_json::from_slice(&self.json).map_err(|error| {
            Error::Corrupt(format!("{} {}: {error}", D::COLLECTION.table, self.id))
        })
    }

    /// The row with its document as its type.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn typed<D: Document>(&self) -> Result<Row<D>> {
        let doc: D = self.parse()?;
        Ok(Row {
            id: self.id,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            searched: text_of(&doc),
            doc,
        })
    }
}

/// A stored document as its type.
#[derive(Debug, Clone)]
pub struct Row<D> {
    /// Its id.
    pub id: ObjectId,
    /// How often it was written, from 1.
    pub version: i64,
    /// When it was inserted.
    pub created_at: Millis,
    /// When it was last written.
    pub updated_at: Millis,
    /// The document.
    pub doc: D,
    /// Its searched text as it is stored.
    pub(super) searched: String,
}

/// What became of a document that was read before, on a database that others write too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// As it is now, when it is another than before.
    pub changed: Option<RawRow>,
    /// What [`crate::Store::writes_of_numbered`] would have said at that instant.
    pub writes: i64,
}

impl Probe {
    /// What was read where nobody else writes.
    pub(crate) fn of_one_process(row: RawRow) -> Self {
        Self {
            changed: Some(row),
            writes: 0,
        }
    }

    pub(crate) fn read(row: &RowRef<'_>) -> Result<Self> {
        let json = row.json_or_null(4)?;
        let changed = |json| {
            Ok::<_, Error>(RawRow {
                id: row.id(0)?,
                version: row.int(1)?,
                created_at: row.millis(2)?,
                updated_at: row.millis(3)?,
                json,
            })
        };
        Ok(Self {
            changed: json.map(changed).transpose()?,
            writes: row.int(5)?,
        })
    }
}
