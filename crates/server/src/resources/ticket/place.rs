//! The place of a ticket on its board: a text between those of its neighbours.

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{ObjectId, Query, Row, Sort, Tx};

use super::document::Ticket;
use super::fields::RANK_CHARS_MAX;
use super::show::unknown;
use crate::http::error::ApiError;

/// What places are written in, besides the signs that structure them.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What all places begin with, unless somebody gave another.
const BUCKET: &str = "0|";

/// Next to which ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// In front of this one.
    Before(ObjectId),
    /// Behind this one.
    After(ObjectId),
}

impl Neighbour {
    /// The neighbour that a body names.
    #[must_use]
    pub fn of(before: Option<Option<ObjectId>>, after: Option<Option<ObjectId>>) -> Option<Self> {
        let before = before.flatten().map(Self::Before);
        before.or_else(|| after.flatten().map(Self::After))
    }
}

/// A place for a ticket next to another on its board, which is that of its type and status.
///
/// # Errors
/// 404 when the neighbour is not there, 422 when there is no room between it and the next.
pub fn beside(tx: &Tx<'_>, row: &Row<Ticket>, neighbour: Neighbour) -> Result<String, ApiError> {
    let (id, op, descending) = match neighbour {
        Neighbour::Before(id) => (id, RangeOp::Lt, true),
        Neighbour::After(id) => (id, RangeOp::Gt, false),
    };
    let near = tx.get::<Ticket>(id)?.ok_or_else(|| unknown(id))?;
    let near = near.doc.lexorank;
    let text = |path: &'static str, value: &str| {
        Filter::Eq(FieldPath::known(path), Scalar::Text(value.into()))
    };
    let beyond = Query {
        filter: Filter::And(vec![
            text("type", &row.doc.kind),
            text("status", &row.doc.status),
            Filter::Range {
                field: FieldPath::known("lexorank"),
                op,
                value: Scalar::Text(near.clone()),
            },
            Filter::Not(Box::new(Filter::Eq(
                FieldPath::known("_id"),
                Scalar::Id(row.id),
            ))),
        ]),
        sort: vec![Sort {
            path: "lexorank".into(),
            descending,
        }],
        limit: 1,
        ..Query::default()
    };
    let page = tx.page::<Ticket>(&beyond)?;
    let far = page.rows.first().map(|row| row.parse::<Ticket>());
    let far = far.transpose()?.map(|ticket| ticket.lexorank);
    let place = match neighbour {
        Neighbour::Before(_) => {
            let first = if near.as_str() > BUCKET { BUCKET } else { "" };
            between(far.as_deref().unwrap_or(first), Some(&near))
        }
        Neighbour::After(_) => between(&near, far.as_deref()),
    };
    place
        .filter(|place| place.len() <= RANK_CHARS_MAX)
        .ok_or_else(|| {
            let fault = "rankBefore, rankAfter: there is no room next to that ticket: move that one first, or give `lexorank`";
            ApiError::unprocessable("no_place", vec![fault.into()])
        })
}

/// A text between two others, by bytes; `None` when there is none. `low` may be empty, and `high` missing: then there is no bound.
#[must_use]
pub fn between(low: &str, high: Option<&str>) -> Option<String> {
    let (low, high) = (low.as_bytes(), high.map(str::as_bytes));
    let mut place = Vec::new();
    let mut bound = high;
    for position in 0.. {
        let lower = low.get(position).copied();
        let upper = match bound {
            Some(high) => match high.get(position) {
                Some(sign) => Some(*sign),
                // All of `high` is the beginning of `low`, or equal to it.
                None => return None,
            },
            None => None,
        };
        if lower.is_some() && lower == upper {
            place.extend(lower);
            continue;
        }
        if let Some(digit) = middle(lower, upper) {
            place.push(digit);
            return String::from_utf8(place).ok();
        }
        // No digit fits in between: a smaller sign than that of `high` here leaves what follows free.
        match (lower, upper) {
            (Some(lower), upper) => {
                if upper.is_some_and(|upper| upper < lower) {
                    return None;
                }
                place.push(lower);
                bound = None;
            }
            (None, Some(b'0')) => place.push(b'0'),
            (None, Some(_)) => {
                place.push(b'0');
                bound = None;
            }
            (None, None) => return None,
        }
    }
    None
}

/// The digit in the middle between two signs, and never the least, below which nothing is.
fn middle(low: Option<u8>, high: Option<u8>) -> Option<u8> {
    let fits: Vec<u8> = DIGITS[1..]
        .iter()
        .copied()
        .filter(|digit| low.is_none_or(|low| *digit > low) && high.is_none_or(|high| *digit < high))
        .collect();
    fits.get(fits.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn there_is_room_between_any_two(places in proptest::collection::vec("[0-9a-z]{0,4}[1-9a-z]", 2)) {
            let (low, high) = (places[0].as_str().min(&places[1]), places[0].as_str().max(&places[1]));
            prop_assume!(low != high);
            let place = between(low, Some(high)).unwrap();
            prop_assert!(low < place.as_str() && place.as_str() < high, "{low} {place} {high}");
            let first = between("", Some(low)).unwrap();
            prop_assert!(first.as_str() < low);
            let last = between(high, None).unwrap();
            prop_assert!(last.as_str() > high);
        }
    }

    #[test]
    fn the_places_of_new_tickets_leave_room() {
        assert_eq!(
            between("0|0000008:", Some("0|000000g:")).as_deref(),
            Some("0|000000c")
        );
        assert_eq!(
            between(BUCKET, Some("0|0000008:")).as_deref(),
            Some("0|0000004")
        );
        let mut high = "0|000000g:".to_owned();
        for _ in 0..200 {
            let place = between("0|0000008:", Some(&high)).unwrap();
            assert!("0|0000008:" < place.as_str() && place < high);
            high = place;
        }
        assert!(high.len() < RANK_CHARS_MAX, "{high}");
    }

    #[test]
    fn there_is_none_between_equals() {
        assert_eq!(between("a", Some("a")), None);
        assert_eq!(between("b", Some("a")), None);
        assert_eq!(between("ab", Some("a")), None);
        assert_eq!(between("", Some("0")), None);
    }
}
