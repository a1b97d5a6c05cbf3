//! Conditions on what is in the document only.

use super::{Compiler, Dialect, FieldPath, Test};
use crate::Value;
use crate::filter::Scalar;

/// How an engine speaks of one JSON value: the value at the path or, when that is an array, one of its elements.
struct Element {
    null: &'static str,
    yes: &'static str,
    no: &'static str,
    number: &'static str,
    double: &'static str,
    string: &'static str,
    text: &'static str,
}

const SQLITE: Element = Element {
    null: "e.type = 'null'",
    yes: "e.type = 'true'",
    no: "e.type = 'false'",
    number: "e.type IN ('integer', 'real')",
    double: "CAST(e.value AS REAL)",
    string: "e.type = 'text'",
    text: "e.value",
};

const POSTGRES: Element = Element {
    null: "e.v = 'null'",
    yes: "e.v = 'true'",
    no: "e.v = 'false'",
    number: "jsonb_typeof(e.v) = 'number'",
    double: "CAST(e.v AS DOUBLE PRECISION)",
    string: "jsonb_typeof(e.v) = 'string'",
    text: "(e.v #>> '{}')",
};

impl Compiler<'_> {
    pub(super) fn json(&mut self, path: &FieldPath, test: Test<'_>) {
        let element = match self.dialect {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
        };
        self.push("EXISTS (SELECT 1 FROM ");
        match self.dialect {
            Dialect::Sqlite => self.sqlite_elements(path),
            Dialect::Postgres => self.postgres_elements(path),
        }
        self.push(" WHERE ");
        self.element(element, test);
        self.push(")");
    }

    /// A missing value becomes an array of one null.
    fn sqlite_elements(&mut self, path: &FieldPath) {
        let keys: String = path.segments().map(|key| format!(".\"{key}\"")).collect();
        self.push(&format!("(SELECT doc_json({}.doc) -> ", self.alias));
        self.sql.bind(Value::Text(format!("${keys}")));
        self.push(" AS v) d, json_each(CASE json_type(d.v) WHEN 'array' THEN d.v ELSE json_array(json(d.v)) END) e");
    }

    /// A missing value becomes an array of one null. `OFFSET 0` keeps the document from being parsed three times.
    fn postgres_elements(&mut self, path: &FieldPath) {
        self.push(&format!("(SELECT {}.doc::jsonb", self.alias));
        for key in path.segments() {
            self.push(" -> ");
            self.sql.bind(Value::from(key));
            self.push("::text");
        }
        self.push(" AS v OFFSET 0) d, jsonb_array_elements(");
        self.push(
            "CASE jsonb_typeof(d.v) WHEN 'array' THEN d.v ELSE jsonb_build_array(d.v) END) AS e(v)",
        );
    }

    fn element(&mut self, element: &Element, test: Test<'_>) {
        match test {
            Test::Exists => self.push(&format!("NOT ({})", element.null)),
            Test::In(scalars) => self.element_in(element, scalars),
            Test::Range(op, bound) => match bound.number() {
                Some(bound) => self.number(element, |this| {
                    this.beside(element.double, op, Value::Real(bound))
                }),
                None => self.string(element, test),
            },
            Test::Prefix(_) | Test::Contains(_) => self.string(element, test),
        }
    }

    fn element_in(&mut self, element: &Element, scalars: &[Scalar]) {
        let numbers: Vec<_> = scalars
            .iter()
            .filter_map(Scalar::number)
            .map(Value::Real)
            .collect();
        self.push("(");
        for (scalar, condition) in [
            (Scalar::Null, element.null),
            (Scalar::Bool(true), element.yes),
            (Scalar::Bool(false), element.no),
        ] {
            if scalars.contains(&scalar) {
                self.push(&format!("{condition} OR "));
            }
        }
        if !numbers.is_empty() {
            self.number(element, |this| this.one_of(element.double, numbers));
            self.push(" OR ");
        }
        self.string(element, Test::In(scalars));
        self.push(")");
    }

    /// CASE, because PostgreSQL may evaluate the operands of AND in any order, and a cast of what is no number fails.
    fn number(&mut self, element: &Element, condition: impl FnOnce(&mut Self)) {
        self.push(&format!("CASE WHEN {} THEN ", element.number));
        condition(self);
        self.push(" ELSE FALSE END");
    }

    fn string(&mut self, element: &Element, test: Test<'_>) {
        self.push(&format!("({} AND ", element.string));
        self.text(element.text, test);
        self.push(")");
    }
}
