//! Searching: block by block, the newest first.

use std::ops::Bound;
use std::time::Instant;

use super::index::term_start;
use super::{SEARCH_WORDS_MAX, Search, Words, words};
use crate::conn::Conn;
use crate::statements::ROW;
use crate::{Error, ObjectId, RawRow, Registered, Result, Value};

/// Blocks that are looked into at once, at the most: rare words are in few of them, common ones in the first.
const BLOCKS_AT_ONCE_MAX: usize = 8;

/// Of so many documents per block, those that have the rarest word, the other words are looked for in the documents themselves:
/// quicker than reading which documents of the block have a word that most of them have.
const VERIFIED_PER_BLOCK: usize = 64;
/// Words are counted no further than this to find the rarest.
const COUNTED_MAX: i64 = 4_096;

/// The documents that a search finds: of more than its limit those that were added last, and of these the newest first.
pub(crate) fn run(
    conn: &Conn<'_>,
    project: ObjectId,
    document: &Registered,
    name: &str,
    search: &Search,
) -> Result<Vec<RawRow>> {
    let scope = Scope {
        conn,
        project,
        name,
        document,
    };
    if scope.is_building()? {
        return Err(Error::Building);
    }
    let words = asked(&search.text)?;
    let blocks = if words.is_empty() {
        Vec::new()
    } else {
        scope.blocks()?
    };
    let mut found = scope.look(&blocks, words, search)?;
    found.sort_by_key(|row| std::cmp::Reverse(row.id));
    Ok(found)
}

/// What is searched.
struct Scope<'s> {
    conn: &'s Conn<'s>,
    project: ObjectId,
    name: &'s str,
    document: &'s Registered,
}

impl Scope<'_> {
    fn is_building(&self) -> Result<bool> {
        let sql = format!("SELECT count(*) FROM {}_todo WHERE project = $1", self.name);
        let count = self
            .conn
            .first(&sql, &[self.project.into()], |row| row.int(0))?;
        Ok(count.unwrap_or(0) > 0)
    }

    /// The newest first.
    fn blocks(&self) -> Result<Vec<i64>> {
        let sql = format!(
            "SELECT block FROM {}_block WHERE project = $1 ORDER BY block DESC",
            self.name
        );
        self.conn
            .query(&sql, &[self.project.into()], |row| row.int(0))
    }

    fn look(&self, blocks: &[i64], mut words: Vec<String>, search: &Search) -> Result<Vec<RawRow>> {
        let (started, most) = (Instant::now(), search.limit as usize);
        let Some((newest, mut left)) = blocks.split_first() else {
            return Ok(Vec::new());
        };
        let mut found = self.matching(&[*newest], &words, most)?;
        let mut is_rare = false;
        if found.len() < most && words.len() > 1 && !left.is_empty() {
            is_rare = self.rarest_first(left[0], &mut words)? <= VERIFIED_PER_BLOCK;
        }
        let mut at_once = 1;
        while !left.is_empty() && found.len() < most {
            if started.elapsed() > search.deadline {
                return Err(Error::TooExpensive);
            }
            let (now, later) = left.split_at(at_once.min(left.len()));
            let limit = most - found.len();
            let verified = if is_rare {
                self.verified(now, &words, limit)?
            } else {
                None
            };
            found.extend(match verified {
                Some(rows) => rows,
                None => self.matching(now, &words, limit)?,
            });
            (left, at_once) = (later, (at_once * 2).min(BLOCKS_AT_ONCE_MAX));
        }
        Ok(found)
    }

    /// Orders words by how many documents of a block have them; returns how many have the rarest.
    fn rarest_first(&self, block: i64, words: &mut [String]) -> Result<usize> {
        let mut counted = Vec::new();
        for word in &*words {
            counted.push((self.count(block, word)?, word.clone()));
        }
        counted.sort();
        let least = counted.first().map_or(0, |(count, _)| *count);
        for (place, (_, word)) in words.iter_mut().zip(counted) {
            *place = word;
        }
        Ok(usize::try_from(least).unwrap_or(0))
    }

    /// The documents of some blocks that have the first word, if they are few, and by their own text the others.
    fn verified(
        &self,
        blocks: &[i64],
        words: &[String],
        limit: usize,
    ) -> Result<Option<Vec<RawRow>>> {
        let few = VERIFIED_PER_BLOCK * blocks.len();
        let mut rows = self.matching(blocks, &words[..1], few + 1)?;
        if rows.len() > few {
            return Ok(None);
        }
        rows.retain(|row| {
            // What cannot be read is for `doctor` to name.
            (self.document.words)(&row.json).is_ok_and(|known| begin(&words[1..], &known))
        });
        rows.truncate(limit);
        Ok(Some(rows))
    }

    /// All of the words in one of the blocks, in the language of the engine. Words are letters and digits: nothing in them can
    /// end the quotes.
    fn terms(&self, blocks: &[i64], words: &[String]) -> Value {
        let (open, close, and, or) = match self.conn {
            Conn::Sqlite { .. } => ("\"", "\" *", " AND ", " OR "),
            Conn::Postgres { .. } => ("'", "':*", " & ", " | "),
        };
        let in_block = |block: &i64| {
            let start = term_start(self.project, *block);
            let terms: Vec<_> = words
                .iter()
                .map(|word| format!("{open}{start}{word}{close}"))
                .collect();
            format!("({})", terms.join(and))
        };
        let alternatives: Vec<_> = blocks.iter().map(in_block).collect();
        Value::Text(alternatives.join(or))
    }

    /// How many documents of a block have a word.
    fn count(&self, block: i64, word: &String) -> Result<i64> {
        let (name, terms) = (self.name, self.terms(&[block], std::slice::from_ref(word)));
        let (sql, mut binds) = match self.conn {
            Conn::Sqlite { .. } => (
                format!(
                    "SELECT count(*) FROM (SELECT 1 FROM {name}_words WHERE {name}_words MATCH $1 LIMIT $2) counted"
                ),
                vec![terms],
            ),
            Conn::Postgres { .. } => (
                format!(
                    "SELECT count(*) FROM (SELECT 1 FROM {name} s WHERE s.project = $1 \
                     AND s.words @@ CAST(CAST($2 AS text) AS tsquery) LIMIT $3) counted"
                ),
                vec![self.project.into(), terms],
            ),
        };
        binds.push(Value::Int(COUNTED_MAX));
        let count = self.conn.first(&sql, &binds, |row| row.int(0))?;
        Ok(count.unwrap_or(0))
    }

    /// The documents that were added last of those that have all words.
    fn matching(&self, blocks: &[i64], words: &[String], limit: usize) -> Result<Vec<RawRow>> {
        let (name, table) = (self.name, self.document.collection.table);
        let terms = self.terms(blocks, words);
        let limit = Value::Int(i64::try_from(limit).unwrap_or(i64::MAX));
        let (sql, binds) = match self.conn {
            // The words first, then each document by its number: in no other order is the work bounded.
            Conn::Sqlite { .. } => (
                format!(
                    "SELECT {ROW} FROM (SELECT rowid AS number FROM {name}_words WHERE {name}_words MATCH $1 \
                     ORDER BY rowid DESC LIMIT $2) w CROSS JOIN {name} s ON s.number = w.number AND s.project = $3 \
                     CROSS JOIN {table} t ON t.project = s.project AND t.id = s.id WHERE s.project = $3 \
                     ORDER BY w.number DESC"
                ),
                vec![terms, limit, self.project.into()],
            ),
            Conn::Postgres { .. } => (
                format!(
                    "WITH found AS MATERIALIZED (SELECT s.project, s.id, s.block FROM {name} s WHERE s.project = $1 \
                     AND s.words @@ CAST(CAST($2 AS text) AS tsquery)) \
                     SELECT {ROW} FROM (SELECT project, id, block FROM found WHERE project = $1 \
                     ORDER BY block DESC, id DESC LIMIT $3) w \
                     JOIN {table} t ON t.project = w.project AND t.id = w.id ORDER BY w.block DESC, w.id DESC"
                ),
                vec![self.project.into(), terms, limit],
            ),
        };
        self.conn.query(&sql, &binds, |row| RawRow::read(&row))
    }
}

/// Whether each of the words begins one that is known.
fn begin(words: &[String], known: &Words) -> bool {
    words.iter().all(|word| {
        let mut after = known.range::<str, _>((Bound::Included(word.as_str()), Bound::Unbounded));
        after.next().is_some_and(|next| next.starts_with(word))
    })
}

/// The words of a search, without those that begin another: what begins with the longer begins with the shorter.
fn asked(text: &str) -> Result<Vec<String>> {
    let all = words(text);
    if all.len() > SEARCH_WORDS_MAX {
        return Err(Error::BadQuery(format!(
            "a search has at most {SEARCH_WORDS_MAX} words: leave some out"
        )));
    }
    let mut kept: Vec<String> = Vec::new();
    for word in all {
        if kept.iter().any(|known| known.starts_with(&word)) {
            continue;
        }
        kept.retain(|known| !word.starts_with(known.as_str()));
        kept.push(word);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_begin_another_are_left_out() {
        for (text, expected) in [
            ("Ada A ad lovelace", "ada lovelace"),
            ("a ab abc", "abc"),
            ("same Same", "same"),
            ("*", ""),
        ] {
            assert_eq!(asked(text).unwrap().join(" "), expected, "{text}");
        }
    }

    #[test]
    fn a_search_has_a_most_of_words() {
        let text = |count: usize| (0..count).map(|n| format!("w{n} ")).collect::<String>();
        assert!(asked(&text(SEARCH_WORDS_MAX)).is_ok());
        assert!(matches!(
            asked(&text(SEARCH_WORDS_MAX + 1)),
            Err(Error::BadQuery(_))
        ));
    }
}
