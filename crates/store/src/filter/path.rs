//! Where in a document a value is.

use std::fmt;

/// A dotted path of object keys, e.g. `customData.plan`. Numbers are keys too: arrays have no paths into them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(String);

/// A text that is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Too many keys.
    #[error("a path has at most {} keys", FieldPath::SEGMENTS_MAX)]
    TooDeep,
    /// An empty or a long key.
    #[error("a key of a path has 1 to {} characters", FieldPath::SEGMENT_CHARS_MAX)]
    Length,
    /// A key that could not be quoted alike for both engines.
    #[error("a key of a path has no quotes, backslashes or control characters")]
    Character,
}

impl FieldPath {
    /// The most keys of a path.
    pub const SEGMENTS_MAX: usize = 8;
    /// The most characters of one key.
    pub const SEGMENT_CHARS_MAX: usize = 64;

    /// Reads keys separated by dots.
    ///
    /// # Errors
    /// [`BadPath`] when the text is outside the grammar: 1 to 8 keys of 1 to 64 characters, of any script, without
    /// quotes, backslashes and control characters.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        if text.split('.').count() > Self::SEGMENTS_MAX {
            return Err(BadPath::TooDeep);
        }
        for segment in text.split('.') {
            if !(1..=Self::SEGMENT_CHARS_MAX).contains(&segment.chars().count()) {
                return Err(BadPath::Length);
            }
            if segment.contains(|c: char| c.is_control() || matches!(c, '"' | '\'' | '`' | '\\')) {
                return Err(BadPath::Character);
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// A path of the program.
    ///
    /// # Panics
    /// When the constant is no path, which the first test of any code that uses it shows.
    #[must_use]
    pub fn known(path: &'static str) -> Self {
        Self::parse(path).expect("a path of the program is within the grammar")
    }

    /// The path as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its keys, outermost first.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_documents_have() {
        for good in [
            "email",
            "customData.plan",
            "customData.Größe in cm",
            "a-b.c_d.$x.0",
            &"k".repeat(64),
        ] {
            let path = FieldPath::parse(good).unwrap();
            assert_eq!(path.segments().collect::<Vec<_>>().join("."), good);
        }
    }

    #[test]
    fn refuses_what_is_outside_the_grammar() {
        for bad in ["", ".", "a.", ".a", "a..b", &"k".repeat(65)] {
            assert_eq!(FieldPath::parse(bad), Err(BadPath::Length), "{bad}");
        }
        for bad in ["a\"b", "a'b", "a`b", "a\\b", "a\0", "a\nb", "a\u{7f}"] {
            assert_eq!(FieldPath::parse(bad), Err(BadPath::Character), "{bad:?}");
        }
    }

    #[test]
    fn has_a_depth() {
        assert!(FieldPath::parse("a.b.c.d.e.f.g.h").is_ok());
        assert_eq!(FieldPath::parse("a.b.c.d.e.f.g.h.i"), Err(BadPath::TooDeep));
    }
}
