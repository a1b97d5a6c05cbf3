//! Deleting documents: one, those of an owner, and those with a value in a column.

use super::Tx;
use crate::feed::Fate;
use crate::search::text_of;
use crate::{Document, How, Millis, ObjectId, Result, Value, owned};

impl Tx<'_> {
    /// Deletes the document with this id; returns whether it was there. Its identity keys are the caller's to release.
    pub fn delete<D: Document>(&mut self, id: ObjectId) -> Result<bool> {
        self.remove::<D>(id, Fate::Deleted)
    }

    /// As [`Self::delete`], of a document that is gone because another has its place: the feed says so.
    pub fn delete_for<D: Document>(&mut self, id: ObjectId, heir: ObjectId) -> Result<bool> {
        self.remove::<D>(id, Fate::ReplacedBy(heir))
    }

    fn remove<D: Document>(&mut self, id: ObjectId, fate: Fate<()>) -> Result<bool> {
        if D::SEARCH.is_some()
            && let Ok(Some(row)) = self.raw::<D>(id)
        {
            let searched = self.searched::<D>(Ok(row.json));
            self.note::<D>(id, searched, "");
        } else if D::DECLARED.is_some() {
            self.note::<D>(id, String::new(), "");
        }
        let sql = &self.snapshot.book.of(D::COLLECTION).delete;
        let deleted = self
            .snapshot
            .conn
            .execute(sql, &[self.project.into(), id.into()])?
            > 0;
        self.held.forget_document(D::COLLECTION.table, id);
        if deleted {
            self.tell::<D>(id, fate);
        }
        self.changed::<D>(id, How::Deleted);
        Ok(deleted)
    }

    /// Deletes one row of a clustered collection by its whole primary key: the values of [`crate::Collection::cluster`],
    /// in order, and the id.
    pub fn delete_at<D: Document>(&mut self, cluster: &[Value], id: ObjectId) -> Result<bool> {
        let columns: String = D::COLLECTION
            .cluster
            .iter()
            .enumerate()
            .map(|(n, name)| format!(" AND {name} = ${}", n + 3))
            .collect();
        let sql = format!(
            "DELETE FROM {} WHERE project = $1 AND id = $2{columns}",
            D::COLLECTION.table
        );
        let binds: Vec<_> = [self.project.into(), id.into()]
            .into_iter()
            .chain(cluster.iter().cloned())
            .collect();
        Ok(self.snapshot.conn.execute(&sql, &binds)? > 0)
    }

    /// Deletes the rows of an owner that are before `before`, the oldest first: about `most` of them, since those of one instant go
    /// together. Returns how many; fewer than `most` when none is left.
    pub fn delete_oldest<D: Document>(
        &mut self,
        owner: ObjectId,
        before: Millis,
        most: u32,
    ) -> Result<u64> {
        debug_assert!(
            D::SEARCH.is_none() && D::DECLARED.is_none(),
            "it has indexes"
        );
        self.held.forget_documents(D::COLLECTION.table);
        let (conn, project) = (&self.snapshot.conn, self.snapshot.project);
        owned::delete_oldest(conn, project, D::COLLECTION, (owner, before), most)
    }

    /// Deletes all documents whose promoted column `column` is `value`; returns how many.
    pub fn delete_where<D: Document>(
        &mut self,
        column: &'static str,
        value: impl Into<Value>,
    ) -> Result<u64> {
        debug_assert!(
            D::COLLECTION
                .columns
                .iter()
                .any(|known| known.name == column),
            "no such column"
        );
        let (table, binds) = (D::COLLECTION.table, [self.project.into(), value.into()]);
        if D::SEARCH.is_some() || D::DECLARED.is_some() || D::FEED.is_some() {
            let sql = format!("SELECT id, doc FROM {table} WHERE project = $1 AND {column} = $2");
            let gone = self
                .conn
                .query(&sql, &binds, |row| Ok((row.id(0)?, row.json(1))))?;
            for (id, json) in gone {
                let searched = self.searched::<D>(json);
                self.note::<D>(id, searched, "");
                self.tell::<D>(id, Fate::Deleted);
            }
        }
        self.held.forget_documents(table);
        let sql = format!("DELETE FROM {table} WHERE project = $1 AND {column} = $2");
        self.snapshot.conn.execute(&sql, &binds)
    }

    /// The searched text of a document that is to be deleted; empty when it cannot be read, which `doctor` names.
    fn searched<D: Document>(&self, json: Result<Vec<u8>>) -> String {
        let doc = json
            .ok()
            .and_then(|json| serde_json::from_slice::<D>(&json).ok());
        doc.as_ref().map(text_of).unwrap_or_default()
    }
}
