//! Which part of a timeline is asked for.

use store::{Millis, ObjectId};

use crate::http::error::ApiError;
use crate::http::list_query::{LIMIT_DEFAULT, LIMIT_MAX};

/// A place in the timeline: activities before it are older, or come later among those of the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: Millis,
    pub source: u8,
    pub id: ObjectId,
}

/// Which part of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub limit: u32,
    pub before: Option<Before>,
}

/// Where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Date(Millis),
    Place(Place),
}

impl Asked {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 for what cannot be read.
    pub fn read(raw: &str) -> Result<Self, ApiError> {
        let mut asked = Self {
            limit: LIMIT_DEFAULT,
            before: None,
        };
        for (name, value) in raw.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "limit" => asked.limit = limit(value)?,
                "before" => asked.before = Some(before(value)?),
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn bad(message: String) -> ApiError {
    ApiError::bad_request("invalid_query", message)
}

fn limit(text: &str) -> Result<u32, ApiError> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=LIMIT_MAX).contains(number))
        .ok_or_else(|| {
            bad(format!(
                "query parameter `limit`: must be a whole number from 1 to {LIMIT_MAX}"
            ))
        })
}

fn before(text: &str) -> Result<Before, ApiError> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let place = Place::parse(&decoded).map(Before::Place);
    place
        .or_else(|| Millis::parse(&decoded).map(Before::Date))
        .ok_or_else(|| {
            bad("query parameter `before`: must be a date such as 2026-01-31T08:05:00.123Z, or what a `Link` header gave".into())
        })
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let place = Self {
            at: Millis(parts.next()?.parse().ok()?),
            source: parts.next()?.parse().ok()?,
            id: parts.next()?.parse().ok()?,
        };
        (parts.next().is_none() && Millis::RANGE.contains(&place.at.0)).then_some(place)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.at.0, self.source, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = Place {
            at: Millis(1_772_366_400_000),
            source: 3,
            id: ObjectId::from_parts(7, [1; 8]),
        };
        assert_eq!(Place::parse(&place.to_string()), Some(place));
        for bad in [
            "",
            "1_2",
            "1_2_x",
            "1_256_000000000000000000000000",
            "1_2_000000000000000000000000_",
        ] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }
}
