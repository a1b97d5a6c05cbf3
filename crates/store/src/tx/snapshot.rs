//! Documents by their ids and identity keys.

use super::row::{RawRow, Row};
use crate::conn::Conn;
use crate::statements::StatementBook;
use crate::{Document, Kind, ObjectId, Result, Value};

/// Reads in one project.
pub struct Snapshot<'c> {
    pub(super) conn: Conn<'c>,
    pub(super) book: &'c StatementBook,
    pub(super) project: ObjectId,
    /// Whether declared indexes say what the documents say.
    pub(super) is_indexed: bool,
}

impl<'c> Snapshot<'c> {
    pub(crate) fn new(conn: Conn<'c>, book: &'c StatementBook, project: ObjectId) -> Self {
        Self {
            conn,
            book,
            project,
            is_indexed: true,
        }
    }

    /// The project of every statement.
    #[must_use]
    pub fn project(&self) -> ObjectId {
        self.project
    }

    /// The document with this id.
    pub fn get<D: Document>(&self, id: ObjectId) -> Result<Option<Row<D>>> {
        self.raw::<D>(id)?.map(|row| row.typed()).transpose()
    }

    /// The bytes of the document with this id.
    pub fn raw<D: Document>(&self, id: ObjectId) -> Result<Option<RawRow>> {
        let sql = &self.book.of(D::COLLECTION).get;
        self.conn
            .first(sql, &[self.project.into(), id.into()], |row| {
                RawRow::read(&row)
            })
    }

    /// The document that an identity key finds.
    pub fn find<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<Row<D>>> {
        self.find_raw::<D>(kind, key)?
            .map(|row| row.typed())
            .transpose()
    }

    /// The bytes of the document that an identity key finds: one statement.
    pub fn find_raw<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<RawRow>> {
        let sql = &self.book.of(D::COLLECTION).find;
        self.conn.first(
            sql,
            &[self.project.into(), Value::Int(kind.0.into()), key.into()],
            |row| RawRow::read(&row),
        )
    }

    /// The documents found by the identity keys that begin with `start`, in the order of the keys.
    pub fn find_beginning<D: Document>(
        &self,
        kind: Kind,
        start: &str,
        limit: u32,
    ) -> Result<Vec<RawRow>> {
        let sql = &self.book.of(D::COLLECTION).find_beginning;
        let end = format!("{start}{}", char::MAX);
        let binds = [
            self.project.into(),
            Value::Int(kind.0.into()),
            start.into(),
            end.as_str().into(),
            Value::Int(limit.into()),
        ];
        self.conn.query(sql, &binds, |row| RawRow::read(&row))
    }

    /// Whom an identity key finds.
    pub fn owner(&self, kind: Kind, key: &str) -> Result<Option<ObjectId>> {
        let sql = "SELECT owner FROM identity WHERE project = $1 AND kind = $2 AND key = $3";
        self.conn.first(
            sql,
            &[self.project.into(), Value::Int(kind.0.into()), key.into()],
            |row| row.id(0),
        )
    }
}
