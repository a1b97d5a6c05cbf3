//! A list as parts, each of which an index can give in its order: what has the first sort key comes before what lacks it.

use super::order::{Order, OrderKey, elsewhere};
use super::{FEW, List};
use crate::declared::DeclaredIndex;
use crate::filter::{ARRAYS, Filter, KeyRange, KeyRanges, MISSING, SOMETHING, served};
use crate::{Result, Value};

/// The keys of one condition that are looked for one by one.
const READINGS_MAX: usize = 8;

/// Where the rows of a part are found first.
#[derive(Debug, Clone)]
pub(super) enum Source<'l> {
    /// In the table of the collection.
    Table,
    /// In a declared index: few rows, put in order afterwards.
    Few(&'l DeclaredIndex, KeyRanges),
    /// In a declared index, in its order.
    Index {
        index: &'l DeclaredIndex,
        range: KeyRange,
        /// Whether elements of arrays count.
        elements: bool,
    },
}

/// Whether the rows of a part have the first sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Either,
    Present,
    Absent,
}

/// A part of a list: all its rows come before those of the next.
#[derive(Debug, Clone)]
pub(super) struct Part<'l> {
    pub source: Source<'l>,
    /// The condition that all rows of the source fulfil.
    pub decided: Option<&'l Filter>,
    pub first: First,
    /// The values that are read of each row.
    pub keys: Vec<OrderKey>,
    /// The keys from this one on put rows in order; those before are the same for all.
    pub ordered_from: usize,
    /// The values of the row before the first.
    pub after: Option<Vec<Value>>,
}

/// A condition that a declared index can name rows of.
pub(super) struct Served<'l> {
    condition: &'l Filter,
    pub index: &'l DeclaredIndex,
    pub ranges: KeyRanges,
}

impl<'l> Served<'l> {
    /// The condition, when all that the index names fulfil it.
    pub fn decided(&self) -> Option<&'l Filter> {
        self.ranges.exact.then_some(self.condition)
    }

    /// Its rows by their keys, in whichever order.
    pub fn few(self) -> Source<'l> {
        Source::Few(self.index, self.ranges)
    }

    /// Its rows in the order of the index, if that is the one of these keys: those of one value are in the order of ids.
    fn in_order(&self, keys: &[OrderKey]) -> Option<Source<'l>> {
        match &self.ranges.ranges[..] {
            [range @ KeyRange::Is(_)] if is_by_id(keys) => Some(Source::Index {
                index: self.index,
                range: range.clone(),
                elements: true,
            }),
            _ => None,
        }
    }
}

impl<'l> List<'l> {
    /// The parts of the list after a place in it.
    pub(super) fn parts(
        &'l self,
        order: &Order<'l>,
        after: Option<Vec<Value>>,
    ) -> Result<Vec<Part<'l>>> {
        if let Some(index) = order.by {
            return self.indexed_parts(order, index, after);
        }
        let keys = &order.keys;
        let (source, decided) = self.source(keys)?;
        let part = |source: &Source<'l>, first, after| {
            let mut keys = keys.clone();
            keys[0].may_be_null &= first == First::Either;
            if matches!(source, Source::Index { .. }) {
                keys[0].expression = "a.id".into();
            }
            Part {
                source: source.clone(),
                decided,
                first,
                keys,
                ordered_from: usize::from(first == First::Absent),
                after,
            }
        };
        let in_two = keys.len() == 2
            && keys[0].may_be_null
            && !keys[1].may_be_null
            && keys[0].descending == keys[1].descending;
        Ok(match after {
            after if !in_two => vec![part(&source, First::Either, after)],
            Some(after) if after[0] == Value::Null => {
                vec![part(&source, First::Absent, Some(after))]
            }
            after => vec![
                part(&source, First::Present, after),
                part(&source, First::Absent, None),
            ],
        })
    }

    /// Where to look for the rows of a list that is in the order of columns, and the condition that is decided by that.
    fn source(&'l self, keys: &[OrderKey]) -> Result<(Source<'l>, Option<&'l Filter>)> {
        let mut fewest: Option<(u64, Served<'l>)> = None;
        let mut in_order = None;
        for served in self.served_conditions() {
            let served = self.without_absent(served, keys)?;
            let count = self.count_keys(served.index, &served.ranges, FEW + 1)?;
            if count > FEW {
                in_order = in_order.or_else(|| Some((served.in_order(keys)?, served.decided())));
            } else if fewest.as_ref().is_none_or(|(least, _)| count < *least) {
                fewest = Some((count, served));
            }
        }
        let few = fewest.map(|(_, served)| {
            let decided = served.decided();
            let in_order = served.in_order(keys);
            (in_order.unwrap_or_else(|| served.few()), decided)
        });
        Ok(few.or(in_order).unwrap_or((Source::Table, None)))
    }

    /// Leaves out the keys that no row has: a condition as it stands in an address is read as a number and as a text, and what is left
    /// when only one of them occurs is in the order of ids.
    fn without_absent(&self, mut served: Served<'l>, keys: &[OrderKey]) -> Result<Served<'l>> {
        let ranges = &served.ranges.ranges;
        let are_keys = ranges.iter().all(|range| matches!(range, KeyRange::Is(_)));
        if !is_by_id(keys) || !are_keys || !(2..=READINGS_MAX).contains(&ranges.len()) {
            return Ok(served);
        }
        let mut present = Vec::new();
        for range in ranges {
            let one = KeyRanges {
                ranges: vec![range.clone()],
                exact: served.ranges.exact,
            };
            if self.count_keys(served.index, &one, 1)? > 0 {
                present.push(range.clone());
            }
        }
        if !present.is_empty() {
            served.ranges.ranges = present;
        }
        Ok(served)
    }

    /// The conditions that each row must fulfil and that a declared index can name rows of.
    pub(super) fn served_conditions(&'l self) -> impl Iterator<Item = Served<'l>> {
        let conditions = conjuncts(&self.query.filter).into_iter();
        conditions
            .filter_map(|condition| {
                let (index, ranges) = served(condition, self.collection, self.indexes)?;
                Some(Served {
                    condition,
                    index,
                    ranges,
                })
            })
            .filter(|served| !served.ranges.ranges.is_empty())
    }

    /// Values in their order, then arrays, then what lacks the value.
    fn indexed_parts(
        &'l self,
        order: &Order<'l>,
        index: &'l DeclaredIndex,
        after: Option<Vec<Value>>,
    ) -> Result<Vec<Part<'l>>> {
        let whole = |(from, to): (u8, u8)| (vec![from], vec![to]);
        // One element of an array may fulfil one condition, and another the next: arrays are looked at whatever is asked.
        let mut ranges = vec![whole(MISSING), whole(SOMETHING)];
        for served in self.served_conditions().filter(|it| it.index == index) {
            ranges = intersected(&ranges, &served.ranges);
        }
        let (mut values, missing): (Vec<_>, Vec<_>) = ranges
            .into_iter()
            .partition(|(from, _)| *from >= whole(SOMETHING).0);
        if order.keys[0].descending {
            values.reverse();
        }
        let mut ranges: Vec<_> = values
            .into_iter()
            .chain([whole(ARRAYS)])
            .chain(missing)
            .collect();
        if let Some(values) = &after {
            let Value::Key(key) = &values[0] else {
                return Err(elsewhere());
            };
            let here = ranges.iter().position(|(from, to)| from <= key && key < to);
            ranges.drain(..here.ok_or_else(elsewhere)?);
        }
        let mut after = after;
        let parts = ranges.into_iter().map(|(from, to)| Part {
            source: Source::Index {
                index,
                range: KeyRange::Between(from, to),
                elements: false,
            },
            decided: None,
            first: First::Either,
            keys: order.keys.clone(),
            ordered_from: 0,
            after: after.take(),
        });
        Ok(parts.collect())
    }
}

fn is_by_id(keys: &[OrderKey]) -> bool {
    matches!(keys, [key] if key.column() == Some("id"))
}

/// What is in both, in ascending order.
fn intersected(ranges: &[(Vec<u8>, Vec<u8>)], asked: &KeyRanges) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut both: Vec<_> = ranges
        .iter()
        .flat_map(|(from, to)| {
            asked.ranges.iter().cloned().map(move |range| {
                let (start, end) = range.bounds();
                (start.max(from.clone()), end.min(to.clone()))
            })
        })
        .filter(|(from, to)| from < to)
        .collect();
    both.sort();
    both
}

/// The conditions that all must hold for the filter to hold.
pub(super) fn conjuncts(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::All => Vec::new(),
        Filter::And(filters) => filters.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}
