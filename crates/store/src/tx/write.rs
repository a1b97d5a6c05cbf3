//! Inserting and changing documents.

use super::Tx;
use super::row::Row;
use crate::conn::Conn;
use crate::feed::Fate;
use crate::search::text_of;
use crate::{Document, How, ObjectId, Result, Value};

impl Tx<'_> {
    /// Inserts a document under a new id.
    pub fn insert<D: Document>(&mut self, id: ObjectId, doc: D) -> Result<Row<D>> {
        // One that the unit deleted before is in the index until the end.
        if let Some(name) = D::SEARCH
            && self.conn.locks_rows()
            && !self.pending.search.has(name, (self.project, id))
        {
            self.held.place(name, id, None);
        }
        self.restore(id, 1, doc)
    }

    /// Inserts a document that was there before. A `version` beyond those that it had is not mistaken for one of them.
    pub fn restore<D: Document>(
        &mut self,
        id: ObjectId,
        version: i64,
        mut doc: D,
    ) -> Result<Row<D>> {
        doc.stamp(self.now());
        let created_at = doc.created_at().unwrap_or(self.now());
        let sql = &self.snapshot.book.of(D::COLLECTION).insert;
        let binds = self.insert_binds(id, version, &doc)?;
        self.snapshot.conn.later(sql, binds)?;
        self.hold::<D>(id, version);
        let searched = text_of(&doc);
        self.note::<D>(id, String::new(), &searched);
        self.tell::<D>(id, Fate::Present(()));
        self.changed::<D>(id, How::Inserted);
        Ok(Row {
            id,
            version,
            created_at,
            updated_at: self.now(),
            searched,
            doc,
        })
    }

    /// Inserts a document unless one with the same primary key is there; returns whether it was inserted.
    /// Not announced as a change: for the many small rows that belong to a document which is.
    pub fn append<D: Document>(&mut self, id: ObjectId, doc: &D) -> Result<bool> {
        let sql = &self.snapshot.book.of(D::COLLECTION).append;
        let binds = self.insert_binds(id, 1, doc)?;
        let inserted = self.snapshot.conn.execute(sql, &binds)? == 1;
        if inserted {
            self.note::<D>(id, String::new(), &text_of(doc));
            self.tell::<D>(id, Fate::Present(()));
        }
        Ok(inserted)
    }

    /// As [`Tx::append`], of a row under a new id.
    pub fn add<D: Document>(&mut self, doc: &D) -> Result<()> {
        let id = self.new_id();
        let sql = &self.snapshot.book.of(D::COLLECTION).insert;
        let binds = self.insert_binds(id, 1, doc)?;
        self.snapshot.conn.later(sql, binds)?;
        self.note::<D>(id, String::new(), &text_of(doc));
        self.tell::<D>(id, Fate::Present(()));
        Ok(())
    }

    /// As [`Tx::append`], of many documents.
    pub fn append_all<D: Document>(&mut self, documents: &[(ObjectId, D)]) -> Result<Vec<bool>> {
        let binds = documents
            .iter()
            .map(|(id, doc)| self.insert_binds(*id, 1, doc));
        let binds = binds.collect::<Result<Vec<_>>>()?;
        let sql = &self.snapshot.book.of(D::COLLECTION).append;
        let counts = self.snapshot.conn.execute_all(sql, &binds)?;
        let inserted: Vec<_> = counts.into_iter().map(|count| count == 1).collect();
        for ((id, doc), _) in documents.iter().zip(&inserted).filter(|(_, is)| **is) {
            self.note::<D>(*id, String::new(), &text_of(doc));
            self.tell::<D>(*id, Fate::Present(()));
        }
        Ok(inserted)
    }

    fn insert_binds<D: Document>(&self, id: ObjectId, version: i64, doc: &D) -> Result<Vec<Value>> {
        let mut binds = Vec::with_capacity(6 + D::COLLECTION.columns.len());
        let created_at = doc.created_at().unwrap_or(self.now());
        binds.extend([
            self.project.into(),
            id.into(),
            Value::Int(version),
            created_at.into(),
            self.now().into(),
            Value::Json(serde_json::to_vec(doc)?),
        ]);
        binds.extend(doc.promoted());
        Ok(binds)
    }

    /// Writes a changed document back. Its version goes up by one; [`Error::Raced`] when it was written since it was read.
    pub fn put<D: Document>(&mut self, row: &mut Row<D>) -> Result<()> {
        self.follow(row);
        row.doc.stamp(self.now());
        row.created_at = row.doc.created_at().unwrap_or(row.created_at);
        let mut binds = Vec::with_capacity(7 + D::COLLECTION.columns.len());
        binds.extend([
            Value::Int(row.version + 1),
            row.created_at.into(),
            self.now().into(),
            Value::Json(serde_json::to_vec(&row.doc)?),
        ]);
        binds.extend(row.doc.promoted());
        binds.extend([self.project.into(), row.id.into(), Value::Int(row.version)]);
        let sql = &self.snapshot.book.of(D::COLLECTION).update;
        let conn = &self.snapshot.conn;
        if let (Conn::Postgres(link), true) = (conn, self.takes::<D>(row.id, row.version)) {
            link.later_one(sql, binds)?;
        } else if conn.execute(sql, &binds)? == 0 {
            return Err(conn.raced());
        }
        self.hold::<D>(row.id, row.version + 1);
        let searched = text_of(&row.doc);
        let old = std::mem::replace(&mut row.searched, searched);
        self.note::<D>(row.id, old, &row.searched);
        self.tell::<D>(row.id, Fate::Present(()));
        row.version += 1;
        row.updated_at = self.now();
        self.changed::<D>(row.id, How::Updated);
        Ok(())
    }
}
