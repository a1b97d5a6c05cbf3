//! What sessions did day by day: of all of them where they are few, otherwise of so many that a glance at a page costs little.
//!
//! Sessions are drawn by the day on which they were last seen, of each day as large a part, so that those who came back and those who did not
//! are drawn alike. Each stands for as many as its day has more than were drawn.

use std::collections::BTreeSet;

use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Snapshot, Sort};

use super::calendar::Calendar;
use super::{between, count};
use crate::resources::session::document::Session;
use crate::resources::session::event::Event;

/// Sessions that are looked at.
pub const SESSIONS_MAX: u64 = 400;
/// Sessions of a day that are looked at where the day has so many, however small its part is.
const SESSIONS_OF_DAY_MIN: u64 = 3;
/// Events of a session that are looked at, the newest. They stand for the others.
const EVENTS_MAX: u32 = 500;
/// Events of a session are counted no further than this.
const EVENTS_COUNTED_MAX: u64 = 100_000;

/// What was found of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Numbers {
    /// Sessions that did something.
    pub sessions: f64,
    /// Events that happened.
    pub events: f64,
}

/// What was found.
pub struct Sample {
    pub days: Vec<Numbers>,
    /// Events by weekday and hour.
    pub hours: [[f64; 24]; 7],
    pub looked_at: u64,
    /// How many sessions there were to look at.
    pub of: u64,
}

/// Looks at the sessions that were seen on the days of a calendar.
///
/// # Errors
/// Those of the store.
pub fn take(snapshot: &Snapshot<'_>, calendar: &Calendar) -> store::Result<Sample> {
    let seen: store::Result<Vec<u64>> = (0..calendar.days())
        .map(|day| count::<Session>(snapshot, seen_on(calendar, day)))
        .collect();
    let seen = seen?;
    let of = seen.iter().sum();
    let mut sample = Sample {
        days: vec![Numbers::default(); calendar.days()],
        hours: [[0.0; 24]; 7],
        looked_at: 0,
        of,
    };
    for (day, there) in seen.into_iter().enumerate() {
        let drawn = part(there, of);
        if drawn == 0 {
            continue;
        }
        let query = Query {
            filter: seen_on(calendar, day),
            sort: vec![newest("lastActivity")],
            limit: u32::try_from(drawn).unwrap_or(u32::MAX),
            ..Query::default()
        };
        let rows = snapshot.page::<Session>(&query)?.rows;
        let weight = there as f64 / rows.len().max(1) as f64;
        for row in rows {
            sample.looked_at += 1;
            let session: Session = row.parse()?;
            look_at(snapshot, calendar, (row.id, &session), weight, &mut sample)?;
        }
    }
    Ok(sample)
}

/// How many sessions of a day are looked at.
fn part(there: u64, of: u64) -> u64 {
    if of <= SESSIONS_MAX {
        return there;
    }
    let even = (there * SESSIONS_MAX).checked_div(of).unwrap_or_default();
    even.max(SESSIONS_OF_DAY_MIN).min(there)
}

fn look_at(
    snapshot: &Snapshot<'_>,
    calendar: &Calendar,
    (id, session): (ObjectId, &Session),
    weight: f64,
    sample: &mut Sample,
) -> store::Result<()> {
    let mut query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("session"), Scalar::Id(id)),
            Filter::Range {
                field: FieldPath::known("date"),
                op: RangeOp::Ge,
                value: Scalar::Instant(calendar.start()),
            },
        ]),
        sort: vec![newest("date")],
        limit: EVENTS_MAX,
        ..Query::default()
    };
    let page = snapshot.page::<Event>(&query)?;
    let mut each = weight;
    if page.next.is_some() {
        query.limit = u32::MAX;
        let all = snapshot.count::<Event>(&query, EVENTS_COUNTED_MAX)?;
        each *= all as f64 / page.rows.len().max(1) as f64;
    }
    // Of a session without events it is known when it was seen last, and when it was made.
    let seen = [session.last_activity, Some(session.created_at)];
    let seen = seen.into_iter().flatten();
    let mut active: BTreeSet<usize> = seen.filter_map(|at| calendar.day_of(at)).collect();
    for row in page.rows {
        let at: Millis = row.parse::<Event>()?.date;
        if let Some(day) = calendar.day_of(at) {
            active.insert(day);
            sample.days[day].events += each;
        }
        if let Some((weekday, hour)) = calendar.hour_of(at) {
            sample.hours[weekday][hour] += each;
        }
    }
    for day in active {
        sample.days[day].sessions += weight;
    }
    Ok(())
}

/// Sessions that were last seen on a day.
fn seen_on(calendar: &Calendar, day: usize) -> Filter {
    let (from, to) = calendar.bounds(day);
    between("lastActivity", Scalar::Instant(from), Scalar::Instant(to))
}

fn newest(path: &str) -> Sort {
    Sort {
        path: path.to_owned(),
        descending: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_all_looked_at_and_of_many_an_even_part() {
        assert_eq!(part(SESSIONS_MAX, SESSIONS_MAX), SESSIONS_MAX);
        assert_eq!(part(0, 10), 0);
        let many = SESSIONS_MAX * 1_000;
        assert_eq!(part(many / 2, many), SESSIONS_MAX / 2);
        assert_eq!(part(2, many), 2);
        assert_eq!(part(100, many), SESSIONS_OF_DAY_MIN);
    }
}
