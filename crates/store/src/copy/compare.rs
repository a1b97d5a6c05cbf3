//! Compares the two databases: the rows of each project in each table, by their number and a checksum.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::part::{Part, Row};
use super::side::Side;
use crate::{Error, ObjectId, Result, Value};

/// Differences that are named; there may be more.
const NAMED_MAX: usize = 5;

/// How many rows, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: u64,
}

type Sums = BTreeMap<ObjectId, Sum>;

/// Refuses databases that differ. `more` is told of rows that were compared.
pub(super) fn compare(
    source: &Side,
    target: &Side,
    parts: &[Part],
    more: &mut dyn FnMut(u64),
) -> Result<()> {
    let mut differences = Vec::new();
    for part in parts {
        let expected = sums(source, part, &mut |_| {})?;
        let found = sums(target, part, more)?;
        differences.extend(differing(part, &expected, &found));
    }
    if differences.is_empty() {
        return Ok(());
    }
    differences.truncate(NAMED_MAX);
    Err(Error::Refused(format!(
        "the copy differs from its source, which was written to since it was begun: remove the copy and begin again ({})",
        differences.join("; ")
    )))
}

fn differing(part: &Part, expected: &Sums, found: &Sums) -> Vec<String> {
    let projects = expected.keys().chain(found.keys());
    let projects: std::collections::BTreeSet<_> = projects.collect();
    let sum = |sums: &Sums, project| sums.get(project).copied().unwrap_or_default();
    (projects.into_iter())
        .map(|project| (project, sum(expected, project), sum(found, project)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(project, expected, found)| {
            format!(
                "{} of project {project}: {} rows in the source, {} in the copy{}",
                part.table,
                expected.rows,
                found.rows,
                if expected.rows == found.rows {
                    ", of other content"
                } else {
                    ""
                }
            )
        })
        .collect()
}

fn sums(side: &Side, part: &Part, more: &mut dyn FnMut(u64)) -> Result<Sums> {
    let (mut sums, mut last) = (Sums::new(), None::<Row>);
    loop {
        let rows = side.with(|conn| part.read(conn, last.as_deref()))?;
        let Some(end) = rows.last() else {
            return Ok(sums);
        };
        for row in &rows {
            if let Value::Id(project) = row[0] {
                let sum = sums.entry(project).or_default();
                sum.rows += 1;
                sum.hashes = sum.hashes.wrapping_add(hash(row));
            }
        }
        more(rows.len() as u64);
        last = Some(part.key_of(end).to_vec());
    }
}

fn hash(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    for value in row {
        std::mem::discriminant(value).hash(&mut hasher);
        match value {
            Value::Null => {}
            Value::Bool(value) => value.hash(&mut hasher),
            Value::Int(value) => value.hash(&mut hasher),
            Value::Real(value) => value.to_bits().hash(&mut hasher),
            Value::Text(text) => text.hash(&mut hasher),
            Value::Id(id) => id.hash(&mut hasher),
            Value::Key(bytes) | Value::Json(bytes) => bytes.hash(&mut hasher),
        }
    }
    hasher.finish()
}
