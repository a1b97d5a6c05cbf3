//! 12-byte, time-ordered ids: 24 lower-case hex characters on the wire.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An id of a document: four bytes of seconds, then eight that make it unique.
///
/// Ordered by time of creation, to the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectId([u8; 12]);

/// A text that is not 24 hexadecimal characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 24 hexadecimal characters")]
pub struct BadObjectId;

impl ObjectId {
    /// The id that no document has; names the scope of accounts (organisations, users), which belong to no project.
    pub const ZERO: Self = Self([0; 12]);

    /// The id made of `seconds` since 1970 and eight bytes that make it unique.
    #[must_use]
    pub fn from_parts(seconds: u32, unique: [u8; 8]) -> Self {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&unique);
        Self(bytes)
    }

    /// The id in these bytes, as the database keeps it.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The twelve bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }

    /// 24 lower-case hex characters, without an allocation.
    #[must_use]
    pub fn to_hex(self) -> [u8; 24] {
        let mut out = [0; 24];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.0) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        out
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = BadObjectId;

    fn from_str(text: &str) -> Result<Self, BadObjectId> {
        let mut bytes = [0; 12];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadObjectId)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<&[u8]> for ObjectId {
    type Error = BadObjectId;

    fn try_from(bytes: &[u8]) -> Result<Self, BadObjectId> {
        Ok(Self(bytes.try_into().map_err(|_| BadObjectId)?))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let id = ObjectId::from_parts(0x6550_0000, [1, 2, 3, 4, 5, 6, 7, 255]);
        assert_eq!(id.to_string(), "6550000001020304050607ff");
        assert_eq!("6550000001020304050607FF".parse(), Ok(id));
    }

    #[test]
    fn refuses_what_is_no_id() {
        for bad in [
            "",
            "65500000010203040506",
            "6550000001020304050607fg",
            "6550000001020304050607ff0",
        ] {
            assert_eq!(bad.parse::<ObjectId>(), Err(BadObjectId), "{bad}");
        }
    }

    #[test]
    fn orders_by_time() {
        assert!(ObjectId::from_parts(1, [255; 8]) < ObjectId::from_parts(2, [0; 8]));
    }
}
