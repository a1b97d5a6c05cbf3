//! Compares a database with itself: what the documents say against the columns, keys and references beside them.

use serde::{Deserialize, Serialize};

use crate::conn::{Conn, Deadline, RowRef};
use crate::rules::EVERY_PROJECT;
use crate::walk::{Key, Walk};
use crate::{
    Collection, Error, Identity, ObjectId, Registered, Result, Schema, Value, declared, feed,
    search,
};

/// Findings beyond this many are counted but not listed.
const FINDINGS_LISTED_MAX: usize = 100;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong, with the ids that name it.
    pub problem: String,
    /// Whether it was mended.
    pub repaired: bool,
}

/// What an examination found.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Documents looked at.
    pub documents: u64,
    /// Identity keys looked at.
    pub identities: u64,
    /// How much is wrong in all.
    pub problems: u64,
    /// How much of it was mended.
    pub repaired: u64,
    /// The first hundred of them.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong (any more).
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems == self.repaired
    }

    fn add(&mut self, repaired: bool, problem: String) {
        self.problems += 1;
        self.repaired += u64::from(repaired);
        if self.findings.len() < FINDINGS_LISTED_MAX {
            self.findings.push(Finding { problem, repaired });
        }
    }
}

/// Examines a SQLite database; `progress` is told the documents looked at so far.
pub(crate) fn examine(
    connection: &rusqlite::Connection,
    deadline: &Deadline,
    schema: &Schema,
    repair: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<Report> {
    let conn = Conn::Sqlite {
        connection,
        dictionary: schema.dictionary,
        deadline,
    };
    let mut report = Report::default();
    check_file(&conn, schema, &mut report)?;
    if report.problems > 0 {
        return Ok(report); // what a damaged file says cannot be trusted, and writing to it makes it worse
    }
    connection.execute_batch("PRAGMA temp_store = FILE")?; // as many rows as there are identity keys
    conn.execute(if repair { "BEGIN IMMEDIATE" } else { "BEGIN" }, &[])?;
    compare(&conn, schema, repair, &mut report, progress)?;
    conn.execute("COMMIT", &[])?;
    Ok(report)
}

/// Compares what is stored, in the transaction of the connection.
pub(crate) fn compare(
    conn: &Conn<'_>,
    schema: &Schema,
    repair: bool,
    report: &mut Report,
    progress: &mut dyn FnMut(u64),
) -> Result<()> {
    let (id, flag) = match conn {
        Conn::Sqlite { .. } => ("BLOB", "INTEGER"),
        Conn::Postgres(_) => ("BYTEA", "BOOLEAN"),
    };
    let expected = format!(
        "CREATE TEMP TABLE expected (project {id}, kind BIGINT, key TEXT, owner {id}, holder {id}, required {flag}, \
         PRIMARY KEY (project, kind, key, owner, holder))"
    );
    conn.execute(&expected, &[])?;
    let mut examination = Examination {
        conn,
        repair,
        unreadable: false,
        report,
        progress,
    };
    for document in schema.documents {
        examination.documents(document)?;
    }
    examination.references(schema.documents)?;
    examination.missing_identities()?;
    examination.surplus_identities()?;
    for document in schema.documents {
        examination.search(document)?;
        examination.declared(document)?;
        examination.feed(document)?;
    }
    conn.execute("DROP TABLE expected", &[]).map(drop)
}

fn check_file(conn: &Conn<'_>, schema: &Schema, report: &mut Report) -> Result<()> {
    let indexes: Vec<_> = schema.documents.iter().filter_map(|it| it.search).collect();
    // What a search index is made of can be made again: it is looked at later.
    let is_of_search = |line: &str| {
        let names = |index: &&str| {
            line.contains(&format!("FTS5 table main.{index}_words"))
                || line.contains(&format!("table \"{index}_words\""))
        };
        line.to_lowercase().contains("fts5") && indexes.iter().any(names)
    };
    let lines = match conn.query("PRAGMA integrity_check(100)", &[], |row| row.text(0)) {
        Err(Error::Sqlite(error)) if is_damage(&error) => vec![error.to_string()],
        lines => lines?,
    };
    let damage = (lines.iter()).filter(|line| *line != "ok" && !is_of_search(line));
    for line in damage {
        report.add(
            false,
            format!("the file is damaged: {line}; restore a backup"),
        );
    }
    Ok(())
}

fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt)
}

struct Examination<'e> {
    conn: &'e Conn<'e>,
    repair: bool,
    /// Whether there is a document that cannot be read: nobody knows which keys it holds.
    unreadable: bool,
    report: &'e mut Report,
    progress: &'e mut dyn FnMut(u64),
}

/// A row with the columns beside its document.
struct Examined {
    project: ObjectId,
    id: ObjectId,
    json: Result<Vec<u8>>,
    /// `None` for what is no value of its column at all.
    promoted: Vec<Option<Value>>,
}

impl Examined {
    /// Reads the columns from `first` on.
    fn read(row: &RowRef<'_>, first: usize, collection: &Collection) -> Result<Self> {
        Ok(Self {
            project: row.id(first)?,
            id: row.id(first + 1)?,
            json: row.json(first + 2),
            promoted: (collection.columns.iter().zip(first + 3..))
                .map(|(column, n)| row.value(n, column.kind).ok())
                .collect(),
        })
    }
}

impl<'e> Examination<'e> {
    fn documents(&mut self, document: &Registered) -> Result<()> {
        let collection = document.collection;
        let promoted: String = collection
            .columns
            .iter()
            .map(|column| format!(", {}", column.name))
            .collect();
        let select = format!("project, id, doc{promoted}");
        let conn = self.conn;
        let mut walk = Walk::over(collection);
        loop {
            let rows = walk.next(conn, &select, |row, n| Examined::read(row, n, collection))?;
            if rows.is_empty() {
                return Ok(());
            }
            self.report.documents += rows.len() as u64;
            for (key, row) in rows {
                self.document(document, &walk, key, row)?;
            }
            (self.progress)(self.report.documents);
        }
    }

    fn document(
        &mut self,
        document: &Registered,
        walk: &Walk<'_>,
        key: Key,
        row: Examined,
    ) -> Result<()> {
        let (table, id) = (document.collection.table, row.id);
        let inspection = match row.json.and_then(|json| (document.inspect)(&json)) {
            Ok(inspection) => inspection,
            Err(error) => {
                self.unreadable = true;
                self.report.add(
                    false,
                    format!("{table} {id}: {error}; restore it from a backup"),
                );
                return Ok(());
            }
        };
        for identity in &inspection.identities {
            self.expect(row.project, id, identity)?;
        }
        let promoted: Vec<_> = inspection.promoted.into_iter().map(Some).collect();
        if promoted != row.promoted {
            let rewritten = self.repair
                && self.rewrite_columns(
                    document.collection,
                    walk,
                    promoted.into_iter().flatten().chain(key),
                )?;
            self.report.add(
                rewritten,
                format!("{table} {id}: its columns differ from its document"),
            );
        }
        Ok(())
    }

    /// `binds`: the columns, and the key of the row as it is. Leaves the row when another has its place.
    fn rewrite_columns(
        &self,
        collection: &Collection,
        walk: &Walk<'_>,
        binds: impl Iterator<Item = Value>,
    ) -> Result<bool> {
        let sets: Vec<_> = (collection.columns.iter().zip(1..))
            .map(|(column, n)| format!("{} = ${n}", column.name))
            .collect();
        let ignoring = match self.conn {
            Conn::Sqlite { .. } => " OR IGNORE",
            Conn::Postgres(_) => "",
        };
        let sql = format!(
            "UPDATE{ignoring} {} SET {} WHERE {}",
            collection.table,
            sets.join(", "),
            walk.is_row(collection.columns.len() + 1)
        );
        let binds: Vec<_> = binds.collect();
        match self.conn {
            Conn::Sqlite { .. } => Ok(self.conn.execute(&sql, &binds)? > 0),
            // An error would end the whole transaction.
            Conn::Postgres(link) => {
                link.command("SAVEPOINT row")?;
                let rewritten = self.conn.execute(&sql, &binds);
                let kept = matches!(rewritten, Ok(1..));
                link.command(if kept {
                    "RELEASE row"
                } else {
                    "ROLLBACK TO row"
                })?;
                Ok(kept)
            }
        }
    }

    fn expect(&mut self, project: ObjectId, holder: ObjectId, identity: &Identity) -> Result<()> {
        let sql = "INSERT INTO expected (project, kind, key, owner, holder, required) VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT DO NOTHING";
        let binds = [
            project.into(),
            Value::Int(identity.kind.0.into()),
            identity.key.as_str().into(),
            identity.owner.unwrap_or(holder).into(),
            holder.into(),
            Value::Bool(identity.required),
        ];
        self.conn.execute(sql, &binds).map(drop)
    }

    fn missing_identities(&mut self) -> Result<()> {
        let sql = format!(
            "{EVERY_PROJECT}SELECT DISTINCT e.project, e.kind, e.key, e.owner FROM expected e LEFT JOIN identity i \
                   ON i.project = e.project AND i.kind = e.kind AND i.key = e.key \
                   WHERE e.required AND (i.owner IS NULL OR i.owner <> e.owner)"
        );
        let upsert = "INSERT INTO identity (project, kind, key, owner) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (project, kind, key) DO UPDATE SET owner = excluded.owner";
        for (project, kind, key, owner) in self.identity_rows(&sql)? {
            let binds = [
                project.into(),
                Value::Int(kind),
                key.as_str().into(),
                owner.into(),
            ];
            let repaired = self.repair && !self.is_held_rightly(&binds[..3])?;
            if repaired {
                self.conn.execute(upsert, &binds)?;
            }
            self.report.add(
                repaired,
                format!("{owner}: its identity key {key:?} does not find it"),
            );
        }
        Ok(())
    }

    /// Whether the document that an identity key finds is one that should hold it.
    fn is_held_rightly(&self, key: &[Value]) -> Result<bool> {
        let sql = "SELECT count(*) FROM identity i JOIN expected e ON e.project = i.project AND e.kind = i.kind AND e.key = i.key \
                   AND e.owner = i.owner WHERE i.project = $1 AND i.kind = $2 AND i.key = $3";
        Ok(self.conn.first(sql, key, |row| row.int(0))?.unwrap_or(0) > 0)
    }

    fn surplus_identities(&mut self) -> Result<()> {
        let counted = self
            .conn
            .first(
                &format!("{EVERY_PROJECT}SELECT count(*) FROM identity"),
                &[],
                |row| row.int(0),
            )?
            .unwrap_or(0);
        self.report.identities = u64::try_from(counted).unwrap_or(0);
        let sql = format!(
            "{EVERY_PROJECT}SELECT i.project, i.kind, i.key, i.owner FROM identity i LEFT JOIN expected e \
                   ON i.project = e.project AND i.kind = e.kind AND i.key = e.key AND i.owner = e.owner WHERE e.owner IS NULL"
        );
        let repair = self.repair && !self.unreadable;
        for (project, kind, key, owner) in self.identity_rows(&sql)? {
            if repair {
                let delete = "DELETE FROM identity WHERE project = $1 AND kind = $2 AND key = $3";
                self.conn.execute(
                    delete,
                    &[project.into(), Value::Int(kind), key.as_str().into()],
                )?;
            }
            self.report.add(
                repair,
                format!("the identity key {key:?} finds {owner}, which does not hold it"),
            );
        }
        Ok(())
    }

    fn identity_rows(&self, sql: &str) -> Result<Vec<(ObjectId, i64, String, ObjectId)>> {
        self.conn.query(sql, &[], |row| {
            Ok((row.id(0)?, row.int(1)?, row.text(2)?, row.id(3)?))
        })
    }

    /// A search index that differs from its documents is made again as a whole.
    fn search(&mut self, document: &Registered) -> Result<()> {
        let Some(name) = document.search else {
            return Ok(());
        };
        let (repair, before) = (self.repair, self.report.problems);
        let mut add = |fault| self.report.add(repair, fault);
        match search::compare(self.conn, name, document, &mut add) {
            Err(Error::Sqlite(error)) if is_damage(&error) => {
                add(format!("{name}: the search index is damaged: {error}"));
            }
            compared => compared?,
        }
        if repair && self.report.problems > before {
            search::make_again(self.conn, name, document)?;
        }
        Ok(())
    }

    fn declared(&mut self, document: &Registered) -> Result<()> {
        let Some(table) = document.declared else {
            return Ok(());
        };
        let (repair, report) = (self.repair, &mut *self.report);
        let mut add = |fault| report.add(repair, fault);
        declared::examine(self.conn, table, document.collection, repair, &mut add)
    }

    fn feed(&mut self, document: &Registered) -> Result<()> {
        let Some(feed) = document.feed else {
            return Ok(());
        };
        let (repair, report) = (self.repair, &mut *self.report);
        let mut add = |fault| report.add(repair, fault);
        feed::examine(self.conn, feed, document.collection, repair, &mut add)
    }

    /// Whatever depends on an orphan is one when that is gone.
    fn references(&mut self, documents: &[Registered]) -> Result<()> {
        loop {
            let mut removed = 0;
            for document in documents {
                removed += self.orphans(document.collection)?;
            }
            if removed == 0 {
                return Ok(());
            }
        }
    }

    /// Returns how many it removed.
    fn orphans(&mut self, collection: &Collection) -> Result<u64> {
        let mut removed = 0;
        for reference in collection.references {
            let (table, column, target) = (collection.table, reference.column, reference.table);
            // What is no id was found with the columns.
            let orphan = format!(
                "length(t.{column}) = 12 AND NOT EXISTS (SELECT 1 FROM {target} r WHERE r.project = t.project AND r.id = t.{column})"
            );
            let sql = format!(
                "{EVERY_PROJECT}SELECT t.project, t.id, t.{column} FROM {table} t WHERE {orphan}"
            );
            let found = self
                .conn
                .query(&sql, &[], |row| Ok((row.id(0)?, row.id(1)?, row.id(2)?)))?;
            for (project, id, missing) in found {
                if self.repair {
                    self.forget(project, id)?;
                }
                self.report.add(
                    self.repair,
                    format!("{table} {id}: its {target} {missing} is gone"),
                );
            }
            if self.repair {
                let delete = format!("{EVERY_PROJECT}DELETE FROM {table} AS t WHERE {orphan}");
                removed += self.conn.execute(&delete, &[])?;
            }
        }
        Ok(removed)
    }

    /// Expects no keys of a document that is removed.
    fn forget(&self, project: ObjectId, holder: ObjectId) -> Result<()> {
        let sql = "DELETE FROM expected WHERE project = $1 AND holder = $2";
        self.conn
            .execute(sql, &[project.into(), holder.into()])
            .map(drop)
    }
}
