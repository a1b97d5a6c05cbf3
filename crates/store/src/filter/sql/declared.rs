//! Conditions on paths that have a declared index.

use super::{Compiler, Sql, Test};
use crate::Value;
use crate::declared::DeclaredIndex;
use crate::filter::keys::{self, KeyRange};
use crate::filter::{FieldPath, KeyRanges};

impl Compiler<'_> {
    /// Looks into the index; returns whether there is one that can tell.
    pub(super) fn declared(&mut self, path: &FieldPath, test: Test<'_>) -> bool {
        let Some(index) = ready(self.indexes, path) else {
            return false;
        };
        let Some(ranges) = keys::ranges(test) else {
            return false;
        };
        if ranges.ranges.is_empty() {
            self.push("FALSE");
            return true;
        }
        let (table, alias) = (index.table, self.alias);
        self.push(&format!(
            "(EXISTS (SELECT 1 FROM {table} a WHERE a.project = {alias}.project AND a.id = {alias}.id AND a.attribute = "
        ));
        self.sql.bind(Value::Int(index.attribute));
        self.push(" AND ");
        push_ranges(self.sql, &ranges);
        self.push(")");
        if !ranges.exact {
            self.push(" AND ");
            self.json(path, test);
        }
        self.push(")");
        true
    }
}

/// The index of a path, when it is complete.
pub(super) fn ready<'i>(
    indexes: &'i [DeclaredIndex],
    path: &FieldPath,
) -> Option<&'i DeclaredIndex> {
    indexes
        .iter()
        .find(|index| index.is_ready() && index.path == *path)
}

/// Appends that the key of the row `a` is one of some, of which there is one at least.
pub(crate) fn push_ranges(sql: &mut Sql, ranges: &KeyRanges) {
    for (n, range) in ranges.ranges.iter().enumerate() {
        sql.text.push_str(if n == 0 { "(" } else { " OR " });
        match range {
            KeyRange::Is(key) => {
                sql.text.push_str("a.value = ");
                sql.bind(Value::Key(key.clone()));
            }
            KeyRange::Between(from, to) => {
                sql.text.push_str("(a.value >= ");
                sql.bind(Value::Key(from.clone()));
                sql.text.push_str(" AND a.value < ");
                sql.bind(Value::Key(to.clone()));
                sql.text.push(')');
            }
        }
    }
    sql.text.push(')');
}
