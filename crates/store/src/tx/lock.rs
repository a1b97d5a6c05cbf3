//! Documents that no other unit can change before this one is committed.

use super::Tx;
use super::row::{RawRow, Row};
use crate::{Document, Kind, ObjectId, Result, Value};

impl Tx<'_> {
    /// The document with this id, which no other unit can change before this one is committed.
    pub fn get_for_update<D: Document>(&self, id: ObjectId) -> Result<Option<Row<D>>> {
        let statements = self.book.of(D::COLLECTION);
        let sql = if self.conn.locks_rows() {
            &statements.get_for_update
        } else {
            &statements.get
        };
        self.conn
            .first(sql, &[self.project.into(), id.into()], |row| {
                RawRow::read(&row)
            })?
            .map(|row| row.typed())
            .transpose()
    }

    /// The document that an identity key finds, locked as by [`Tx::get_for_update`].
    /// [`Error::Raced`] when the key was given to another document meanwhile.
    pub fn find_for_update<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<Row<D>>> {
        let statements = self.book.of(D::COLLECTION);
        let sql = if self.conn.locks_rows() {
            &statements.find_for_update
        } else {
            &statements.find
        };
        let binds = [self.project.into(), Value::Int(kind.0.into()), key.into()];
        let row = self
            .conn
            .first(sql, &binds, |row| RawRow::read(&row))?
            .map(|row| row.typed())
            .transpose()?;
        if self.conn.locks_rows() && !self.is_still_found(kind, key, row.as_ref())? {
            return Err(self.raced());
        }
        Ok(row)
    }

    /// While PostgreSQL waits for the lock of the row that a key found, the key may be given to another document.
    fn is_still_found<D: Document>(
        &self,
        kind: Kind,
        key: &str,
        row: Option<&Row<D>>,
    ) -> Result<bool> {
        Ok(match row {
            Some(row) => self.owner(kind, key)? == Some(row.id),
            None => self.find_raw::<D>(kind, key)?.is_none(),
        })
    }
}
