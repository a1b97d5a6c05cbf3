//! Instants as integer milliseconds, and the clock and ids that are passed in so that tests are exact.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ObjectId;

/// Milliseconds since 1970-01-01T00:00:00Z; `2026-01-31T08:05:00.123Z` on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// The years 1 to 9999, but for the last day, which the library for dates does not have: outside it there is no wire form.
    pub const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_200_000;

    /// Reads RFC 3339 with any offset, with or without fraction; a bare date is midnight UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => timestamp.as_millisecond(),
            Err(_) if text.len() == 10 => {
                let date: jiff::civil::Date = text.parse().ok()?;
                date.to_zoned(jiff::tz::TimeZone::UTC)
                    .ok()?
                    .timestamp()
                    .as_millisecond()
            }
            Err(_) => return None,
        };
        Self::RANGE.contains(&at).then_some(Self(at))
    }

    /// Whole seconds since 1970, as the first part of an id; zero before 1970.
    #[must_use]
    pub fn seconds(self) -> u32 {
        u32::try_from(self.0.div_euclid(1000).max(0)).unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clamped = self.0.clamp(*Self::RANGE.start(), *Self::RANGE.end());
        let timestamp = jiff::Timestamp::from_millisecond(clamped).unwrap_or_default();
        write!(f, "{timestamp:.3}")
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom("a date is written like 2026-01-31T08:05:00.123Z"))
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> Millis;

    /// Told by how many milliseconds the clock of the database, which all nodes share, is ahead of this one. Returns whether it
    /// follows from now on.
    fn follow(&self, _ahead: i64) -> bool {
        false
    }
}

/// The clock of the machine. The only reader of ambient time in this crate.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock of the machine"
    )]
    fn now(&self) -> Millis {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The clock of the machine, put right by that of the database where nodes share one: when a job is due, and whose lease has ended, they
/// have to agree.
#[derive(Debug, Default)]
pub struct SharedClock {
    ahead: AtomicI64,
}

impl Clock for SharedClock {
    fn now(&self) -> Millis {
        Millis(SystemClock.now().0 + self.ahead.load(Ordering::Relaxed))
    }

    fn follow(&self, ahead: i64) -> bool {
        self.ahead.fetch_add(ahead, Ordering::Relaxed);
        true
    }
}

/// Makes ids: seconds of the given time, five bytes of this process, a counter.
#[derive(Debug)]
pub struct IdSource {
    process: [u8; 5],
    counter: AtomicU32,
}

impl IdSource {
    /// `seed`: eight random bytes, so that two processes do not make the same ids.
    #[must_use]
    pub fn new(seed: [u8; 8]) -> Self {
        let [a, b, c, d, e, counter @ ..] = seed;
        Self {
            process: [a, b, c, d, e],
            counter: AtomicU32::new(u32::from_be_bytes([0, counter[0], counter[1], counter[2]])),
        }
    }

    /// An id that this source has not given before (within 16 million ids a second).
    pub fn next(&self, now: Millis) -> ObjectId {
        let [_, x, y, z] = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let [a, b, c, d, e] = self.process;
        ObjectId::from_parts(now.seconds(), [a, b, c, d, e, x, y, z])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(at in Millis::RANGE) {
            let text = Millis(at).to_string();
            prop_assert_eq!(text.len(), 24);
            prop_assert_eq!(Millis::parse(&text), Some(Millis(at)));
        }
    }

    #[test]
    fn reads_what_clients_send() {
        let expected = Some(Millis(1_735_725_600_000));
        for text in [
            "2025-01-01T10:00:00.000Z",
            "2025-01-01T10:00:00Z",
            "2025-01-01T11:00:00+01:00",
            "2025-01-01T10:00:00.0000Z",
        ] {
            assert_eq!(Millis::parse(text), expected, "{text}");
        }
        assert_eq!(Millis::parse("2025-01-01"), Some(Millis(1_735_689_600_000)));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for bad in [
            "",
            "yesterday",
            "2025-02-30T00:00:00.000Z",
            "2025-13-01T00:00:00.000Z",
            "2025-01-01T25:00:00.000Z",
            "99999-01-01T00:00:00Z",
        ] {
            assert_eq!(Millis::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_of_one_source_differ() {
        let source = IdSource::new([7; 8]);
        let ids: std::collections::HashSet<_> =
            (0..10_000).map(|_| source.next(Millis(0))).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
