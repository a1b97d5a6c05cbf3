//! Values of documents as bytes, whose order is that of the filter language: what declared indexes are made of.
//!
//! A value has one key, an array one for itself and one for each of its elements. Nothing comes before false and true, then come numbers,
//! texts, what is equal to nothing (objects, arrays in arrays), and arrays.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{FieldPath, RangeOp, Scalar, Shape, Test};

/// Of a longer text only so many bytes stand in a key.
pub(crate) const TEXT_BYTES_MAX: usize = 256;

const NOTHING: u8 = 0x00;
const FALSE: u8 = 0x10;
const TRUE: u8 = 0x11;
const NUMBER: u8 = 0x20;
const TEXT: u8 = 0x30;
const OTHER: u8 = 0x40;
const ARRAY: u8 = 0x50;

/// The keys of missing values and nulls.
pub(crate) const MISSING: (u8, u8) = (NOTHING, FALSE);
/// The keys of values that are no arrays, and of elements.
pub(crate) const SOMETHING: (u8, u8) = (FALSE, ARRAY);
/// The keys of arrays.
pub(crate) const ARRAYS: (u8, u8) = (ARRAY, ARRAY + 1);

/// A key of a document under one path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub value: Vec<u8>,
    /// Whether it is that of an element of an array; each document has exactly one key that is not.
    pub element: bool,
}

/// Keys of which a condition names some.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyRange {
    Is(Vec<u8>),
    /// From the first on, up to before the second.
    Between(Vec<u8>, Vec<u8>),
}

/// The keys that a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRanges {
    pub ranges: Vec<KeyRange>,
    /// Whether the condition holds for all that has such a key. Otherwise it may only hold for what has one.
    pub exact: bool,
}

impl KeyRange {
    /// The first key and the one after the last.
    pub fn bounds(self) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::Is(key) => {
                let after = next(&key);
                (key, after)
            }
            Self::Between(from, to) => (from, to),
        }
    }
}

/// The keys of a document under a path.
pub(crate) fn keys_of(document: &Value, path: &FieldPath) -> BTreeSet<Key> {
    let value = path
        .segments()
        .try_fold(document, |value, key| value.get(key));
    let single = |value, element| Key { value, element };
    match value {
        None => BTreeSet::from([single(vec![NOTHING], false)]),
        Some(Value::Array(elements)) => elements
            .iter()
            .map(|element| single(key(element), true))
            .chain([single(vec![ARRAY], false)])
            .collect(),
        Some(value) => BTreeSet::from([single(key(value), false)]),
    }
}

fn key(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![NOTHING],
        Value::Bool(false) => vec![FALSE],
        Value::Bool(true) => vec![TRUE],
        Value::Number(value) => value.as_f64().map_or(vec![OTHER], number),
        Value::String(value) => text(value),
        Value::Array(_) | Value::Object(_) => vec![OTHER],
    }
}

/// The bits of doubles are in their order once negative ones are turned round.
fn number(value: f64) -> Vec<u8> {
    const SIGN: u64 = 1 << 63;
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    [&[NUMBER][..], &ordered.to_be_bytes()].concat()
}

fn text(value: &str) -> Vec<u8> {
    let kept = &value.as_bytes()[..value.len().min(TEXT_BYTES_MAX)];
    [&[TEXT], kept].concat()
}

/// The least key after `key`.
fn next(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The least key after all that begin with `start`, of which the first byte is never the greatest.
fn after_all(start: &[u8]) -> Vec<u8> {
    let kept = start.iter().rposition(|byte| *byte < u8::MAX).unwrap_or(0);
    let mut after = start[..=kept].to_vec();
    after[kept] += 1;
    after
}

/// The keys that a condition names; `None` when it is none that keys can tell.
pub(super) fn ranges(test: Test<'_>) -> Option<KeyRanges> {
    match test {
        Test::In(scalars) => Some(one_of(scalars)),
        Test::Range(op, bound) => Some(beside(op, bound)),
        Test::Exists => Some(KeyRanges {
            ranges: vec![KeyRange::Between(vec![SOMETHING.0], vec![SOMETHING.1])],
            exact: true,
        }),
        Test::Prefix(start) => Some(prefix(start)),
        Test::Contains(_) => None,
    }
}

fn one_of(scalars: &[Scalar]) -> KeyRanges {
    let mut exact = true;
    let mut key = |scalar: &Scalar| match scalar {
        Scalar::Null => Some(vec![NOTHING]),
        Scalar::Bool(value) => Some(vec![if *value { TRUE } else { FALSE }]),
        _ => match (scalar.number(), scalar.text()) {
            (Some(value), _) => Some(number(value)),
            (_, Some((value, _))) => {
                exact &= value.len() < TEXT_BYTES_MAX;
                Some(text(&value))
            }
            _ => None,
        },
    };
    let keys: BTreeSet<_> = scalars.iter().filter_map(&mut key).collect();
    KeyRanges {
        ranges: keys.into_iter().map(KeyRange::Is).collect(),
        exact,
    }
}

fn beside(op: RangeOp, bound: &Scalar) -> KeyRanges {
    let (bound, kind, exact) = match (bound.number(), bound.text()) {
        (Some(value), _) => (number(value), NUMBER, true),
        (_, Some((value, shape))) => {
            let exact = value.len() < TEXT_BYTES_MAX && shape == Shape::Any;
            (text(&value), TEXT, exact)
        }
        _ => {
            return KeyRanges {
                ranges: Vec::new(),
                exact: true,
            };
        }
    };
    let (from, to) = match op {
        // What is greater than a bound that was cut may have the same key.
        RangeOp::Gt if exact => (next(&bound), vec![kind + 1]),
        RangeOp::Gt | RangeOp::Ge => (bound, vec![kind + 1]),
        RangeOp::Lt if exact => (vec![kind], bound),
        RangeOp::Lt | RangeOp::Le => (vec![kind], next(&bound)),
    };
    KeyRanges {
        ranges: vec![KeyRange::Between(from, to)],
        exact,
    }
}

fn prefix(start: &str) -> KeyRanges {
    if start.contains('\0') {
        return KeyRanges {
            ranges: Vec::new(),
            exact: true,
        };
    }
    let from = text(start);
    let to = after_all(&from);
    KeyRanges {
        ranges: vec![KeyRange::Between(from, to)],
        exact: start.len() <= TEXT_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn main_key(value: Value) -> Vec<u8> {
        let keys = keys_of(&json!({ "a": value }), &FieldPath::known("a"));
        let mut keys = keys.into_iter().filter(|key| !key.element);
        let main = keys.next().unwrap();
        assert!(keys.next().is_none(), "one for each document");
        main.value
    }

    #[test]
    fn keys_are_in_the_order_of_values() {
        let ascending = [
            json!(null),
            json!(false),
            json!(true),
            json!(f64::MIN),
            json!(-1.5),
            json!(-5e-324),
            json!(0),
            json!(5e-324),
            json!(7),
            json!(1e300),
            json!(""),
            json!("a"),
            json!("a\u{1}"),
            json!("aa"),
            json!("ä"),
            json!("\u{10ffff}"),
            json!({ "a": 1 }),
            json!([]),
        ];
        let keys: Vec<_> = ascending.map(main_key).into();
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        assert_eq!(main_key(json!(0.0)), main_key(json!(-0.0)));
        assert_eq!(main_key(json!(null)), vec![NOTHING]);
    }

    #[test]
    fn an_array_has_a_key_for_each_of_its_elements() {
        let path = FieldPath::known("a");
        let keys = keys_of(&json!({ "a": ["x", "x", null, [1]] }), &path);
        let elements = keys.iter().filter(|key| key.element).count();
        assert_eq!((keys.len(), elements), (4, 3));
        assert_eq!(keys_of(&json!({ "a": [] }), &path).len(), 1);
        assert_eq!(keys_of(&json!({}), &path).len(), 1);
    }

    #[test]
    fn of_a_long_text_the_start_counts() {
        let [most, longer] = [TEXT_BYTES_MAX, TEXT_BYTES_MAX + 1].map(|bytes| "k".repeat(bytes));
        assert_eq!(main_key(json!(most)), main_key(json!(longer)));
        let exact = |text: &str| one_of(&[Scalar::Text(text.into())]).exact;
        assert!(exact(&most[1..]) && !exact(&most));
        assert!(prefix(&most).exact && !prefix(&longer).exact);
    }

    #[test]
    fn all_that_begin_alike_have_an_end() {
        assert_eq!(after_all(&[TEXT, 1, 0xff, 0xff]), [TEXT, 2]);
        assert_eq!(after_all(&[TEXT]), [TEXT + 1]);
    }
}
