//! The encodings of files that people have: UTF-8, what Windows calls Unicode, and what it used before.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes in which UTF-16 without a mark is looked for.
const LOOKED_AT_BYTES: usize = 1024;

/// The encoding of a file. It is looked through, and left at its start.
///
/// A byte order mark decides; then zeros at every other byte, as UTF-16 of Latin text has them; then whether all of it is UTF-8. Anything
/// else is taken for Windows-1252.
pub fn detect(input: &mut (impl Read + Seek)) -> io::Result<&'static Encoding> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let read = fill(input, &mut chunk)?;
    let begin = &chunk[..read];
    let encoding = match Encoding::for_bom(begin) {
        Some((encoding, _)) => encoding,
        None => match utf16(&begin[..read.min(LOOKED_AT_BYTES)]) {
            Some(encoding) => encoding,
            None => utf8_or_older(input, chunk, read)?,
        },
    };
    input.seek(SeekFrom::Start(0))?;
    Ok(encoding)
}

/// Reads until the buffer is full or the file ends.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn utf16(begin: &[u8]) -> Option<&'static Encoding> {
    let pairs = begin.len() / 2;
    let zeros = |offset: usize| {
        let bytes = begin.iter().skip(offset).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (first, second) = (zeros(0), zeros(1));
    let most = |count: usize| pairs > 0 && count * 10 > pairs * 4;
    match (most(first), most(second)) {
        (false, true) => Some(UTF_16LE),
        (true, false) => Some(UTF_16BE),
        _ => None,
    }
}

/// A character may be cut by the end of a chunk: its bytes are looked at again with the next.
fn utf8_or_older(
    input: &mut impl Read,
    mut chunk: Vec<u8>,
    mut filled: usize,
) -> io::Result<&'static Encoding> {
    loop {
        let is_last = filled < chunk.len();
        let rest = match std::str::from_utf8(&chunk[..filled]) {
            Ok(_) => 0,
            Err(error) if error.error_len().is_none() && !is_last => filled - error.valid_up_to(),
            Err(_) => return Ok(WINDOWS_1252),
        };
        if is_last {
            return Ok(UTF_8);
        }
        chunk.copy_within(filled - rest..filled, 0);
        filled = rest + fill(input, &mut chunk[rest..])?;
    }
}

/// Reads a file as UTF-8, without its byte order mark.
pub struct Decoded<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_range: std::ops::Range<usize>,
    is_at_end: bool,
    is_finished: bool,
}

impl<R: Read> Decoded<R> {
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; CHUNK_BYTES],
            raw_range: 0..0,
            is_at_end: false,
            is_finished: false,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    /// The buffer must hold a character.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_finished {
            if self.raw_range.is_empty() && !self.is_at_end {
                let read = self.input.read(&mut self.raw)?;
                self.is_at_end = read == 0;
                self.raw_range = 0..read;
            }
            let raw = &self.raw[self.raw_range.clone()];
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(raw, buffer, self.is_at_end);
            self.raw_range.start += read;
            match result {
                DecoderResult::InputEmpty => self.is_finished = self.is_at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let name = self.decoder.encoding().name();
                    let message = format!("the file is not valid {name}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
            }
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}
