//! Writing the index of one collection in one project.

use super::Words;
use crate::conn::Conn;
use crate::{ObjectId, Result, Value};

/// A block is full with about this many documents.
const BLOCK_DOCUMENTS: i64 = 16 * 1024;
/// One document in so many is counted, for all of them: the count would make writers wait for each other.
const COUNTED: i64 = 64;
/// Documents that one statement adds on PostgreSQL.
const DOCUMENTS_PER_STATEMENT: usize = 64;

/// The index `name` in one project, inside a transaction.
pub(crate) struct Index<'i> {
    pub conn: &'i Conn<'i>,
    pub project: ObjectId,
    pub name: &'static str,
}

/// Where a document is in the index.
pub(crate) struct Place {
    /// Of its words on SQLite.
    pub number: i64,
    pub block: i64,
}

impl Place {
    /// On PostgreSQL, which needs no number.
    pub fn in_block(block: i64) -> Self {
        Self {
            number: block,
            block,
        }
    }
}

impl Index<'_> {
    /// Adds a document that is not in the index. One without words stays out of it.
    pub fn add(&self, id: ObjectId, words: &Words) -> Result<()> {
        if words.is_empty() {
            return Ok(());
        }
        let (name, (block, documents)) = (self.name, self.newest_block()?);
        let terms = self.terms(block, words);
        let mut binds = vec![self.project.into(), id.into(), Value::Int(block)];
        match self.conn {
            Conn::Sqlite { .. } => {
                let place = format!("INSERT INTO {name} (project, id, block) VALUES ($1, $2, $3)");
                self.conn.execute(&place, &binds)?;
                // `RETURNING` would begin a transaction within this one, and for it FTS5 writes out what it has gathered.
                let number = "SELECT last_insert_rowid()";
                let number = self.conn.first(number, &[], |row| row.int(0))?;
                let words = format!("INSERT INTO {name}_words (rowid, words) VALUES ($1, $2)");
                self.conn.execute(&words, &[number.into(), terms])?;
            }
            Conn::Postgres { .. } => {
                let sql = format!(
                    "INSERT INTO {name} (project, id, block, words) \
                     VALUES ($1, $2, $3, array_to_tsvector(string_to_array($4, ' ')))"
                );
                binds.push(terms);
                self.conn.later(&sql, binds)?;
            }
        }
        self.count(id, block, documents).map(drop)
    }

    /// Adds documents that are not in the index: on PostgreSQL many with one statement.
    pub fn add_all(&self, documents: &[(ObjectId, Words)]) -> Result<()> {
        if let Conn::Sqlite { .. } = self.conn {
            return (documents.iter()).try_for_each(|(id, words)| self.add(*id, words));
        }
        let found: Vec<_> = (documents.iter())
            .filter(|(_, words)| !words.is_empty())
            .collect();
        for some in found.chunks(DOCUMENTS_PER_STATEMENT) {
            let (block, mut documents) = self.newest_block()?;
            let (mut rows, mut binds) = (Vec::new(), Vec::new());
            for (id, words) in some {
                let n = binds.len();
                rows.push(format!(
                    "(${}, ${}, ${}, array_to_tsvector(string_to_array(${}, ' ')))",
                    n + 1,
                    n + 2,
                    n + 3,
                    n + 4
                ));
                let terms = self.terms(block, words);
                binds.extend([self.project.into(), (*id).into(), Value::Int(block), terms]);
            }
            let sql = format!(
                "INSERT INTO {} (project, id, block, words) VALUES {}",
                self.name,
                rows.join(", ")
            );
            self.conn.execute(&sql, &binds)?;
            for (id, _) in some {
                documents = self.count(*id, block, documents)?;
            }
        }
        Ok(())
    }

    /// Makes `new` the words of a document that is in the index with `old`.
    pub fn replace(&self, id: ObjectId, place: &Place, old: &Words, new: &Words) -> Result<()> {
        let name = self.name;
        match self.conn {
            Conn::Sqlite { .. } => self.replace_words(place, old, new)?,
            Conn::Postgres { .. } => {
                let sql = format!(
                    "UPDATE {name} SET words = array_to_tsvector(string_to_array($1, ' ')) WHERE project = $2 AND id = $3"
                );
                let terms = self.terms(place.block, new);
                let binds = vec![terms, self.project.into(), id.into()];
                self.conn.later(&sql, binds)?;
            }
        }
        if !new.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM {name} WHERE project = $1 AND id = $2");
        self.conn.later(&sql, vec![self.project.into(), id.into()])
    }

    /// FTS5 counts its rows: what takes words of one away and what adds some stand for one row each, so a row that stays has both.
    fn replace_words(&self, place: &Place, old: &Words, new: &Words) -> Result<()> {
        if old == new {
            return Ok(());
        }
        let name = self.name;
        let number = Value::Int(place.number);
        let gone = self.terms(place.block, old.difference(new));
        let take = format!(
            "INSERT INTO {name}_words ({name}_words, rowid, words) VALUES ('delete', $1, $2)"
        );
        self.conn.execute(&take, &[number.clone(), gone])?;
        if new.is_empty() {
            return Ok(());
        }
        let added = self.terms(place.block, new.difference(old));
        let add = format!("INSERT INTO {name}_words (rowid, words) VALUES ($1, $2)");
        self.conn.execute(&add, &[number, added]).map(drop)
    }

    /// Where the document is in the index, if it is there.
    pub fn place(&self, id: ObjectId) -> Result<Option<Place>> {
        let number = match self.conn {
            Conn::Sqlite { .. } => "number",
            Conn::Postgres { .. } => "block",
        };
        let sql = format!(
            "SELECT {number}, block FROM {} WHERE project = $1 AND id = $2",
            self.name
        );
        self.conn
            .first(&sql, &[self.project.into(), id.into()], |row| {
                Ok(Place {
                    number: row.int(0)?,
                    block: row.int(1)?,
                })
            })
    }

    /// Whether a document is in the index of PostgreSQL with exactly these words.
    pub fn has(&self, id: ObjectId, place: &Place, words: &Words) -> Result<bool> {
        let sql = format!(
            "SELECT count(*) FROM {} WHERE project = $1 AND id = $2 AND words = array_to_tsvector(string_to_array($3, ' '))",
            self.name
        );
        let binds = [
            self.project.into(),
            id.into(),
            self.terms(place.block, words),
        ];
        let found = self.conn.first(&sql, &binds, |row| row.int(0))?;
        Ok(found == Some(1))
    }

    /// The words as they stand in the index. Words are letters and digits, so a space tells them apart.
    fn terms<'w>(&self, block: i64, words: impl IntoIterator<Item = &'w String>) -> Value {
        let start = term_start(self.project, block);
        let words = words.into_iter();
        let terms: Vec<_> = words.map(|word| format!("{start}{word}")).collect();
        Value::Text(terms.join(" "))
    }

    /// The block that documents are added to, and about how many it has.
    fn newest_block(&self) -> Result<(i64, i64)> {
        let sql = format!(
            "SELECT block, documents FROM {}_block WHERE project = $1 ORDER BY block DESC LIMIT 1",
            self.name
        );
        let newest = self.conn.first(&sql, &[self.project.into()], |row| {
            Ok((row.int(0)?, row.int(1)?))
        })?;
        match newest {
            Some(newest) => Ok(newest),
            None => self.begin_block(0).map(|()| (0, 0)),
        }
    }

    fn begin_block(&self, block: i64) -> Result<()> {
        let sql = format!(
            "INSERT INTO {}_block (project, block, documents) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            self.name
        );
        let binds = [self.project.into(), Value::Int(block), Value::Int(0)];
        self.conn.execute(&sql, &binds).map(drop)
    }

    /// Counts a document that was added to a block, and begins the next when that one is full. Takes and gives how many it has.
    fn count(&self, id: ObjectId, block: i64, documents: i64) -> Result<i64> {
        if !hash(id.as_bytes()).is_multiple_of(COUNTED.unsigned_abs()) {
            return Ok(documents);
        }
        let sql = format!(
            "UPDATE {}_block SET documents = documents + $1 WHERE project = $2 AND block = $3",
            self.name
        );
        let binds = vec![Value::Int(COUNTED), self.project.into(), Value::Int(block)];
        self.conn.later(&sql, binds)?;
        if documents + COUNTED >= BLOCK_DOCUMENTS {
            self.begin_block(block + 1)?;
        }
        Ok(documents + COUNTED)
    }
}

/// What the words of a block begin with, all equally long.
pub(crate) fn term_start(project: ObjectId, block: i64) -> String {
    format!("{project}{block:06x}")
}

/// FNV-1a: spreads bytes that differ little, and is the same in every version.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
