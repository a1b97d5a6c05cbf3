//! One parameter of a query string: a name, an operator and a value.

use percent_encoding::percent_decode_str;
use store::filter::RangeOp;

use super::BadQuery;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Equal,
    Unequal,
    Range(RangeOp),
    Exists,
    Missing,
}

/// The signs of the grammar; of two that begin alike the longer one comes first.
const SIGNS: [(&str, Op); 6] = [
    (">=", Op::Range(RangeOp::Ge)),
    ("<=", Op::Range(RangeOp::Le)),
    ("!=", Op::Unequal),
    (">", Op::Range(RangeOp::Gt)),
    ("<", Op::Range(RangeOp::Lt)),
    ("=", Op::Equal),
];

/// One parameter, decoded.
pub struct Parameter {
    pub name: String,
    pub op: Op,
    pub value: String,
}

impl Parameter {
    /// Reads what stands between two `&`.
    pub fn parse(piece: &str) -> Result<Self, BadQuery> {
        let (key, value) = match piece.split_once('=') {
            Some((key, value)) => (decode(key, key)?, Some(decode(value, key)?)),
            None => (decode(piece, piece)?, None),
        };
        if let (Some(name), None) = (key.strip_prefix('!'), &value) {
            return Ok(Self {
                name: name.to_owned(),
                op: Op::Missing,
                value: String::new(),
            });
        }
        let (name, rest) = key.split_at(key.find(['<', '>', '!', '=']).unwrap_or(key.len()));
        let name = name.strip_suffix("[]").unwrap_or(name).to_owned();
        let tail = value
            .as_ref()
            .map_or_else(|| rest.to_owned(), |value| format!("{rest}={value}"));
        if tail.is_empty() {
            return Ok(Self {
                name,
                op: Op::Exists,
                value: tail,
            });
        }
        let found = SIGNS
            .into_iter()
            .find_map(|(sign, op)| Some((sign, op, tail.strip_prefix(sign)?)));
        let (sign, op, operand) = found.ok_or_else(|| {
            BadQuery::new(&key, "has an unknown operator: use =, !=, >=, <=, > or <")
        })?;
        // An encoder of forms sends the key `createdAt>=` as `createdAt%3E%3D=`: the last `=` is its own.
        let value = if rest == sign {
            value.unwrap_or_default()
        } else {
            operand.to_owned()
        };
        Ok(Self { name, op, value })
    }
}

fn decode(text: &str, parameter: &str) -> Result<String, BadQuery> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| {
        BadQuery::new(
            parameter,
            "is not UTF-8: percent-encode the bytes of UTF-8 text",
        )
    })?;
    if decoded.contains('\0') {
        return Err(BadQuery::new(
            parameter,
            "has a NUL character: leave it out",
        ));
    }
    Ok(decoded.into_owned())
}
