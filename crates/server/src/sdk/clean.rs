//! JSON of a client as it can be stored and shown again: on one line, without the characters that no text may have.
//!
//! Clients cut texts at a number of UTF-16 units, so that half a character may be left at the end. The character NUL is no
//! text for the database; in a file it stays, because web clients pack the events of a replay into texts whose characters are
//! bytes of compressed data.

/// Bytes of one chunk, about.
const CHUNK_BYTES: usize = 128 << 10;
/// What stands for a character that cannot be kept.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// Valid JSON, cleaned chunk by chunk.
pub struct Cleaner<'j> {
    rest: &'j [u8],
    in_text: bool,
    keeps_nul: bool,
}

impl<'j> Cleaner<'j> {
    /// Over JSON that a parser has found valid, to be kept in a file.
    #[must_use]
    pub fn for_file(json: &'j [u8]) -> Self {
        Self {
            rest: json,
            in_text: false,
            keeps_nul: true,
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) {
        match (self.in_text, byte) {
            (false, b' ' | b'\t' | b'\r' | b'\n') => self.rest = &self.rest[1..],
            (true, b'\\') => self.escape(out),
            _ => {
                self.in_text ^= byte == b'"';
                self.copy(1, out);
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        if self.rest.get(1) != Some(&b'u') {
            return self.copy(2, out);
        }
        match (unit(self.rest), self.rest.get(6..).map(unit)) {
            (Some(0xd800..=0xdbff), Some(Some(0xdc00..=0xdfff))) => self.copy(12, out),
            (Some(0), _) if self.keeps_nul => self.copy(6, out),
            (Some(0 | 0xd800..=0xdfff), _) => {
                out.extend_from_slice(REPLACEMENT);
                self.rest = &self.rest[6..];
            }
            _ => self.copy(6, out),
        }
    }

    fn copy(&mut self, length: usize, out: &mut Vec<u8>) {
        let (copied, rest) = self.rest.split_at(length.min(self.rest.len()));
        out.extend_from_slice(copied);
        self.rest = rest;
    }
}

impl Iterator for Cleaner<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(self.rest.len().min(CHUNK_BYTES + REPLACEMENT.len() * 2));
        while out.len() < CHUNK_BYTES
            && let Some(byte) = self.rest.first()
        {
            self.step(*byte, &mut out);
        }
        (!out.is_empty()).then_some(out)
    }
}

/// All of it at once, to be kept in the database.
#[must_use]
pub fn clean(json: &str) -> String {
    let cleaner = Cleaner {
        keeps_nul: false,
        ..Cleaner::for_file(json.as_bytes())
    };
    let bytes: Vec<u8> = cleaner.flatten().collect();
    String::from_utf8(bytes).unwrap_or_default()
}

/// The UTF-16 unit of the escape at the start of `text`.
pub fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn space_between_parts_goes_and_texts_stay() {
        assert_eq!(
            clean("{ \"a b\" :\n [ 1.50, \"c \\\" d\\\\\" ] }"),
            "{\"a b\":[1.50,\"c \\\" d\\\\\"]}"
        );
    }

    #[test]
    fn what_no_text_may_have_is_replaced() {
        for (json, cleaned) in [
            (r#""a\u0000b""#, r#""a\ufffdb""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00x""#, r#""\ufffdx""#),
            (r#""\uD83D\uDE00""#, r#""\uD83D\uDE00""#),
            (r#""\\u0000""#, r#""\\u0000""#),
            (r#""\u00e9\n""#, r#""\u00e9\n""#),
        ] {
            assert_eq!(clean(json), cleaned, "{json}");
            let read: String = serde_json::from_str(&clean(json)).unwrap();
            assert!(!read.contains('\0'));
        }
    }

    #[test]
    fn long_json_comes_in_chunks() {
        let json = format!("\"{}\"", "\\udc00".repeat(CHUNK_BYTES));
        let chunks: Vec<_> = Cleaner::for_file(json.as_bytes()).collect();
        assert!(chunks.len() > 4);
        assert_eq!(chunks.concat(), json.replace("dc00", "fffd").into_bytes());
    }

    #[test]
    fn files_keep_packed_data() {
        let json = r#"["x\u009c\u0000\u0001\ud83d\u0000"]"#;
        let cleaned: Vec<u8> = Cleaner::for_file(json.as_bytes()).flatten().collect();
        assert_eq!(cleaned, json.replace("ud83d", "ufffd").into_bytes());
    }

    proptest! {
        #[test]
        fn values_survive(text in "[^\0]{0,40}", number in any::<i64>()) {
            let value = serde_json::json!({"t": [text, number, null, {"x": true}]});
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(clean(&pretty), value.to_string());
        }
    }
}
