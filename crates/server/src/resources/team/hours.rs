//! When a team works: outside of these hours nothing is given to its members.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Millis;
use utoipa::ToSchema;

/// Opening times of a team.
pub const OPENING_TIMES_MAX: usize = 50;
/// Bytes of the hours of a team, with its texts.
pub const HOURS_BYTES_MAX: usize = 16_384;

/// When a team works.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatingHours {
    /// Whether the hours hold; otherwise the team always works.
    #[schema(required)]
    pub enabled: bool,
    /// Whether the team works at all hours.
    #[schema(required)]
    pub always_online: bool,
    /// The time zone of the times, such as `Europe/Vienna`. Absent: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub timezone: Option<String>,
    /// When the team works: at most 50, several of a day too.
    #[schema(required)]
    pub opening_times: Vec<OpeningTime>,
    /// How long an answer takes. Kept as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub reply_time: Option<Value>,
    /// Texts in several languages. Kept as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = HoursTexts, required = false)]
    pub static_translations: Option<HoursTexts>,
}

/// A part of a day of the week.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OpeningTime {
    /// The day in English, in capitals or not: `monday` or `mon`.
    pub day: String,
    /// The beginning, `09:00`.
    pub opening_time: String,
    /// The end, `17:30` or `24:00`. One that is not after the beginning is of the next day.
    pub closing_time: String,
    /// How long an answer takes. Kept as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub reply_time: Option<Value>,
}

/// Texts of a team that does not work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HoursTexts {
    /// What is said outside of the hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    pub out_of_office_message: Option<Value>,
}

/// An opening time that was understood. Minutes count from the beginning of the day; the end may lie on the next.
#[derive(Debug, Clone, Copy)]
struct Window {
    day: Weekday,
    from: i32,
    to: i32,
}

const DAY: i32 = 24 * 60;
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl OperatingHours {
    /// What is wrong with which field.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.zone().is_none() {
            faults.push(
                "operatingHours.timezone: must be the name of a time zone, such as Europe/Vienna"
                    .into(),
            );
        }
        if self.opening_times.len() > OPENING_TIMES_MAX {
            faults.push(format!(
                "operatingHours.openingTimes: are more than {OPENING_TIMES_MAX}"
            ));
        }
        for (number, time) in self.opening_times.iter().enumerate() {
            let at = format!("operatingHours.openingTimes[{number}]");
            if weekday(&time.day).is_none() {
                faults.push(format!(
                    "{at}.day: must be a day of the week, such as monday"
                ));
            }
            if minutes(&time.opening_time).is_none_or(|from| from == DAY) {
                faults.push(format!("{at}.openingTime: must be a time, such as 09:00"));
            }
            if minutes(&time.closing_time).is_none() {
                faults.push(format!(
                    "{at}.closingTime: must be a time, such as 17:30 or 24:00"
                ));
            }
        }
        if self.enabled && !self.always_online && self.opening_times.is_empty() {
            faults.push(
                "operatingHours.openingTimes: must have one, or nobody ever gets a ticket; or set alwaysOnline"
                    .into(),
            );
        }
        let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
        if bytes > HOURS_BYTES_MAX {
            faults.push(format!(
                "operatingHours: are larger than {HOURS_BYTES_MAX} bytes"
            ));
        }
        faults
    }

    /// Whether the team works.
    #[must_use]
    pub fn is_open(&self, at: Millis) -> bool {
        if !self.enabled || self.always_online {
            return true;
        }
        let Some((date, time)) = self.local(at) else {
            return false;
        };
        let now = i32::from(time.hour()) * 60 + i32::from(time.minute());
        self.windows().any(|window| {
            let today = window.day == date.weekday() && (window.from..window.to).contains(&now);
            let since_yesterday = window.day == date.weekday().previous() && now + DAY < window.to;
            today || since_yesterday
        })
    }

    /// When the team works next, when it does not.
    #[must_use]
    pub fn next_opening(&self, after: Millis) -> Option<Millis> {
        let (today, _) = self.local(after)?;
        let zone = self.zone()?;
        let mut openings = Vec::new();
        for days in 0..=7 {
            let date = today.checked_add(Span::new().days(days)).ok()?;
            for window in self.windows().filter(|window| window.day == date.weekday()) {
                let time = time(window.from)?;
                let opening = zone.to_ambiguous_zoned(date.to_datetime(time));
                let opening = opening.compatible().ok()?.timestamp().as_millisecond();
                openings.push(Millis(opening));
            }
        }
        openings.into_iter().filter(|at| *at > after).min()
    }

    fn windows(&self) -> impl Iterator<Item = Window> {
        self.opening_times.iter().filter_map(|time| {
            let (from, to) = (minutes(&time.opening_time)?, minutes(&time.closing_time)?);
            let to = if to > from { to } else { to + DAY };
            let day = weekday(&time.day)?;
            Some(Window { day, from, to })
        })
    }

    fn zone(&self) -> Option<TimeZone> {
        match self.timezone.as_deref() {
            None | Some("") => Some(TimeZone::UTC),
            Some(name) => TimeZone::get(name).ok(),
        }
    }

    fn local(&self, at: Millis) -> Option<(Date, Time)> {
        let local = self
            .zone()?
            .to_datetime(Timestamp::from_millisecond(at.0).ok()?);
        Some((local.date(), local.time()))
    }
}

fn weekday(text: &str) -> Option<Weekday> {
    let text = text.trim().to_ascii_lowercase();
    let named = |name: &str| text == name || text == name[..3];
    DAYS.iter()
        .find(|(name, _)| named(name))
        .map(|(_, day)| *day)
}

/// `HH:MM` in minutes, up to 24:00.
fn minutes(text: &str) -> Option<i32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

fn time(minutes: i32) -> Option<Time> {
    let hour = i8::try_from(minutes / 60).ok()?;
    Time::new(hour, i8::try_from(minutes % 60).ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn hours(timezone: &str, times: &[(&str, &str, &str)]) -> OperatingHours {
        let opening_times = times.iter().map(|(day, from, to)| OpeningTime {
            day: (*day).into(),
            opening_time: (*from).into(),
            closing_time: (*to).into(),
            reply_time: None,
        });
        OperatingHours {
            enabled: true,
            timezone: Some(timezone.into()),
            opening_times: opening_times.collect(),
            ..OperatingHours::default()
        }
    }

    #[test]
    fn a_team_works_from_opening_to_closing_of_its_time_zone() {
        // 2026-03-02 is a Monday; Vienna is an hour ahead of UTC.
        let hours = hours("Europe/Vienna", &[("MONDAY", "09:00", "17:30")]);
        assert!(hours.faults().is_empty(), "{:?}", hours.faults());
        for (when, open) in [
            ("2026-03-02T07:59:59.999Z", false),
            ("2026-03-02T08:00:00Z", true),
            ("2026-03-02T16:29:59.999Z", true),
            ("2026-03-02T16:30:00Z", false),
            ("2026-03-03T08:00:00Z", false),
        ] {
            assert_eq!(hours.is_open(at(when)), open, "{when}");
        }
        assert_eq!(
            hours.next_opening(at("2026-03-02T16:30:00Z")),
            Some(at("2026-03-09T08:00:00Z"))
        );
    }

    #[test]
    fn an_end_that_is_not_after_the_beginning_is_of_the_next_day() {
        let hours = hours(
            "UTC",
            &[("sun", "22:00", "06:00"), ("sat", "00:00", "24:00")],
        );
        for (when, open) in [
            ("2026-03-01T21:59:00Z", false),
            ("2026-03-01T22:00:00Z", true),
            ("2026-03-02T05:59:00Z", true),
            ("2026-03-02T06:00:00Z", false),
            ("2026-02-28T23:59:00Z", true),
            ("2026-03-01T00:00:00Z", false),
        ] {
            assert_eq!(hours.is_open(at(when)), open, "{when}");
        }
    }

    #[test]
    fn clocks_that_are_put_forward_move_the_opening() {
        let hours = hours(
            "Europe/Vienna",
            &[("sunday", "02:30", "10:00"), ("mon", "09:00", "10:00")],
        );
        // 02:30 is not there on 29 March: the opening is at 03:30 of summer time.
        assert_eq!(
            hours.next_opening(at("2026-03-28T12:00:00Z")),
            Some(at("2026-03-29T01:30:00Z"))
        );
        assert_eq!(
            hours.next_opening(at("2026-03-29T12:00:00Z")),
            Some(at("2026-03-30T07:00:00Z"))
        );
    }

    #[test]
    fn hours_that_do_not_hold_are_always_open() {
        let closed = hours("UTC", &[("tue", "09:00", "10:00")]);
        let monday = at("2026-03-02T12:00:00Z");
        assert!(!closed.is_open(monday));
        for open in [
            OperatingHours {
                enabled: false,
                ..closed.clone()
            },
            OperatingHours {
                always_online: true,
                ..closed
            },
        ] {
            assert!(open.is_open(monday));
        }
    }

    #[test]
    fn every_fault_is_named() {
        let bad = hours(
            "Europe/Nowhere",
            &[("someday", "24:00", "25:00"), ("mon", "9", "09:60")],
        );
        let named: Vec<_> = bad
            .faults()
            .iter()
            .filter_map(|fault| fault.split(": ").next().map(str::to_owned))
            .collect();
        assert_eq!(
            named,
            [
                "operatingHours.timezone",
                "operatingHours.openingTimes[0].day",
                "operatingHours.openingTimes[0].openingTime",
                "operatingHours.openingTimes[0].closingTime",
                "operatingHours.openingTimes[1].openingTime",
                "operatingHours.openingTimes[1].closingTime",
            ]
        );
        assert_eq!(hours("UTC", &[]).faults().len(), 1);
        let many = |most| {
            hours("UTC", &vec![("mon", "9:00", "10:00"); most])
                .faults()
                .len()
        };
        assert_eq!(
            (many(OPENING_TIMES_MAX), many(OPENING_TIMES_MAX + 1)),
            (0, 1)
        );
        let long = |bytes: usize| OperatingHours {
            reply_time: Some(Value::String("x".repeat(bytes))),
            ..OperatingHours::default()
        };
        let rest = serde_json::to_vec(&long(0)).unwrap().len();
        assert!(long(HOURS_BYTES_MAX - rest).faults().is_empty());
        assert_eq!(long(HOURS_BYTES_MAX - rest + 1).faults().len(), 1);
    }
}
