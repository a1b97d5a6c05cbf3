//! An array of sessions, read one by one: only where each begins and ends is looked at here.

use std::io::BufRead;

use super::{ROW_BYTES_MAX, Row, Text, Unreadable};

/// The member that an array may stand in.
const WRAPPER: &[u8] = b"\"sessions\"";

pub struct Array {
    text: Text,
    place: Place,
    is_wrapped: bool,
    rows: u64,
}

enum Place {
    Begin,
    /// Within the array.
    Rows,
    End,
}

/// Whether `{"sessions":[` is how a text begins.
pub fn is_wrapped(begin: &[u8]) -> bool {
    let inside = begin
        .trim_ascii_start()
        .strip_prefix(b"{")
        .and_then(|rest| rest.trim_ascii_start().strip_prefix(WRAPPER))
        .and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"));
    inside.is_some_and(|rest| rest.trim_ascii_start().starts_with(b"["))
}

impl Array {
    pub fn new(text: Text) -> Self {
        Self {
            text,
            place: Place::Begin,
            is_wrapped: false,
            rows: 0,
        }
    }

    pub fn next_row(&mut self) -> Result<Option<Row>, Unreadable> {
        if matches!(self.place, Place::Begin) {
            return self.first_row();
        }
        if matches!(self.place, Place::End) {
            return Ok(None);
        }
        match self.skip_space()? {
            Some(b',') => {
                self.text.consume(1);
                self.skip_space()?;
                self.row().map(Some)
            }
            Some(b']') => self.end(),
            _ => Err(self.broken("expected `,` or `]`")),
        }
    }

    fn first_row(&mut self) -> Result<Option<Row>, Unreadable> {
        match self.skip_space()? {
            None => Err(Unreadable("the file is empty".into())),
            Some(b'{') if !is_wrapped(self.text.fill_buf()?) => {
                let row = self.row()?;
                self.place = Place::End;
                self.nothing_follows()?;
                Ok(Some(row))
            }
            Some(b'{' | b'[') => {
                self.is_wrapped = self.skip_to_array()?;
                self.place = Place::Rows;
                match self.skip_space()? {
                    Some(b']') => self.end(),
                    _ => self.row().map(Some),
                }
            }
            Some(_) => Err(Unreadable(
                "expected an array of sessions, or {\"sessions\":[…]}".into(),
            )),
        }
    }

    /// Leaves the opening bracket behind; tells whether the array stands in an object.
    fn skip_to_array(&mut self) -> Result<bool, Unreadable> {
        let buffer = self.text.fill_buf()?;
        let bracket = buffer.iter().position(|byte| *byte == b'[').unwrap_or(0);
        self.text.consume(bracket + 1);
        Ok(bracket > 0)
    }

    fn end(&mut self) -> Result<Option<Row>, Unreadable> {
        self.text.consume(1);
        if self.is_wrapped {
            match self.skip_space()? {
                Some(b'}') => self.text.consume(1),
                _ => return Err(self.broken("expected `}` after the sessions")),
            }
        }
        self.place = Place::End;
        self.nothing_follows()?;
        Ok(None)
    }

    fn nothing_follows(&mut self) -> Result<(), Unreadable> {
        match self.skip_space()? {
            None => Ok(()),
            Some(_) => Err(self.broken("something follows the end")),
        }
    }

    /// The next byte that is no space; it is left there.
    fn skip_space(&mut self) -> Result<Option<u8>, Unreadable> {
        loop {
            let buffer = self.text.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(at) => {
                    let byte = buffer[at];
                    self.text.consume(at);
                    return Ok(Some(byte));
                }
                None => {
                    let all = buffer.len();
                    self.text.consume(all);
                }
            }
        }
    }

    /// A value, up to the comma or bracket behind it.
    fn row(&mut self) -> Result<Row, Unreadable> {
        self.rows += 1;
        let (mut json, mut scan) = (Vec::new(), Scan::default());
        loop {
            let buffer = self.text.fill_buf()?;
            if buffer.is_empty() {
                return Err(self.broken("the file ends in the middle of it"));
            }
            let end = buffer.iter().position(|byte| scan.ends_before(*byte));
            let taken = end.unwrap_or(buffer.len());
            json.extend_from_slice(&buffer[..taken]);
            self.text.consume(taken);
            if json.len() > ROW_BYTES_MAX {
                let message = format!("is longer than {ROW_BYTES_MAX} bytes, or never ends");
                return Err(self.broken(&message));
            }
            if end.is_some() || scan.is_whole {
                return Ok(Row {
                    line: self.rows,
                    json: Ok(json),
                });
            }
        }
    }

    fn broken(&self, what: &str) -> Unreadable {
        Unreadable(format!("session {}: {what}", self.rows))
    }
}

/// Follows brackets and quotes, no more.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    is_whole: bool,
}

impl Scan {
    /// Whether the value ended before this byte.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_whole {
            return true;
        }
        if self.in_text {
            self.in_text = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b',' | b']' | b'}' if self.depth == 0 => return true,
            b'}' | b']' => {
                self.depth -= 1;
                self.is_whole = self.depth == 0;
            }
            _ => {}
        }
        false
    }
}
