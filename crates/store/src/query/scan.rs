//! Reading the rows of one part of a list.

use super::order::{OrderKey, push_after, push_order};
use super::parts::{First, Part, Source, conjuncts};
use super::{Found, List};
use crate::filter::{Filter, KeyRanges, Sql, compile, opens_documents, push_ranges};
use crate::{Error, RawRow, Result, Value};

/// Rows that are looked at first when documents must be opened; then twice as many each time, up to [`ROWS_PER_STEP_MAX`].
const ROWS_FIRST: u64 = 250;
const ROWS_PER_STEP_MAX: u64 = 16_000;

impl<'l> List<'l> {
    /// The next `want` rows of a part, at the most. Those to leave out first are counted down in `skip`.
    pub(super) fn scan(&self, part: &Part<'l>, want: u64, skip: &mut u64) -> Result<Vec<Found>> {
        let (opening, columns): (Vec<_>, Vec<_>) = self
            .undecided(part)
            .partition(|filter| opens_documents(filter, self.collection, self.indexes));
        if opening.is_empty() {
            return self.at_once(part, &columns, want, skip);
        }
        if self.is_in_order(part) {
            return self.in_steps(part, (&columns, &opening), want, skip);
        }
        self.hold_to_most(part, &columns)?;
        let all: Vec<_> = columns.into_iter().chain(opening).collect();
        self.at_once(part, &all, want, skip)
    }

    /// The conditions that are to be looked at in the rows of a part.
    pub(super) fn undecided(&self, part: &Part<'l>) -> impl Iterator<Item = &'l Filter> {
        let decided = part.decided;
        conjuncts(&self.query.filter)
            .into_iter()
            .filter(move |filter| !decided.is_some_and(|decided| std::ptr::eq(*filter, decided)))
    }

    /// Whether an index gives the rows one by one in their order.
    fn is_in_order(&self, part: &Part<'_>) -> bool {
        let keys = &part.keys[part.ordered_from..];
        match (&part.source, keys) {
            (Source::Index { .. }, _) => true,
            (Source::Few(..), _) => false,
            (Source::Table, [id]) => {
                id.column() == Some("id") && self.collection.cluster.is_empty()
            }
            (Source::Table, [key, id]) => {
                let is_over = |index: &&crate::Index| {
                    matches!(index.columns, [column] if key.column() == Some(*column))
                        && (index.not_null.is_none() || part.first == First::Present)
                };
                id.column() == Some("id") && self.collection.indexes.iter().any(|it| is_over(&it))
            }
            (Source::Table, _) => false,
        }
    }

    fn at_once(
        &self,
        part: &Part<'l>,
        conditions: &[&Filter],
        want: u64,
        skip: &mut u64,
    ) -> Result<Vec<Found>> {
        let mut sql = self.select("t.doc", part);
        self.push_rows(&mut sql, part, conditions, part.after.as_deref());
        push_order(&mut sql, &part.keys[part.ordered_from..]);
        push_limit(&mut sql, want);
        if *skip > 0 {
            sql.text.push_str(" OFFSET ");
            sql.bind(number(*skip));
        }
        let found = self.conn.query(&sql.text, &sql.binds, |row| {
            Ok((RawRow::read(&row)?, read_keys(&row, &part.keys)?))
        })?;
        if *skip > 0 {
            let counted = match found.is_empty() {
                true => self.count_rows(part, conditions, *skip)?,
                false => *skip,
            };
            *skip -= counted.min(*skip);
        }
        Ok(found)
    }

    /// Looks at rows in their order, some at a time, and counts them: what is found early costs little, and what is not found
    /// ends at a limit that does not depend on how fast the machine is.
    fn in_steps(
        &self,
        part: &Part<'l>,
        (columns, opening): (&[&Filter], &[&Filter]),
        want: u64,
        skip: &mut u64,
    ) -> Result<Vec<Found>> {
        let (mut found, mut after, mut step) = (Vec::new(), part.after.clone(), ROWS_FIRST);
        loop {
            self.in_time()?;
            let left = self.query.examine_max - self.examined.get();
            let asked = step.min(left.saturating_add(1));
            let rows = self.step(part, (columns, opening), after.as_deref(), asked)?;
            let (looked_at, last) = (rows.len() as u64, rows.last().map(|row| row.1.clone()));
            for (row, keys) in rows {
                let Some(row) = row else { continue };
                if *skip > 0 {
                    *skip -= 1;
                } else if (found.len() as u64) < want {
                    found.push((row, keys));
                }
            }
            if found.len() as u64 >= want {
                return Ok(found);
            }
            if looked_at > left {
                return Err(Error::TooManyRows(self.query.examine_max));
            }
            self.examined.set(self.examined.get() + looked_at);
            if looked_at < asked {
                return Ok(found);
            }
            after = last;
            step = (step * 2).min(ROWS_PER_STEP_MAX);
        }
    }

    /// The next rows, of which only those that fulfil all conditions come with their document.
    fn step(
        &self,
        part: &Part<'l>,
        (columns, opening): (&[&Filter], &[&Filter]),
        after: Option<&[Value]>,
        asked: u64,
    ) -> Result<Vec<(Option<RawRow>, Vec<Value>)>> {
        let mut sql = Sql {
            text: "SELECT t.id, t.version, t.created_at, t.updated_at, CASE WHEN TRUE".into(),
            binds: Vec::new(),
        };
        self.push_conditions(&mut sql, opening);
        sql.text.push_str(" THEN t.doc END");
        push_keys(&mut sql, &part.keys);
        self.push_rows(&mut sql, part, columns, after);
        push_order(&mut sql, &part.keys[part.ordered_from..]);
        push_limit(&mut sql, asked);
        self.conn.query(&sql.text, &sql.binds, |row| {
            let raw = if row.is_null(4)? {
                None
            } else {
                Some(RawRow::read(&row)?)
            };
            Ok((raw, read_keys(&row, &part.keys)?))
        })
    }

    /// Refuses to open more documents than the query may: all that the other conditions leave.
    pub(super) fn hold_to_most(&self, part: &Part<'l>, columns: &[&Filter]) -> Result<()> {
        let most = self.query.examine_max;
        if most == u64::MAX {
            return Ok(());
        }
        let left = most - self.examined.get();
        let rows = self.count_rows(part, columns, left + 1)?;
        if rows > left {
            return Err(Error::TooManyRows(most));
        }
        self.examined.set(self.examined.get() + rows);
        Ok(())
    }

    /// How many rows of a part fulfil some conditions, counted up to `most`.
    pub(super) fn count_rows(
        &self,
        part: &Part<'l>,
        conditions: &[&Filter],
        most: u64,
    ) -> Result<u64> {
        let mut sql = Sql {
            text: "SELECT count(*) FROM (SELECT 1 AS one".into(),
            binds: Vec::new(),
        };
        self.push_rows(&mut sql, part, conditions, part.after.as_deref());
        push_limit(&mut sql, most);
        sql.text.push_str(") counted");
        self.counted(&sql)
    }

    pub(super) fn counted(&self, sql: &Sql) -> Result<u64> {
        let count = self.conn.first(&sql.text, &sql.binds, |row| row.int(0))?;
        Ok(count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0))
    }

    fn select(&self, doc: &str, part: &Part<'_>) -> Sql {
        let mut sql = Sql {
            text: format!("SELECT t.id, t.version, t.created_at, t.updated_at, {doc}"),
            binds: Vec::new(),
        };
        push_keys(&mut sql, &part.keys);
        sql
    }

    /// Where the rows of a part are, and which they are.
    fn push_rows(
        &self,
        sql: &mut Sql,
        part: &Part<'l>,
        conditions: &[&Filter],
        after: Option<&[Value]>,
    ) {
        self.push_source(sql, &part.source);
        match part.first {
            First::Either => {}
            First::Present => sql
                .text
                .push_str(&format!(" AND {} IS NOT NULL", part.keys[0].expression)),
            First::Absent => sql
                .text
                .push_str(&format!(" AND {} IS NULL", part.keys[0].expression)),
        }
        self.push_conditions(sql, conditions);
        if let Some(after) = after {
            sql.text.push_str(" AND ");
            push_after(
                sql,
                &part.keys[part.ordered_from..],
                &after[part.ordered_from..],
            );
        }
    }

    fn push_source(&self, sql: &mut Sql, source: &Source<'_>) {
        let table = self.collection.table;
        // SQLite takes tables in the order of CROSS JOIN: in no other is the work bounded. PostgreSQL knows its figures.
        let join = match self.conn.locks_rows() {
            true => "JOIN",
            false => "CROSS JOIN",
        };
        match source {
            Source::Table => {
                sql.text
                    .push_str(&format!(" FROM {table} t WHERE t.project = "));
                sql.bind(Value::Id(self.project));
            }
            Source::Few(index, ranges) => {
                sql.text.push_str(" FROM (");
                self.push_ids(sql, index.table, index.attribute, ranges);
                sql.text.push_str(&format!(
                    ") few {join} {table} t ON t.project = few.project AND t.id = few.id WHERE t.project = "
                ));
                sql.bind(Value::Id(self.project));
            }
            Source::Index {
                index,
                range,
                elements,
            } => {
                sql.text.push_str(&format!(
                    " FROM {} a {join} {table} t ON t.project = a.project AND t.id = a.id WHERE a.project = ",
                    index.table
                ));
                sql.bind(Value::Id(self.project));
                sql.text.push_str(" AND a.attribute = ");
                sql.bind(Value::Int(index.attribute));
                sql.text.push_str(" AND ");
                let ranges = KeyRanges {
                    ranges: vec![range.clone()],
                    exact: true,
                };
                push_ranges(sql, &ranges);
                if !elements {
                    sql.text.push_str(" AND a.element = 0");
                }
            }
        }
    }

    /// The statement of the ids that have one of some keys.
    pub(super) fn push_ids(&self, sql: &mut Sql, table: &str, attribute: i64, ranges: &KeyRanges) {
        // SQLite would take the primary key, which gives ids without doubles, and look at every row of the project.
        let by_value = match self.conn.locks_rows() {
            true => String::new(),
            false => format!(" INDEXED BY {table}_value"),
        };
        sql.text.push_str(&format!(
            "SELECT DISTINCT a.project, a.id FROM {table} a{by_value} WHERE a.project = "
        ));
        sql.bind(Value::Id(self.project));
        sql.text.push_str(" AND a.attribute = ");
        sql.bind(Value::Int(attribute));
        sql.text.push_str(" AND ");
        push_ranges(sql, ranges);
    }

    fn push_conditions(&self, sql: &mut Sql, conditions: &[&Filter]) {
        for filter in conditions {
            sql.text.push_str(" AND ");
            compile(
                filter,
                self.collection,
                self.indexes,
                self.dialect(),
                "t",
                sql,
            );
        }
    }
}

fn push_keys(sql: &mut Sql, keys: &[OrderKey]) {
    for key in keys {
        sql.text.push_str(&format!(", {}", key.expression));
    }
}

pub(super) fn push_limit(sql: &mut Sql, most: u64) {
    sql.text.push_str(" LIMIT ");
    sql.bind(number(most));
}

fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The values of the keys, which stand after the columns of a row.
fn read_keys(row: &crate::conn::RowRef<'_>, keys: &[OrderKey]) -> Result<Vec<Value>> {
    let values = keys.iter().enumerate();
    values.map(|(n, key)| key.read(row, 5 + n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::{Conn, Deadline};
    use crate::declared::{DeclaredIndex, create};
    use crate::filter::KeyRange;
    use crate::{Collection, Dictionary, IndexState, ObjectId, Query};

    const THINGS: Collection = Collection {
        table: "thing",
        columns: &[],
        indexes: &[],
        cluster: &[],
        references: &[],
    };

    /// How SQLite finds the ids that have one of some keys.
    fn plan(ranges: Vec<KeyRange>) -> String {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        let deadline = Deadline::watch(&mut connection).unwrap();
        let conn = Conn::Sqlite {
            connection: &connection,
            dictionary: Dictionary(b""),
            deadline: &deadline,
        };
        create(&conn, "thing_index").unwrap();
        let query = Query::default();
        let list = List::new(&conn, ObjectId::ZERO, &THINGS, &[], &query);
        let mut sql = Sql {
            text: "EXPLAIN QUERY PLAN ".into(),
            binds: Vec::new(),
        };
        let index = DeclaredIndex::for_test("thing_index", 1, "plan", IndexState::Ready);
        let exact = true;
        list.push_ids(
            &mut sql,
            index.table,
            index.attribute,
            &KeyRanges { ranges, exact },
        );
        let mut statement = connection.prepare(&sql.text).unwrap();
        for n in 1..=sql.binds.len() {
            statement.raw_bind_parameter(n, b"").unwrap();
        }
        let mut rows = statement.raw_query();
        let step: String = rows.next().unwrap().unwrap().get("detail").unwrap();
        step
    }

    /// The primary key gives ids in their order, so that none has to be left out as double: it would be read to its end for that.
    #[test]
    fn ids_are_found_by_their_keys() {
        let key = |n: u8| KeyRange::Is(vec![n]);
        let by_value =
            "SEARCH a USING COVERING INDEX thing_index_value (project=? AND attribute=? AND value";
        for ranges in [
            vec![key(1)],
            vec![key(1), key(2)],
            vec![KeyRange::Between(vec![1], vec![2])],
        ] {
            let plan = plan(ranges.clone());
            assert!(plan.starts_with(by_value), "{ranges:?}: {plan}");
        }
    }
}
