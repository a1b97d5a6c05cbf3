//! What text without a type may mean.

use serde_json::Value;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId};

/// All that a value of a query string can be equal to: `5` is a number or text, `true` a boolean or text.
pub fn of_text(text: &str) -> Vec<Scalar> {
    literal(text).into_iter().chain(of_string(text)).collect()
}

/// All that a JSON value can be equal to: strings stand for dates and ids too. `None` for arrays and objects.
pub fn of_json(value: &Value) -> Option<Vec<Scalar>> {
    match value {
        Value::String(text) => Some(of_string(text)),
        _ => scalar(value).map(|scalar| vec![scalar]),
    }
}

/// What lies on one side of a value of a query string.
pub fn range(field: FieldPath, op: RangeOp, text: &str) -> Filter {
    let value = bound(text, op);
    beside_itself(field, op, value, text)
}

/// What lies on one side of a JSON value. `None` where there is no order.
pub fn range_of_json(field: FieldPath, op: RangeOp, value: &Value) -> Option<Filter> {
    let bound = bound_of_json(value, op)?;
    let text = value.as_str().unwrap_or_default();
    Some(beside_itself(field, op, bound, text))
}

/// Dates that customers keep may be written in another form than ours, `2026-05-01T10:00:00+02:00`, and are compared as text. Whatever the
/// form, a date is neither before nor after itself. Those that the server keeps have one form.
fn beside_itself(field: FieldPath, op: RangeOp, value: Scalar, text: &str) -> Filter {
    let is_rewritten = matches!(&value, Scalar::Text(bound) if bound != text);
    let itself = (is_rewritten && field.as_str().contains('.'))
        .then(|| Filter::Eq(field.clone(), Scalar::Text(text.to_owned())));
    let range = Filter::Range { field, op, value };
    match (itself, op) {
        (None, _) => range,
        (Some(itself), RangeOp::Ge | RangeOp::Le) => Filter::Or(vec![range, itself]),
        (Some(itself), RangeOp::Gt | RangeOp::Lt) => {
            Filter::And(vec![range, Filter::Not(Box::new(itself))])
        }
    }
}

/// The bound that a value of a query string is.
fn bound(text: &str, op: RangeOp) -> Scalar {
    match literal(text) {
        Some(number @ (Scalar::Int(_) | Scalar::Real(_))) if text.parse::<ObjectId>().is_err() => {
            number
        }
        _ => string_bound(text, op),
    }
}

/// The bound that a JSON value is; `None` where there is no order.
fn bound_of_json(value: &Value, op: RangeOp) -> Option<Scalar> {
    match value {
        Value::String(text) => Some(string_bound(text, op)),
        Value::Number(_) => scalar(value),
        _ => None,
    }
}

/// Dates bound as text, since documents hold bare dates too: `2026-01-31` lies before `2026-01-31T00:00:00.000Z` by bytes,
/// so that a bare date bounds by its own text where midnight is included above it, and by its midnight otherwise.
fn string_bound(text: &str, op: RangeOp) -> Scalar {
    if let Ok(id) = text.parse() {
        return Scalar::Id(id);
    }
    match instant(text) {
        Some(_) if text.len() == "2026-01-31".len() && matches!(op, RangeOp::Ge | RangeOp::Lt) => {
            Scalar::Text(text.to_owned())
        }
        Some(at) => Scalar::Text(at.to_string()),
        None => Scalar::Text(text.to_owned()),
    }
}

fn of_string(text: &str) -> Vec<Scalar> {
    let instant = instant(text).map(Scalar::Instant);
    let id = text.parse().ok().map(Scalar::Id);
    instant
        .into_iter()
        .chain(id)
        .chain([Scalar::Text(text.to_owned())])
        .collect()
}

/// A date; `+` of an offset that was not percent-encoded arrives as a space.
fn instant(text: &str) -> Option<Millis> {
    let offset = |(at, offset): (&str, &str)| Millis::parse(&format!("{at}+{offset}"));
    Millis::parse(text).or_else(|| text.rsplit_once(' ').and_then(offset))
}

/// Text that is a JSON number, boolean or null.
fn literal(text: &str) -> Option<Scalar> {
    serde_json::from_str(text).ok().as_ref().and_then(scalar)
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Null => Some(Scalar::Null),
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        Value::Number(number) => number
            .as_i64()
            .map(Scalar::Int)
            .or_else(|| number.as_f64().map(Scalar::Real)),
        Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
