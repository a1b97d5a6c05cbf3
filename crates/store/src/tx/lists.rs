//! Lists of documents: pages, counts and searches.

use super::row::RawRow;
use super::snapshot::Snapshot;
use crate::query::List;
use crate::{
    Document, Millis, ObjectId, Page, Query, Registered, Result, Search, declared, owned, search,
};

impl Snapshot<'_> {
    /// A page of a list.
    pub fn page<D: Document>(&self, query: &Query) -> Result<Page> {
        self.conn.with_deadline(query.deadline, || {
            self.with_indexes::<D, _>(query, |list| list.page())
        })
    }

    /// How many documents the filter of `query` matches, counted up to `most`.
    pub fn count<D: Document>(&self, query: &Query, most: u64) -> Result<u64> {
        self.conn.with_deadline(query.deadline, || {
            self.with_indexes::<D, _>(query, |list| list.count(most))
        })
    }

    /// Answers a query with the declared indexes that it can use. One that was dropped meanwhile may have answered too little.
    fn with_indexes<D: Document, T>(
        &self,
        query: &Query,
        answer: impl Fn(&List<'_>) -> Result<T>,
    ) -> Result<T> {
        let table =
            D::DECLARED.filter(|_| self.is_indexed && query.names_other_than(D::COLLECTION));
        let known = || {
            table.map_or(Ok(Vec::new()), |table| {
                declared::all(&self.conn, self.project, table)
            })
        };
        let mut indexes = known()?;
        loop {
            let list = List::new(&self.conn, self.project, D::COLLECTION, &indexes, query);
            let answered = answer(&list)?;
            let now = known()?;
            if indexes
                .iter()
                .filter(|index| index.is_ready())
                .all(|index| now.contains(index))
            {
                return Ok(answered);
            }
            indexes = now;
        }
    }

    /// The documents whose words begin with those of a search: of more than the limit those that were added last, the newest
    /// first. [`Error::Building`] while the index is not complete. A unit of work does not see its own writes.
    pub fn search<D: Document>(&self, search: &Search) -> Result<Vec<RawRow>> {
        let Some(name) = D::SEARCH else {
            return Ok(Vec::new());
        };
        self.conn.with_deadline(search.deadline, || {
            search::run(
                &self.conn,
                self.project,
                &Registered::of::<D>(),
                name,
                search,
            )
        })
    }

    /// Of the next `limit` documents by id, after `after`: the time of the oldest `D` of each, when that is before `before`. `D` lies
    /// together by its owner and its time ([`Collection::cluster`]).
    pub fn oldest_of<O: Document, D: Document>(
        &self,
        after: ObjectId,
        before: Millis,
        limit: u32,
    ) -> Result<Vec<(ObjectId, Option<Millis>)>> {
        let tables = (O::COLLECTION, D::COLLECTION);
        owned::oldest(&self.conn, self.project, tables, (after, before), limit)
    }
}
