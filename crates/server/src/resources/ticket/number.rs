//! The numbers of tickets: one after the other in each project. A number is used up only by a unit of work that is committed.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Tx, Value};

/// Places between two new tickets on a board, for those that are moved in between.
const RANK_STEP: u64 = 8;
/// Digits of a rank.
const RANK_DIGITS: usize = 7;

/// The last number that was given out in a project; its id is that of the project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TicketNumber {
    /// The number.
    pub last: u64,
}

/// The table of numbers: one row for each project.
pub static TICKET_NUMBERS: Collection = Collection {
    table: "ticket_number",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for TicketNumber {
    const COLLECTION: &'static Collection = &TICKET_NUMBERS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// The number of a new ticket, from 1.
///
/// # Errors
/// Those of the store.
pub fn next(tx: &mut Tx<'_>) -> store::Result<u64> {
    let id = tx.project();
    let Some(mut row) = tx.get_for_update::<TicketNumber>(id)? else {
        // Where units run at once, two may be the first: the second is run again.
        return if tx.append(id, &TicketNumber { last: 1 })? {
            Ok(1)
        } else {
            Err(tx.raced())
        };
    };
    row.doc.last += 1;
    tx.put(&mut row)?;
    Ok(row.doc.last)
}

/// The place of a new ticket on a board: behind all that were there before.
#[must_use]
pub fn rank(number: u64) -> String {
    let mut digits = [b'0'; RANK_DIGITS];
    let mut rest = number.saturating_mul(RANK_STEP);
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    format!("0|{}:", String::from_utf8_lossy(&digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_ordered_as_numbers_are() {
        let ranks: Vec<_> = [1, 2, 5, 36, 1_000, 1_000_000, 1_000_000_000]
            .map(rank)
            .into();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert_eq!(rank(1), "0|0000008:");
        assert_eq!(rank(9), "0|0000020:");
    }
}
