//! Compares a database with itself: what the documents say against the columns, keys and references beside them.

use serde::{Deserialize, Serialize};

use crate::conn::{Conn, Deadline, RowRef};
use crate::{Collection, Identity, ObjectId, Registered, Result, Schema, Value};

/// Findings beyond this many are counted but not listed.
const FINDINGS_LISTED_MAX: usize = 100;
/// Rows that are looked at before the next progress is told.
const ROWS_PER_STEP: i64 = 1_000;

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

/// Examines a SQLite database inside one transaction; `progress` is told the documents looked at so far.
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
    check_file(&conn, &mut report)?;
    connection.execute_batch("PRAGMA temp_store = FILE")?; // as many rows as there are identity keys
    connection.execute_batch("CREATE TEMP TABLE expected (project BLOB, kind INTEGER, key TEXT, owner BLOB, required INTEGER, PRIMARY KEY (project, kind, key, owner)) WITHOUT ROWID")?;
    conn.execute(if repair { "BEGIN IMMEDIATE" } else { "BEGIN" }, &[])?;
    let mut examination = Examination {
        conn: &conn,
        repair,
        report: &mut report,
        progress,
    };
    for document in schema.documents {
        examination.documents(document)?;
    }
    examination.missing_identities()?;
    examination.surplus_identities()?;
    for document in schema.documents {
        examination.references(document.collection)?;
    }
    conn.execute("COMMIT", &[])?;
    conn.execute("DROP TABLE expected", &[])?;
    Ok(report)
}

fn check_file(conn: &Conn<'_>, report: &mut Report) -> Result<()> {
    for line in conn.query("PRAGMA integrity_check(100)", &[], |row| row.text(0))? {
        if line != "ok" {
            report.add(
                false,
                format!("the file is damaged: {line}; restore a backup"),
            );
        }
    }
    Ok(())
}

struct Examination<'e> {
    conn: &'e Conn<'e>,
    repair: bool,
    report: &'e mut Report,
    progress: &'e mut dyn FnMut(u64),
}

/// A row with the columns beside its document.
struct Examined {
    project: ObjectId,
    id: ObjectId,
    json: Result<Vec<u8>>,
    promoted: Vec<Value>,
}

impl Examination<'_> {
    fn documents(&mut self, document: &Registered) -> Result<()> {
        let mut after = (ObjectId::ZERO, Vec::<Value>::new(), false);
        loop {
            let rows = self.next_rows(document.collection, &after)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = (last.project, cluster_of(document.collection, last), true);
            for row in &rows {
                self.document(document, row)?;
            }
            self.report.documents += rows.len() as u64;
            (self.progress)(self.report.documents);
        }
    }

    /// The next rows in the order of the primary key.
    fn next_rows(
        &self,
        collection: &Collection,
        (project, key, started): &(ObjectId, Vec<Value>, bool),
    ) -> Result<Vec<Examined>> {
        let promoted: String = collection
            .columns
            .iter()
            .map(|column| format!(", {}", column.name))
            .collect();
        let key_columns: String = collection
            .cluster
            .iter()
            .chain(&["id"])
            .map(|name| format!(", {name}"))
            .collect();
        let mut binds = Vec::new();
        let mut after = String::new();
        if *started {
            binds.push(Value::Id(*project));
            binds.extend(key.iter().cloned());
            let places: Vec<_> = (1..=binds.len()).map(|n| format!("${n}")).collect();
            after = format!("WHERE (project{key_columns}) > ({})", places.join(", "));
        }
        binds.push(Value::Int(ROWS_PER_STEP));
        let sql = format!(
            "SELECT project, id, doc{promoted} FROM {} {after} ORDER BY project{key_columns} LIMIT ${}",
            collection.table,
            binds.len()
        );
        self.conn.query(&sql, &binds, |row: RowRef<'_>| {
            let values: Result<Vec<_>> = collection
                .columns
                .iter()
                .enumerate()
                .map(|(n, column)| row.value(3 + n, column.kind))
                .collect();
            Ok(Examined {
                project: row.id(0)?,
                id: row.id(1)?,
                json: row.json(2),
                promoted: values?,
            })
        })
    }

    fn document(&mut self, document: &Registered, row: &Examined) -> Result<()> {
        let table = document.collection.table;
        let inspection = match &row.json {
            Ok(json) => (document.inspect)(json),
            Err(error) => Err(crate::Error::Corrupt(error.to_string())),
        };
        let inspection = match inspection {
            Ok(inspection) => inspection,
            Err(error) => {
                self.report.add(
                    false,
                    format!("{table} {}: {error}; restore it from a backup", row.id),
                );
                return Ok(());
            }
        };
        if inspection.promoted != row.promoted {
            if self.repair {
                self.rewrite_columns(document.collection, row, &inspection.promoted)?;
            }
            self.report.add(
                self.repair,
                format!("{table} {}: its columns differ from its document", row.id),
            );
        }
        inspection
            .identities
            .into_iter()
            .try_for_each(|identity| self.expect(row, &identity))
    }

    fn rewrite_columns(
        &self,
        collection: &Collection,
        row: &Examined,
        promoted: &[Value],
    ) -> Result<()> {
        let sets: Vec<_> = collection
            .columns
            .iter()
            .enumerate()
            .map(|(n, column)| format!("{} = ${}", column.name, n + 1))
            .collect();
        let key = promoted.len() + 1;
        let sql = format!(
            "UPDATE {} SET {} WHERE project = ${key} AND id = ${}",
            collection.table,
            sets.join(", "),
            key + 1
        );
        let mut binds = promoted.to_vec();
        binds.extend([row.project.into(), row.id.into()]);
        self.conn.execute(&sql, &binds).map(drop)
    }

    fn expect(&mut self, row: &Examined, identity: &Identity) -> Result<()> {
        let owner = identity.owner.unwrap_or(row.id);
        let sql = "INSERT INTO expected (project, kind, key, owner, required) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let key = identity.key.as_str().into();
        let binds = [
            row.project.into(),
            Value::Int(identity.kind.0.into()),
            key,
            owner.into(),
            Value::Bool(identity.required),
        ];
        self.conn.execute(sql, &binds).map(drop)
    }

    fn missing_identities(&mut self) -> Result<()> {
        let sql = "SELECT e.project, e.kind, e.key, e.owner FROM expected e LEFT JOIN identity i \
                   ON i.project = e.project AND i.kind = e.kind AND i.key = e.key \
                   WHERE e.required AND (i.owner IS NULL OR i.owner <> e.owner)";
        let upsert = "INSERT INTO identity (project, kind, key, owner) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (project, kind, key) DO UPDATE SET owner = excluded.owner";
        for (project, kind, key, owner) in self.identity_rows(sql)? {
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
            .first("SELECT count(*) FROM identity", &[], |row| row.int(0))?
            .unwrap_or(0);
        self.report.identities = u64::try_from(counted).unwrap_or(0);
        let sql = "SELECT i.project, i.kind, i.key, i.owner FROM identity i LEFT JOIN expected e \
                   ON i.project = e.project AND i.kind = e.kind AND i.key = e.key AND i.owner = e.owner WHERE e.owner IS NULL";
        for (project, kind, key, owner) in self.identity_rows(sql)? {
            if self.repair {
                let delete = "DELETE FROM identity WHERE project = $1 AND kind = $2 AND key = $3";
                self.conn.execute(
                    delete,
                    &[project.into(), Value::Int(kind), key.as_str().into()],
                )?;
            }
            self.report.add(
                self.repair,
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

    fn references(&mut self, collection: &Collection) -> Result<()> {
        for reference in collection.references {
            let (table, column, target) = (collection.table, reference.column, reference.table);
            let orphan = format!(
                "t.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {target} r WHERE r.project = t.project AND r.id = t.{column})"
            );
            let sql = format!("SELECT project, id, {column} FROM {table} t WHERE {orphan}");
            for (id, missing) in self
                .conn
                .query(&sql, &[], |row| Ok((row.id(1)?, row.id(2)?)))?
            {
                self.report.add(
                    self.repair,
                    format!("{table} {id}: its {target} {missing} is gone"),
                );
            }
            if self.repair {
                self.conn
                    .execute(&format!("DELETE FROM {table} AS t WHERE {orphan}"), &[])?;
            }
        }
        Ok(())
    }
}

fn cluster_of(collection: &Collection, row: &Examined) -> Vec<Value> {
    let value_of = |name: &&str| {
        let position = collection
            .columns
            .iter()
            .position(|column| column.name == *name);
        position.map_or(Value::Null, |position| row.promoted[position].clone())
    };
    collection
        .cluster
        .iter()
        .map(value_of)
        .chain([Value::Id(row.id)])
        .collect()
}
