//! How SQLite keeps the JSON of a document: compressed, when that makes it smaller.
//!
//! The first byte names the form: 0 plain, 1 LZ4 with the dictionary of the schema, after the length as four bytes.
//! PostgreSQL compresses by itself and gets plain JSON.

use crate::{Error, Result};

const PLAIN: u8 = 0;
const LZ4: u8 = 1;
/// Documents under this length are kept plain: compressing them costs more than it saves.
const COMPRESS_BYTES_MIN: usize = 256;
/// No document is longer: a length beyond it means a damaged row, not a large one.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// Text that is typical of the documents. Part of the file format: it must never change once documents were written with it.
#[derive(Debug, Clone, Copy)]
pub struct Dictionary(pub &'static [u8]);

impl Dictionary {
    /// The stored form of `json`.
    pub(crate) fn encode(self, json: &[u8]) -> Vec<u8> {
        if json.len() >= COMPRESS_BYTES_MIN {
            let mut out = vec![0; 5 + lz4_flex::block::get_maximum_output_size(json.len())];
            out[0] = LZ4;
            out[1..5].copy_from_slice(&u32::try_from(json.len()).unwrap_or(u32::MAX).to_le_bytes());
            if let Ok(length) =
                lz4_flex::block::compress_into_with_dict(json, &mut out[5..], self.0)
                && length + 5 < json.len()
            {
                out.truncate(length + 5);
                return out;
            }
        }
        [&[PLAIN], json].concat()
    }

    /// The JSON in a stored form.
    pub(crate) fn decode(self, stored: &[u8]) -> Result<Vec<u8>> {
        match stored {
            [PLAIN, json @ ..] => Ok(json.to_vec()),
            [LZ4, a, b, c, d, block @ ..] => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
                if length > DOCUMENT_BYTES_MAX {
                    return Err(Error::Corrupt(format!("a document of {length} bytes")));
                }
                lz4_flex::block::decompress_with_dict(block, length, self.0)
                    .map_err(|error| Error::Corrupt(error.to_string()))
            }
            _ => Err(Error::Corrupt("an unknown form of document".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DICTIONARY: Dictionary = Dictionary(br#"{"userId":"","customData":{"plan":"team"}}"#);

    proptest! {
        #[test]
        fn decodes_what_it_encodes(json in proptest::collection::vec(any::<u8>(), 0..2000), repeat in 1usize..20) {
            let json = json.repeat(repeat);
            prop_assert_eq!(DICTIONARY.decode(&DICTIONARY.encode(&json)).unwrap(), json);
        }

        #[test]
        fn damaged_rows_are_errors(mut stored in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(first) = stored.first_mut() { *first %= 3; }
            let _ = DICTIONARY.decode(&stored);
        }
    }

    #[test]
    fn typical_documents_shrink() {
        let json = br#"{"userId":"u","customData":{"plan":"team"}}"#.repeat(10);
        assert!(DICTIONARY.encode(&json).len() * 4 < json.len());
    }

    #[test]
    fn an_absurd_length_is_refused() {
        assert!(matches!(
            DICTIONARY.decode(&[LZ4, 255, 255, 255, 255, 0]),
            Err(Error::Corrupt(_))
        ));
    }
}
