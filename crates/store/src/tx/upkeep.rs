//! What is built beside other work: indexes that projects declare, indexes of words, and columns that a migration added.

use super::Tx;
use super::snapshot::Snapshot;
use crate::declared::{self, DeclaredIndex};
use crate::filter::FieldPath;
use crate::{
    Collection, Document, Error, IndexState, Millis, ObjectId, Registered, Result, Schema, migrate,
    search,
};

impl Snapshot<'_> {
    /// The indexes that the project declared for this kind of document, in the order of their declaration.
    pub fn declared_indexes<D: Document>(&self) -> Result<Vec<DeclaredIndex>> {
        declared::all(&self.conn, self.project, declared_table::<D>()?)
    }

    pub(crate) fn projects_with_work(&self, table: &str) -> Result<Vec<ObjectId>> {
        declared::projects_with_work(&self.conn, table)
    }

    /// How many documents there are to add to the declared index that is built next, when it is to be built and they were not
    /// counted yet.
    pub(crate) fn to_add(
        &self,
        table: &'static str,
        collection: &Collection,
    ) -> Result<Option<u64>> {
        let next = declared::work_to_do(&self.conn, self.project, table)?;
        if next.is_none_or(|index| index.state != IndexState::Building || index.total.is_some()) {
            return Ok(None);
        }
        let sql = format!(
            "SELECT count(*) FROM {} WHERE project = $1",
            collection.table
        );
        let count = self
            .conn
            .first(&sql, &[self.project.into()], |row| row.int(0))?;
        Ok(count.and_then(|count| u64::try_from(count).ok()))
    }

    pub(crate) fn unbuilt(&self, name: &str) -> Result<Vec<ObjectId>> {
        search::unbuilt(&self.conn, name)
    }
}

impl Tx<'_> {
    /// Declares an index over the values at `path`, which [`crate::Store::build_declared`] then builds; what is declared already stays
    /// as it is. [`Error::Full`] when `most` are declared.
    pub fn declare_index<D: Document>(
        &mut self,
        path: &FieldPath,
        most: usize,
    ) -> Result<DeclaredIndex> {
        let (snapshot, now) = (&self.snapshot, self.now());
        let table = declared_table::<D>()?;
        self.held.forget_declared(table);
        declared::declare(&snapshot.conn, snapshot.project, table, path, most, now)
    }

    /// Lets a declared index go, which [`crate::Store::build_declared`] then removes; returns whether there was one.
    pub fn drop_index<D: Document>(&mut self, path: &FieldPath) -> Result<bool> {
        let snapshot = &self.snapshot;
        let table = declared_table::<D>()?;
        self.held.forget_declared(table);
        declared::withdraw(&snapshot.conn, snapshot.project, table, path)
    }

    /// Does the next part of what is to be done for declared indexes; returns whether there may be more.
    pub(crate) fn build_declared(
        &self,
        table: &'static str,
        document: &Registered,
        total: Option<u64>,
    ) -> Result<bool> {
        let (conn, project) = (&self.snapshot.conn, self.snapshot.project);
        declared::work_on(conn, project, table, document.collection, total)
    }

    /// Adds the next documents to an index that is being built; returns whether there may be more.
    pub(crate) fn build_search(&self, name: &'static str, document: &Registered) -> Result<bool> {
        search::build_some(&self.snapshot.conn, self.snapshot.project, name, document)
    }

    /// Fills columns again that were added after the version `found`, of documents of all projects that were written since.
    pub(crate) fn fill_again(&self, schema: &Schema, found: i64, since: Millis) -> Result<u64> {
        migrate::fill_again(&self.snapshot.conn, schema, found, since)
    }
}

fn declared_table<D: Document>() -> Result<&'static str> {
    D::DECLARED
        .ok_or_else(|| Error::BadQuery(format!("{} has no declared indexes", D::COLLECTION.table)))
}
