//! How far somebody has read a feed.

use std::fmt;
use std::str::FromStr;

use crate::ObjectId;

/// How far somebody has read the feed of a project. As text it means nothing to whoever keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedCursor {
    /// Which opening of the feed it is of.
    pub(super) epoch: ObjectId,
    /// What has a smaller number was read, or was there before.
    pub(super) number: i64,
    pub(super) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// All that has the number was read too.
    End,
    /// Of what has the number, the documents up to this one were read.
    Within(ObjectId),
    /// The documents that were there before are being read: up to this one so far.
    Documents(Option<ObjectId>),
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of a feed")]
pub struct BadFeedCursor;

/// Marks the cursors of those who read the documents.
const DOCUMENTS: char = 'd';

impl FeedCursor {
    /// Whether it names rows that were trimmed, when the rows up to the number `trimmed` were.
    pub(super) fn is_before(&self, trimmed: i64) -> bool {
        match self.place {
            Place::Within(_) => self.number <= trimmed,
            Place::End | Place::Documents(_) => self.number < trimmed,
        }
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)?;
        match self.place {
            Place::End => Ok(()),
            Place::Within(id) => write!(f, "-{id}"),
            Place::Documents(None) => write!(f, "-{DOCUMENTS}"),
            Place::Documents(Some(id)) => write!(f, "-{DOCUMENTS}{id}"),
        }
    }
}

impl FromStr for FeedCursor {
    type Err = BadFeedCursor;

    fn from_str(text: &str) -> Result<Self, BadFeedCursor> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().ok_or(BadFeedCursor);
        let epoch = id(part()?)?;
        let digits = part()?;
        let number = digits.parse().map_err(|_| BadFeedCursor)?;
        let place = match part() {
            Err(BadFeedCursor) => Place::End,
            Ok(rest) => match rest.strip_prefix(DOCUMENTS) {
                Some("") => Place::Documents(None),
                // Both an id and this mark are hexadecimal: only their lengths differ.
                Some(after) if rest.len() > 24 => Place::Documents(Some(id(after)?)),
                _ => Place::Within(id(rest)?),
            },
        };
        let cursor = Self {
            epoch,
            number,
            place,
        };
        let is_one = number > 0 || (number == 0 && !matches!(place, Place::Within(_)));
        // As it was given out, letter by letter.
        if is_one && cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(BadFeedCursor)
        }
    }
}

fn id(text: &str) -> Result<ObjectId, BadFeedCursor> {
    text.parse().map_err(|_| BadFeedCursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(number: i64, place: Place) -> FeedCursor {
        FeedCursor {
            epoch: ObjectId::from_bytes([0xd1; 12]),
            number,
            place,
        }
    }

    #[test]
    fn a_cursor_is_read_back() {
        let id = ObjectId::from_bytes([0xde; 12]);
        for cursor in [
            cursor(0, Place::End),
            cursor(7, Place::End),
            cursor(7, Place::Within(id)),
            cursor(0, Place::Documents(Some(id))),
            cursor(i64::MAX, Place::Documents(None)),
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn other_texts_are_none() {
        let epoch = ObjectId::from_bytes([0xd1; 12]);
        for text in [
            String::new(),
            epoch.to_string(),
            format!("{epoch}-"),
            format!("{epoch}--1"),
            format!("{epoch}-+1"),
            format!("{epoch}-01"),
            format!("{epoch}-1-"),
            format!("{epoch}-1-x{epoch}"),
            format!("{epoch}-0-{epoch}"),
            format!("{epoch}-1-{epoch}-1"),
            format!("{epoch}-9223372036854775808"),
            format!("{}-1", epoch.to_string().to_uppercase()),
        ] {
            assert_eq!(text.parse::<FeedCursor>(), Err(BadFeedCursor), "{text}");
        }
    }

    #[test]
    fn what_was_trimmed_is_known_by_the_number() {
        let id = ObjectId::ZERO;
        for (number, place, is_before) in [
            (4, Place::End, true),
            (5, Place::End, false),
            (5, Place::Within(id), true),
            (6, Place::Within(id), false),
            (4, Place::Documents(Some(id)), true),
            (5, Place::Documents(None), false),
        ] {
            assert_eq!(cursor(number, place).is_before(5), is_before, "{place:?}");
        }
    }
}
