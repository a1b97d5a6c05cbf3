//! What text without a type may mean.

use serde_json::Value;
use store::filter::{RangeOp, Scalar};
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

/// The bound that a value of a query string is.
pub fn bound(text: &str, op: RangeOp) -> Scalar {
    match literal(text) {
        Some(number @ (Scalar::Int(_) | Scalar::Real(_))) if text.parse::<ObjectId>().is_err() => {
            number
        }
        _ => string_bound(text, op),
    }
}

/// The bound that a JSON value is; `None` where there is no order.
pub fn bound_of_json(value: &Value, op: RangeOp) -> Option<Scalar> {
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
