//! Lists: a filter, an order, and a page of it.

mod order;
mod parts;
mod scan;

use std::cell::Cell;
use std::time::{Duration, Instant};

pub use order::Cursor;

use self::order::Order;
use self::parts::{First, Part, Source, conjuncts};
use self::scan::push_limit;
use crate::conn::Conn;
use crate::declared::DeclaredIndex;
use crate::filter::{Dialect, Filter, KeyRanges, Sql, opens_documents, push_ranges};
use crate::{Collection, Error, Millis, ObjectId, ROW_COLUMNS, RawRow, Result, Value};

/// A condition that so many rows fulfil by a declared index is looked up there, and the rows are put in order; where there
/// are more, rows are looked at in their order.
const FEW: u64 = 4_000;

/// One key of an order: the path of a promoted value, as the API shows it, or of a declared index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// The path, e.g. `lastActivity`.
    pub path: String,
    /// Largest first.
    pub descending: bool,
}

/// A list of documents of one collection and one project.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which documents.
    pub filter: Filter,
    /// In which order; the id decides between equals. Empty: by id, newest first.
    pub sort: Vec<Sort>,
    /// How many at the most.
    pub limit: u32,
    /// How many to leave out first. A cursor is cheaper.
    pub skip: u64,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows are examined no longer than this.
    pub deadline: Duration,
    /// So many documents may be opened to decide conditions that neither a column nor a declared index decides.
    pub examine_max: u64,
}

/// A page of documents.
#[derive(Debug)]
pub struct Page {
    /// The documents.
    pub rows: Vec<RawRow>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Cursor>,
}

/// A row, and the values of its sort keys.
type Found = (RawRow, Vec<Value>);

/// A query over the documents of one project, and what is there to answer it.
pub(crate) struct List<'l> {
    conn: &'l Conn<'l>,
    project: ObjectId,
    collection: &'l Collection,
    indexes: &'l [DeclaredIndex],
    query: &'l Query,
    started: Instant,
    /// Documents that were opened so far.
    examined: Cell<u64>,
}

impl Query {
    /// Whether it names values that have no column.
    pub(crate) fn names_other_than(&self, collection: &Collection) -> bool {
        let is_column = |path: &str| {
            let mut columns = collection.columns.iter().chain(ROW_COLUMNS);
            columns.any(|column| column.path == path)
        };
        !self.sort.iter().all(|key| is_column(&key.path))
            || !self.filter.all_paths(&|path| is_column(path.as_str()))
    }
}

impl<'l> List<'l> {
    pub fn new(
        conn: &'l Conn<'l>,
        project: ObjectId,
        collection: &'l Collection,
        indexes: &'l [DeclaredIndex],
        query: &'l Query,
    ) -> Self {
        Self {
            conn,
            project,
            collection,
            indexes,
            query,
            started: Instant::now(),
            examined: Cell::new(0),
        }
    }

    /// The page that the query asks for.
    pub fn page(&self) -> Result<Page> {
        let query = self.query;
        let order = Order::of(self.collection, self.indexes, &query.sort)?;
        let after = query.after.as_ref().map(|cursor| order.place(cursor));
        let (limit, mut skip) = (query.limit as usize, query.skip);
        let mut found: Vec<Found> = Vec::new();
        for part in self.parts(&order, after.transpose()?)? {
            self.in_time()?;
            let want = limit + 1 - found.len();
            found.extend(self.scan(&part, want as u64, &mut skip)?);
            if found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more);
        Ok(Page {
            next: next.map(|(_, values)| order.cursor(values)),
            rows: found.into_iter().map(|(row, _)| row).collect(),
        })
    }

    /// Counts what the filter matches, at most `most`.
    pub fn count(&self, most: u64) -> Result<u64> {
        let conditions = conjuncts(&self.query.filter);
        let served: Vec<_> = self.served_conditions().collect();
        if let ([_], [served]) = (&conditions[..], &served[..])
            && served.ranges.exact
        {
            return self.count_ids(served.index, &served.ranges, most);
        }
        let (mut source, mut decided) = (Source::Table, None);
        let mut fewest = FEW + 1;
        for served in served {
            let count = self.count_keys(served.index, &served.ranges, fewest)?;
            if count < fewest {
                decided = served.decided();
                (source, fewest) = (served.few(), count);
            }
        }
        let part = Part {
            source,
            decided,
            first: First::Either,
            keys: Vec::new(),
            ordered_from: 0,
            after: None,
        };
        let conditions: Vec<_> = self.undecided(&part).collect();
        let (opening, columns): (Vec<_>, Vec<_>) = conditions
            .iter()
            .partition(|filter| opens_documents(filter, self.collection, self.indexes));
        if !opening.is_empty() {
            self.hold_to_most(&part, &columns)?;
        }
        self.count_rows(&part, &conditions, most)
    }

    /// How many documents have one of some keys, counted up to `most`.
    fn count_ids(&self, index: &DeclaredIndex, ranges: &KeyRanges, most: u64) -> Result<u64> {
        let mut sql = Sql {
            text: "SELECT count(*) FROM (".into(),
            binds: Vec::new(),
        };
        self.push_ids(&mut sql, index.table, index.attribute, ranges);
        push_limit(&mut sql, most);
        sql.text.push_str(") counted");
        self.counted(&sql)
    }

    /// How many rows of an index have one of some keys, counted up to `most`.
    fn count_keys(&self, index: &DeclaredIndex, ranges: &KeyRanges, most: u64) -> Result<u64> {
        let mut sql = Sql {
            text: format!(
                "SELECT count(*) FROM (SELECT 1 AS one FROM {} a WHERE a.project = ",
                index.table
            ),
            binds: Vec::new(),
        };
        sql.bind(Value::Id(self.project));
        sql.text.push_str(" AND a.attribute = ");
        sql.bind(Value::Int(index.attribute));
        sql.text.push_str(" AND ");
        push_ranges(&mut sql, ranges);
        push_limit(&mut sql, most);
        sql.text.push_str(") counted");
        self.counted(&sql)
    }

    /// Each statement ends at the deadline by itself; this is about several of them.
    fn in_time(&self) -> Result<()> {
        match self.started.elapsed() > self.query.deadline {
            true => Err(Error::TooExpensive),
            false => Ok(()),
        }
    }

    fn dialect(&self) -> Dialect {
        match self.conn {
            Conn::Sqlite { .. } => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }
}

impl RawRow {
    /// Reads the columns of [`ROW`](crate::statements::ROW).
    pub(crate) fn read(row: &crate::conn::RowRef<'_>) -> Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            version: row.int(1)?,
            created_at: row.millis(2)?,
            updated_at: row.millis(3)?,
            json: row.json(4)?,
        })
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: Filter::All,
            sort: Vec::new(),
            limit: 100,
            skip: 0,
            after: None,
            deadline: Duration::from_secs(5),
            examine_max: u64::MAX,
        }
    }
}

impl RawRow {
    /// The instant of the last write, to the second, as HTTP dates have it.
    #[must_use]
    pub fn updated_second(&self) -> Millis {
        Millis(self.updated_at.0.div_euclid(1000) * 1000)
    }
}
