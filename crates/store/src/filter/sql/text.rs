//! Conditions on an expression that yields text. They yield NULL only where the expression does.

use super::{Compiler, Dialect, RangeOp, Scalar, Test};
use crate::Value;
use crate::filter::Shape;

impl Compiler<'_> {
    pub(super) fn text(&mut self, expression: &str, test: Test<'_>) {
        match test {
            Test::In(scalars) => self.one_of(expression, texts(scalars)),
            Test::Range(op, bound) => match bound.text() {
                Some((bound, shape)) => self.text_beside(expression, op, &bound, shape),
                None => self.push("FALSE"),
            },
            Test::Exists => self.push("TRUE"),
            Test::Prefix(part) | Test::Contains(part) if part.contains('\0') => self.push("FALSE"),
            Test::Prefix(start) => self.prefix(expression, start),
            Test::Contains(part) => self.contains(expression, part),
        }
    }

    fn text_beside(&mut self, expression: &str, op: RangeOp, bound: &str, shape: Shape) {
        let by_bytes = self.by_bytes(expression);
        match shape.pattern().map(character_classes) {
            None => self.beside(&by_bytes, op, Value::from(bound)),
            Some(pattern) => {
                self.push(&match self.dialect {
                    Dialect::Sqlite => format!("({expression} GLOB '{pattern}' AND "),
                    Dialect::Postgres => format!("({expression} ~ '^{pattern}$' AND "),
                });
                self.beside(&by_bytes, op, Value::from(bound));
                self.push(")");
            }
        }
    }

    /// All texts with a prefix lie between it and the next text that has it not: a range, which an index serves.
    fn prefix(&mut self, expression: &str, start: &str) {
        let by_bytes = self.by_bytes(expression);
        self.push("(");
        self.beside(&by_bytes, RangeOp::Ge, Value::from(start));
        if let Some(end) = after_prefix(start) {
            self.push(" AND ");
            self.beside(&by_bytes, RangeOp::Lt, Value::Text(end));
        }
        self.push(")");
    }

    fn contains(&mut self, expression: &str, part: &str) {
        let function = match self.dialect {
            Dialect::Sqlite => "instr",
            Dialect::Postgres => "strpos",
        };
        let by_bytes = self.by_bytes(expression);
        self.push(&format!("{function}({by_bytes}, "));
        self.sql.bind(Value::from(part));
        self.push(") > 0");
    }

    /// SQLite compares by bytes unless told otherwise, PostgreSQL by the locale of the database.
    fn by_bytes(&self, expression: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => expression.to_owned(),
            Dialect::Postgres => format!("{expression} COLLATE \"C\""),
        }
    }
}

fn texts(scalars: &[Scalar]) -> Vec<Value> {
    scalars
        .iter()
        .filter_map(|scalar| Some(Value::from(&*scalar.text()?.0)))
        .collect()
}

/// A pattern of [`Shape`] as SQLite's GLOB and PostgreSQL's regular expressions both read it.
fn character_classes(pattern: &str) -> String {
    pattern
        .replace('d', "[0-9]")
        .replace('h', "[0-9a-f]")
        .replace('.', "[.]")
}

/// The least text greater than all that start with `start`; none when there is no greater text.
fn after_prefix(start: &str) -> Option<String> {
    let mut kept = start.trim_end_matches(char::MAX).chars();
    let last = kept.next_back()?;
    let next = (last..=char::MAX).nth(1)?;
    Some(kept.chain([next]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_an_end() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
