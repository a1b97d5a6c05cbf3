//! One JSON object a line.

use std::io::{BufRead, Read};

use super::{ROW_BYTES_MAX, Row, Text, Unreadable};

pub struct Lines {
    text: Text,
    line: u64,
}

impl Lines {
    pub fn new(text: Text) -> Self {
        Self { text, line: 0 }
    }

    /// A line that is too long is left out; the next is read.
    pub fn next_row(&mut self) -> Result<Option<Row>, Unreadable> {
        loop {
            let mut json = Vec::new();
            let most = ROW_BYTES_MAX as u64 + 2; // a line end of two bytes
            let read = (&mut self.text).take(most).read_until(b'\n', &mut json)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            let is_cut = read as u64 == most && json.last() != Some(&b'\n');
            if is_cut {
                self.text.skip_until(b'\n')?;
            }
            let json = json.trim_ascii();
            if json.is_empty() && !is_cut {
                continue;
            }
            let json = if is_cut || json.len() > ROW_BYTES_MAX {
                Err(format!("is longer than {ROW_BYTES_MAX} bytes"))
            } else {
                Ok(json.to_vec())
            };
            return Ok(Some(Row {
                line: self.line,
                json,
            }));
        }
    }
}
