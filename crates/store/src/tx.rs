//! What the function of a unit may do: all of it in one project, all of it in one transaction.

use std::ops::Deref;

use crate::conn::{Conn, RowRef};
use crate::declared::{self, DeclaredIndex};
use crate::feed::{self, Fate};
use crate::filter::FieldPath;
use crate::migrate;
use crate::owned;
use crate::pending::Pending;
use crate::query::List;
use crate::search::{self, text_of};
use crate::statements::StatementBook;
use crate::{
    Change, Collection, Document, Error, FeedCursor, FeedPage, How, IdSource, IndexState, Kind,
    Millis, ObjectId, Page, Query, Registered, Result, Schema, Search, Value,
};

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

impl Probe {
    fn read(row: &RowRef<'_>) -> Result<Self> {
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

/// What became of a document that was read before, on a database that others write too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// As it is now, when it is another than before.
    pub changed: Option<RawRow>,
    /// What [`crate::Store::writes_of_numbered`] would have said at that instant.
    pub writes: i64,
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
    searched: String,
}

/// Reads in one project.
pub struct Snapshot<'c> {
    conn: Conn<'c>,
    book: &'c StatementBook,
    project: ObjectId,
    /// Whether declared indexes say what the documents say.
    is_indexed: bool,
}

/// Reads and writes in one project, inside a transaction.
pub struct Tx<'c> {
    snapshot: Snapshot<'c>,
    ids: &'c IdSource,
    now: Millis,
    changes: Vec<Change>,
    pending: Pending,
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

    /// The bytes of the document that an identity key finds: one statement.
    pub fn find_raw<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<RawRow>> {
        let sql = &self.book.of(D::COLLECTION).find;
        self.conn.first(
            sql,
            &[self.project.into(), Value::Int(kind.0.into()), key.into()],
            |row| RawRow::read(&row),
        )
    }

    /// As [`Self::find_raw`]; a document that is still of this id and version is not read again. In the same statement, the writes of
    /// the project `numbered` are asked for. For PostgreSQL: with SQLite, what was read stays true until the listener of commits is told.
    pub fn find_unless<D: Document>(
        &self,
        kind: Kind,
        key: &str,
        (id, version): (ObjectId, i64),
        numbered: ObjectId,
    ) -> Result<Option<Probe>> {
        let sql = &self.book.of(D::COLLECTION).find_unless;
        let binds = [
            id.into(),
            Value::Int(version),
            numbered.into(),
            self.project.into(),
            Value::Int(kind.0.into()),
            key.into(),
        ];
        self.conn.first(sql, &binds, |row| Probe::read(&row))
    }

    /// As [`Self::raw`]; a document that is still of this version is not read again. Otherwise as [`Self::find_unless`].
    pub fn raw_unless<D: Document>(
        &self,
        id: ObjectId,
        version: i64,
        numbered: ObjectId,
    ) -> Result<Option<Probe>> {
        let sql = &self.book.of(D::COLLECTION).get_unless;
        let binds = [
            Value::Int(version),
            numbered.into(),
            self.project.into(),
            id.into(),
        ];
        self.conn.first(sql, &binds, |row| Probe::read(&row))
    }

    /// The document that an identity key finds.
    pub fn find<D: Document>(&self, kind: Kind, key: &str) -> Result<Option<Row<D>>> {
        self.find_raw::<D>(kind, key)?
            .map(|row| row.typed())
            .transpose()
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

    /// A page of a list.
    pub fn page<D: Document>(&self, query: &Query) -> Result<Page> {
        self.conn.with_deadline(query.deadline, || {
            self.with_indexes::<D, _>(query, |list| list.page())
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

    pub(crate) fn unbuilt(&self, name: &str) -> Result<Vec<ObjectId>> {
        search::unbuilt(&self.conn, name)
    }

    /// Which documents changed since a cursor: at most `limit` of them. `None` when the feed does not know the cursor, or not any more:
    /// then all is to be read again, from [`Snapshot::feed_beginning`] on.
    pub fn feed<D: Document>(&self, since: &FeedCursor, limit: u32) -> Result<Option<FeedPage>> {
        let (feed, collection) = (feed_of::<D>()?, D::COLLECTION);
        feed::page(&self.conn, self.project, feed, collection, since, limit)
    }

    /// The end of the feed; `None` when [`Tx::open_feed`] or [`Tx::number_feed`] is to be called first.
    pub fn feed_end<D: Document>(&self) -> Result<Option<FeedCursor>> {
        feed::end(&self.conn, self.project, feed_of::<D>()?)
    }

    /// The beginning of the feed: the documents that are there, and then what changed since. `None` when [`Tx::open_feed`] is to be
    /// called first.
    pub fn feed_beginning<D: Document>(&self) -> Result<Option<FeedCursor>> {
        feed::beginning(&self.conn, self.project, feed_of::<D>()?)
    }

    /// The first places of the feed, at most `most`, that are of before an instant: for [`Tx::trim_feed`].
    pub fn feed_older<D: Document>(
        &self,
        before: Millis,
        most: u32,
    ) -> Result<Vec<(i64, ObjectId)>> {
        feed::older(&self.conn, self.project, feed_of::<D>()?, before, most)
    }

    /// How many documents the filter of `query` matches, counted up to `most`.
    pub fn count<D: Document>(&self, query: &Query, most: u64) -> Result<u64> {
        self.conn.with_deadline(query.deadline, || {
            self.with_indexes::<D, _>(query, |list| list.count(most))
        })
    }
}

impl<'c> Tx<'c> {
    pub(crate) fn new(snapshot: Snapshot<'c>, ids: &'c IdSource, now: Millis) -> Self {
        Self {
            // They are written at the end of the unit, which sees its own documents before.
            snapshot: Snapshot {
                is_indexed: false,
                ..snapshot
            },
            ids,
            now,
            changes: Vec::new(),
            pending: Pending::default(),
        }
    }

    /// What the unit changed, and what is left to be written of it.
    pub(crate) fn finish(self) -> (Vec<Change>, Pending) {
        (self.changes, self.pending)
    }

    /// The instant of this unit.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.now
    }

    /// An id for a new document.
    #[must_use]
    pub fn new_id(&self) -> ObjectId {
        self.ids.next(self.now)
    }

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

    /// Inserts a document under a new id.
    pub fn insert<D: Document>(&mut self, id: ObjectId, doc: D) -> Result<Row<D>> {
        self.restore(id, 1, doc)
    }

    /// Inserts a document that was there before. A `version` beyond those that it had is not mistaken for one of them.
    pub fn restore<D: Document>(
        &mut self,
        id: ObjectId,
        version: i64,
        mut doc: D,
    ) -> Result<Row<D>> {
        doc.stamp(self.now);
        let created_at = doc.created_at().unwrap_or(self.now);
        let sql = &self.snapshot.book.of(D::COLLECTION).insert;
        self.snapshot
            .conn
            .execute(sql, &self.insert_binds(id, version, &doc)?)?;
        let searched = text_of(&doc);
        self.note::<D>(id, String::new(), &searched);
        self.tell::<D>(id, Fate::Present(()));
        self.changed::<D>(id, How::Inserted);
        Ok(Row {
            id,
            version,
            created_at,
            updated_at: self.now,
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

    fn insert_binds<D: Document>(&self, id: ObjectId, version: i64, doc: &D) -> Result<Vec<Value>> {
        let mut binds = Vec::with_capacity(6 + D::COLLECTION.columns.len());
        let created_at = doc.created_at().unwrap_or(self.now);
        binds.extend([
            self.project.into(),
            id.into(),
            Value::Int(version),
            created_at.into(),
            self.now.into(),
            Value::Json(serde_json::to_vec(doc)?),
        ]);
        binds.extend(doc.promoted());
        Ok(binds)
    }

    /// Writes a changed document back. Its version goes up by one; [`Error::Raced`] when it was written since it was read.
    pub fn put<D: Document>(&mut self, row: &mut Row<D>) -> Result<()> {
        row.doc.stamp(self.now);
        row.created_at = row.doc.created_at().unwrap_or(row.created_at);
        let mut binds = Vec::with_capacity(7 + D::COLLECTION.columns.len());
        binds.extend([
            Value::Int(row.version + 1),
            row.created_at.into(),
            self.now.into(),
            Value::Json(serde_json::to_vec(&row.doc)?),
        ]);
        binds.extend(row.doc.promoted());
        binds.extend([self.project.into(), row.id.into(), Value::Int(row.version)]);
        let sql = &self.snapshot.book.of(D::COLLECTION).update;
        if self.snapshot.conn.execute(sql, &binds)? == 0 {
            return Err(self.snapshot.conn.raced());
        }
        let searched = text_of(&row.doc);
        let old = std::mem::replace(&mut row.searched, searched);
        self.note::<D>(row.id, old, &row.searched);
        self.tell::<D>(row.id, Fate::Present(()));
        row.version += 1;
        row.updated_at = self.now;
        self.changed::<D>(row.id, How::Updated);
        Ok(())
    }

    /// Notes that a document was written, and that its searched text changed, if it did.
    fn note<D: Document>(&mut self, id: ObjectId, old: String, new: &str) {
        if let Some(table) = D::DECLARED {
            let document = (self.snapshot.project, id);
            self.pending.written(table, D::COLLECTION, document);
        }
        if let Some(name) = D::SEARCH
            && old != new
        {
            let document = (self.snapshot.project, id);
            self.pending
                .search
                .note(name, document, old, new.to_owned());
        }
    }

    /// Notes for the feed what became of a document.
    fn tell<D: Document>(&mut self, id: ObjectId, fate: Fate<()>) {
        if let Some(feed) = D::FEED {
            let document = (self.snapshot.project, id);
            self.pending.feed.note(feed, document, fate, self.now);
        }
    }

    /// The searched text of a document that is to be deleted; empty when it cannot be read, which `doctor` names.
    fn searched<D: Document>(&self, json: Result<Vec<u8>>) -> String {
        let doc = json
            .ok()
            .and_then(|json| serde_json::from_slice::<D>(&json).ok());
        doc.as_ref().map(text_of).unwrap_or_default()
    }

    /// Adds the next documents to an index that is being built; returns whether there may be more.
    pub(crate) fn build_search(&self, name: &'static str, document: &Registered) -> Result<bool> {
        search::build_some(&self.snapshot.conn, self.snapshot.project, name, document)
    }

    /// Declares an index over the values at `path`, which [`crate::Store::build_declared`] then builds; what is declared already stays
    /// as it is. [`Error::Full`] when `most` are declared.
    pub fn declare_index<D: Document>(
        &mut self,
        path: &FieldPath,
        most: usize,
    ) -> Result<DeclaredIndex> {
        let (snapshot, now) = (&self.snapshot, self.now);
        let table = declared_table::<D>()?;
        declared::declare(&snapshot.conn, snapshot.project, table, path, most, now)
    }

    /// Lets a declared index go, which [`crate::Store::build_declared`] then removes; returns whether there was one.
    pub fn drop_index<D: Document>(&mut self, path: &FieldPath) -> Result<bool> {
        let snapshot = &self.snapshot;
        let table = declared_table::<D>()?;
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

    /// Opens the feed of the project, unless it is open: from now on it is told what changes.
    pub fn open_feed<D: Document>(&mut self) -> Result<()> {
        let epoch = self.new_id();
        let snapshot = &self.snapshot;
        feed::open(&snapshot.conn, snapshot.project, feed_of::<D>()?, epoch)
    }

    /// Numbers the next changes of the feed that were committed; returns the end of the feed once that was the last, and `None` when there
    /// may be more, or the feed is not open.
    pub fn number_feed<D: Document>(&mut self) -> Result<Option<FeedCursor>> {
        let snapshot = &self.snapshot;
        feed::number_some(&snapshot.conn, snapshot.project, feed_of::<D>()?)
    }

    /// Takes places of [`Snapshot::feed_older`] out of the feed, unless they changed meanwhile; returns how many. Cursors from before
    /// them are refused from then on.
    pub fn trim_feed<D: Document>(
        &mut self,
        before: Millis,
        places: &[(i64, ObjectId)],
    ) -> Result<u64> {
        let snapshot = &self.snapshot;
        let feed = feed_of::<D>()?;
        feed::trim(&snapshot.conn, snapshot.project, feed, before, places)
    }

    /// Fills columns again that were added after the version `found`, of documents of all projects that were written since.
    pub(crate) fn fill_again(&self, schema: &Schema, found: i64, since: Millis) -> Result<u64> {
        migrate::fill_again(&self.snapshot.conn, schema, found, since)
    }

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
        let sql = format!("DELETE FROM {table} WHERE project = $1 AND {column} = $2");
        self.snapshot.conn.execute(&sql, &binds)
    }

    /// Makes an identity key find `owner`. A no-op when it does already; [`Error::Taken`] when it finds another.
    pub fn claim(&mut self, kind: Kind, key: &str, owner: ObjectId) -> Result<()> {
        let sql = "INSERT INTO identity (project, kind, key, owner) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let binds = [
            self.project.into(),
            Value::Int(kind.0.into()),
            key.into(),
            owner.into(),
        ];
        if self.snapshot.conn.execute(sql, &binds)? == 1 {
            self.identity_changed(kind, key);
            return Ok(());
        }
        match self.owner(kind, key)? {
            Some(holder) if holder == owner => Ok(()),
            Some(holder) => Err(Error::Taken {
                kind,
                key: key.to_owned(),
                holder,
            }),
            None => Err(self.snapshot.conn.raced()),
        }
    }

    /// Makes an identity key find nobody, if it finds `owner`.
    pub fn release(&mut self, kind: Kind, key: &str, owner: ObjectId) -> Result<()> {
        let sql =
            "DELETE FROM identity WHERE project = $1 AND kind = $2 AND key = $3 AND owner = $4";
        self.snapshot.conn.execute(
            sql,
            &[
                self.project.into(),
                Value::Int(kind.0.into()),
                key.into(),
                owner.into(),
            ],
        )?;
        self.identity_changed(kind, key);
        Ok(())
    }

    /// The error of a unit that finds another was faster: the unit is run again, a few times.
    pub fn raced(&self) -> Error {
        self.snapshot.conn.raced()
    }

    fn changed<D: Document>(&mut self, id: ObjectId, how: How) {
        self.changes.push(Change::Document {
            table: D::COLLECTION.table,
            project: self.snapshot.project,
            id,
            how,
        });
    }

    fn identity_changed(&mut self, kind: Kind, key: &str) {
        self.changes.push(Change::Identity {
            project: self.snapshot.project,
            kind,
            key: key.to_owned(),
        });
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = Snapshot<'c>;

    fn deref(&self) -> &Snapshot<'c> {
        &self.snapshot
    }
}

fn feed_of<D: Document>() -> Result<&'static str> {
    D::FEED.ok_or_else(|| Error::BadQuery(format!("{} has no feed", D::COLLECTION.table)))
}

fn declared_table<D: Document>() -> Result<&'static str> {
    D::DECLARED
        .ok_or_else(|| Error::BadQuery(format!("{} has no declared indexes", D::COLLECTION.table)))
}
