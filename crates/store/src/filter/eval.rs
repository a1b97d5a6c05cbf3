//! Decides one document in memory.

use serde_json::Value;

use super::{FieldPath, Filter, RangeOp, Scalar, Shape};

/// Whether the document, as the API shows it, is one that the filter names.
#[must_use]
pub fn matches(filter: &Filter, document: &Value) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(filters) => filters.iter().all(|filter| matches(filter, document)),
        Filter::Or(filters) => filters.iter().any(|filter| matches(filter, document)),
        Filter::Not(filter) => !matches(filter, document),
        Filter::Eq(path, scalar) => any(document, path, |value| equals(value, scalar)),
        Filter::In(path, scalars) => any(document, path, |value| {
            scalars.iter().any(|scalar| equals(value, scalar))
        }),
        Filter::Range {
            field,
            op,
            value: bound,
        } => any(document, field, |value| lies(value, *op, bound)),
        Filter::Exists(path) => any(document, path, |value| !value.is_null()),
        Filter::Prefix(path, start) => any(document, path, |value| {
            value.as_str().is_some_and(|text| text.starts_with(start))
        }),
        Filter::Contains(path, part) => any(document, path, |value| {
            value.as_str().is_some_and(|text| text.contains(part))
        }),
    }
}

/// Whether the value at the path, or one of its elements when it is an array, satisfies the test.
fn any(document: &Value, path: &FieldPath, test: impl Fn(&Value) -> bool) -> bool {
    match path
        .segments()
        .try_fold(document, |value, key| value.get(key))
    {
        Some(Value::Array(elements)) => elements.iter().any(test),
        Some(value) => test(value),
        None => test(&Value::Null),
    }
}

fn equals(value: &Value, scalar: &Scalar) -> bool {
    match (value, scalar) {
        (Value::Null, Scalar::Null) => true,
        (Value::Bool(value), Scalar::Bool(scalar)) => value == scalar,
        (Value::Number(value), _) => value
            .as_f64()
            .is_some_and(|value| scalar.number() == Some(value)),
        (Value::String(value), _) => scalar.text().is_some_and(|(text, _)| *value == text),
        _ => false,
    }
}

fn lies(value: &Value, op: RangeOp, bound: &Scalar) -> bool {
    match value {
        Value::Number(value) => value
            .as_f64()
            .zip(bound.number())
            .is_some_and(|(value, bound)| op.holds(&value, &bound)),
        Value::String(value) => bound
            .text()
            .is_some_and(|(bound, shape)| shape.fits(value) && op.holds(value.as_str(), &*bound)),
        _ => false,
    }
}

impl RangeOp {
    fn holds<T: PartialOrd + ?Sized>(self, value: &T, bound: &T) -> bool {
        match self {
            Self::Gt => value > bound,
            Self::Ge => value >= bound,
            Self::Lt => value < bound,
            Self::Le => value <= bound,
        }
    }
}

impl Shape {
    fn fits(self, text: &str) -> bool {
        self.pattern().is_none_or(|pattern| {
            text.len() == pattern.len()
                && text
                    .bytes()
                    .zip(pattern.bytes())
                    .all(|(byte, pattern)| match pattern {
                        b'd' => byte.is_ascii_digit(),
                        b'h' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
                        literal => byte == literal,
                    })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> FieldPath {
        FieldPath::parse(text).unwrap()
    }

    #[test]
    fn compares_only_like_with_like() {
        let document = json!({ "number": 5, "text": "5", "yes": true, "none": null });
        let equal = |at: &str, scalar| matches(&Filter::Eq(path(at), scalar), &document);
        assert!(equal("number", Scalar::Int(5)) && equal("number", Scalar::Real(5.0)));
        assert!(!equal("number", Scalar::Text("5".into())) && !equal("text", Scalar::Int(5)));
        assert!(!equal("yes", Scalar::Int(1)) && !equal("yes", Scalar::Text("true".into())));
        assert!(
            equal("none", Scalar::Null)
                && equal("missing", Scalar::Null)
                && !equal("text", Scalar::Null)
        );
    }

    #[test]
    fn one_element_of_an_array_is_enough() {
        let document = json!({ "tags": ["vip", 7, null], "none": [] });
        assert!(matches(
            &Filter::Eq(path("tags"), Scalar::Text("vip".into())),
            &document
        ));
        assert!(matches(
            &Filter::Prefix(path("tags"), "v".into()),
            &document
        ));
        assert!(matches(&Filter::Eq(path("tags"), Scalar::Null), &document));
        assert!(!matches(&Filter::Exists(path("none")), &document));
        assert!(!matches(
            &Filter::Eq(path("tags.0"), Scalar::Text("vip".into())),
            &document
        ));
    }

    #[test]
    fn instants_have_one_form() {
        let document = json!({ "at": "2026-01-31T08:05:00.123Z", "word": "9" });
        let after = |at: &str| {
            let value = Scalar::Instant(crate::Millis::parse("2026-01-31T00:00:00Z").unwrap());
            matches(
                &Filter::Range {
                    field: path(at),
                    op: RangeOp::Gt,
                    value,
                },
                &document,
            )
        };
        assert!(after("at"));
        assert!(!after("word"));
    }
}
