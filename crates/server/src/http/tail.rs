//! The end of a long JSON list, read without keeping the rest.

use std::collections::VecDeque;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The last entries of a list, and how many it has in all.
#[derive(Debug, Default)]
pub struct Tail<'b> {
    /// At most as many as were asked for, in their order.
    pub last: VecDeque<&'b RawValue>,
    /// All, those that were passed over included.
    pub count: usize,
}

impl<'b> Tail<'b> {
    /// The last `most` entries of a list; `None` when the JSON is none.
    #[must_use]
    pub fn of(json: &'b str, most: usize) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        Most(most).deserialize(&mut deserializer).ok()
    }
}

struct Most(usize);

impl<'de> DeserializeSeed<'de> for Most {
    type Value = Tail<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Most {
    type Value = Tail<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tail<'de>, A::Error> {
        let mut tail = Tail::default();
        while let Some(entry) = list.next_element()? {
            if tail.last.len() == self.0 {
                tail.last.pop_front();
            }
            tail.last.push_back(entry);
            tail.count += 1;
        }
        Ok(tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_list_is_kept() {
        let tail = Tail::of("[1, 2,{\"a\":[3]}]", 2).unwrap();
        let last: Vec<_> = tail.last.iter().map(|raw| raw.get()).collect();
        assert_eq!((last, tail.count), (vec!["2", "{\"a\":[3]}"], 3));
        assert_eq!(Tail::of("[]", 2).unwrap().count, 0);
        for other in ["{}", "1", "[1", "null", "\"text\""] {
            assert!(Tail::of(other, 2).is_none(), "{other}");
        }
    }
}
