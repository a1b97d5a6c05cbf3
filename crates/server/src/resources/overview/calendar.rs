//! The last days in somebody's time zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use store::Millis;

/// Some days in a row, of which the last one is today.
pub struct Calendar {
    name: String,
    zone: TimeZone,
    dates: Vec<Date>,
    /// When each of them begins, and when the last one ends.
    starts: Vec<Millis>,
}

impl Calendar {
    /// The last days of a time zone; `None` when there is no such zone.
    pub fn new(name: &str, days: u32, now: Millis) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        let today = Timestamp::from_millisecond(now.0).ok()?;
        let today = today.to_zoned(zone.clone()).date();
        let dates: Option<Vec<_>> = (0..i64::from(days))
            .rev()
            .map(|ago| today.checked_sub(ago.days()).ok())
            .collect();
        let dates = dates?;
        // Where clocks are put forward at midnight, a day begins with the first instant that there is.
        let start = |date: Date| {
            let begin = date.to_zoned(zone.clone()).ok()?;
            Some(Millis(begin.timestamp().as_millisecond()))
        };
        let end = today.tomorrow().ok()?;
        let starts: Option<Vec<_>> = dates.iter().copied().chain([end]).map(start).collect();
        Some(Self {
            name: name.to_owned(),
            starts: starts?,
            zone,
            dates,
        })
    }

    /// How many days.
    pub fn days(&self) -> usize {
        self.dates.len()
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &str {
        &self.name
    }

    /// A day, as in `2026-01-31`.
    pub fn date(&self, day: usize) -> String {
        self.dates[day].to_string()
    }

    /// When a day begins, and when the next one does.
    pub fn bounds(&self, day: usize) -> (Millis, Millis) {
        (self.starts[day], self.starts[day + 1])
    }

    /// When the first day begins.
    pub fn start(&self) -> Millis {
        self.starts[0]
    }

    /// On which of the days an instant lies.
    pub fn day_of(&self, at: Millis) -> Option<usize> {
        let begun = self.starts.partition_point(|start| *start <= at);
        (1..=self.days()).contains(&begun).then(|| begun - 1)
    }

    /// The weekday, 0 for Monday, and the hour of an instant.
    pub fn hour_of(&self, at: Millis) -> Option<(usize, usize)> {
        let at = Timestamp::from_millisecond(at.0).ok()?;
        let local = self.zone.to_datetime(at);
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).ok()?;
        Some((weekday, usize::try_from(local.hour()).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn days_are_as_long_as_they_are_where_clocks_change() {
        let now = at("2026-03-30T12:00:00Z");
        let calendar = Calendar::new("Europe/Vienna", 3, now).unwrap();
        let lengths: Vec<_> = (0..3)
            .map(|day| {
                let (from, to) = calendar.bounds(day);
                (calendar.date(day), (to.0 - from.0) / HOUR_MS)
            })
            .collect();
        let expected = [("2026-03-28", 24), ("2026-03-29", 23), ("2026-03-30", 24)];
        assert_eq!(lengths, expected.map(|(date, hours)| (date.into(), hours)));
        assert_eq!(calendar.start(), at("2026-03-27T23:00:00Z"));
    }

    #[test]
    fn an_instant_lies_on_one_day_at_most() {
        let calendar = Calendar::new("America/New_York", 2, at("2026-01-31T03:00:00Z")).unwrap();
        for (text, day) in [
            ("2026-01-29T04:59:59.999Z", None),
            ("2026-01-29T05:00:00Z", Some(0)),
            ("2026-01-30T04:59:59.999Z", Some(0)),
            ("2026-01-30T05:00:00Z", Some(1)),
            ("2026-01-31T04:59:59.999Z", Some(1)),
            ("2026-01-31T05:00:00Z", None),
        ] {
            assert_eq!(calendar.day_of(at(text)), day, "{text}");
        }
        let friday_evening = calendar.hour_of(at("2026-01-31T03:59:00Z"));
        assert_eq!(friday_evening, Some((4, 22)));
    }

    #[test]
    fn what_is_no_time_zone_is_none() {
        for name in ["", "Nowhere/Else", "../../etc/passwd", "Europe/Vienna\0"] {
            assert!(Calendar::new(name, 1, Millis(0)).is_none(), "{name}");
        }
    }
}
