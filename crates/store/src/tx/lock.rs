//! Documents that no other unit can change before this one is committed.

use super::Tx;
use super::row::{RawRow, Row};
use crate::conn::{Conn, RowRef, check};
use crate::postgres::link::Link;
use crate::{ColumnKind, DeclaredIndex, Document, Kind, ObjectId, Result, Value, declared};

impl Tx<'_> {
    /// The document with this id, which no other unit can change before this one is committed.
    pub fn get_for_update<D: Document>(&self, id: ObjectId) -> Result<Option<Row<D>>> {
        let Conn::Postgres(link) = &self.conn else {
            return self.followed(self.get(id)?);
        };
        let binds = [self.project.into(), id.into()];
        let get = &self.book.of(D::COLLECTION).get_for_update;
        let found = self.ask_and_lock::<D>(link, &[(get, &binds)])?;
        self.locked(&found[0])
    }

    /// The document that an identity key finds, locked as by [`Tx::get_for_update`].
    /// [`Error::Raced`](crate::Error::Raced) when the key was given to another document meanwhile.
    pub fn find_for_update<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<Row<D>>> {
        let Conn::Postgres(link) = &self.conn else {
            return self.followed(self.find(kind, key)?);
        };
        let binds = [self.project.into(), Value::Int(kind.0.into()), key.into()];
        let find = &self.book.of(D::COLLECTION).find_for_update;
        // While PostgreSQL waits for the lock of the row that a key found, the key may be given to another document.
        let owner = owner_sql::<D>();
        let found = self.ask_and_lock::<D>(link, &[(find, &binds), (&owner, &binds)])?;
        let row = self.locked::<D>(&found[0])?;
        let owner = found[1].first().map(RowRef::Postgres);
        let id = owner.as_ref().map(|row| row.id(0)).transpose()?;
        let is_still_found = match &row {
            Some(row) => id == Some(row.id),
            None => id.is_none() || self.find_raw::<D>(kind, key)?.is_none(),
        };
        if !is_still_found {
            return Err(self.raced());
        }
        if let (Some(name), Some(row), Some(owner)) = (D::SEARCH, &row, owner) {
            let block = match owner.value(1, ColumnKind::Int)? {
                Value::Int(block) => Some(block),
                _ => None,
            };
            self.held.place(name, row.id, block);
        }
        Ok(row)
    }

    /// Runs queries that lock documents, in one round trip. Before them it asks which indexes are declared: who declares one waits for all
    /// who know, and those must not wait for a document meanwhile.
    fn ask_and_lock<D: Document>(
        &self,
        link: &Link<'_>,
        queries: &[(&str, &[Value])],
    ) -> Result<Vec<Vec<tokio_postgres::Row>>> {
        queries.iter().for_each(|(sql, _)| check(sql));
        let Some(table) = D::DECLARED else {
            return link.query_all(queries);
        };
        let (declared, project) = (declared::all_sql(table), [self.project.into()]);
        let declared: (&str, &[Value]) = (&declared, &project);
        let all: Vec<_> = [declared]
            .into_iter()
            .chain(queries.iter().copied())
            .collect();
        let mut found = link.query_all(&all)?;
        let rows = found.remove(0);
        let read = |row| DeclaredIndex::read(&RowRef::Postgres(row), table);
        let indexes = rows.iter().map(read).collect::<Result<_>>()?;
        self.held.declared(table, indexes);
        Ok(found)
    }

    fn locked<D: Document>(&self, found: &[tokio_postgres::Row]) -> Result<Option<Row<D>>> {
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let row = RawRow::read(&RowRef::Postgres(row))?.typed()?;
        self.hold::<D>(row.id, row.version);
        self.followed(Some(row))
    }

    fn followed<D>(&self, row: Option<Row<D>>) -> Result<Option<Row<D>>> {
        row.iter().for_each(|row| self.follow(row));
        Ok(row)
    }

    /// Notes that a document is there in this version until the commit.
    pub(super) fn hold<D: Document>(&self, id: ObjectId, version: i64) {
        if self.conn.locks_rows() {
            self.held.document(D::COLLECTION.table, id, version);
        }
    }

    /// Whether a document is there in this version, which is to be the last one.
    pub(super) fn takes<D: Document>(&self, id: ObjectId, version: i64) -> bool {
        self.held.take_document(D::COLLECTION.table, id, version)
    }
}

/// Whom a key finds, and the block of that document in the search. `$1` project, `$2` kind, `$3` key.
fn owner_sql<D: Document>() -> String {
    match D::SEARCH {
        Some(name) => format!(
            "SELECT i.owner, s.block FROM identity i LEFT JOIN {name} s ON s.project = i.project AND s.id = i.owner \
             WHERE i.project = $1 AND i.kind = $2 AND i.key = $3"
        ),
        None => {
            "SELECT owner FROM identity WHERE project = $1 AND kind = $2 AND key = $3".to_owned()
        }
    }
}
