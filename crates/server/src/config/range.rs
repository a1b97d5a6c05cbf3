//! The values that numbers may have.

use std::ops::RangeInclusive;

use figment::Figment;

use super::{accounts, database, files, http, mail, outgoing, session};

/// Options by their keys, and the least and greatest value of each.
pub(super) type Ranges = &'static [(&'static str, RangeInclusive<u64>)];

const SECTIONS: [Ranges; 7] = [
    database::RANGES,
    http::RANGES,
    session::RANGES,
    files::RANGES,
    outgoing::RANGES,
    accounts::RANGES,
    mail::RANGES,
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, RangeInclusive<u64>)> {
    SECTIONS.into_iter().flatten()
}

/// What is out of range, with where it was set.
pub(super) fn out_of_range(figment: &Figment) -> Vec<String> {
    let faults = all().filter_map(|(key, range)| {
        let value: u64 = figment.extract_inner(key).ok()?;
        let source = figment
            .find_metadata(key)
            .map_or("", |metadata| &metadata.name);
        let (least, most) = (range.start(), range.end());
        (!range.contains(&value)).then(|| {
            format!("{source}: `{key}` is {value}: choose a number from {least} to {most}")
        })
    });
    faults.collect()
}
