//! Files of sessions: which encoding, which format, and one row after the other in little memory.

mod array;
mod encoding;
mod lines;
mod mapping;
mod table;

use std::io::{self, BufRead, BufReader, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::mapping::Mapping;
use self::{array::Array, encoding::Decoded, lines::Lines, table::Table};

/// Bytes of a row, as UTF-8.
pub const ROW_BYTES_MAX: usize = 1 << 20;
/// Columns of a table.
pub const COLUMNS_MAX: usize = 1_000;
/// What is looked at to tell the format.
const SNIFFED_BYTES: usize = 64 * 1024;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportFormat)]
pub enum Format {
    /// A table; its first line names the columns.
    Csv,
    /// One session a line.
    Ndjson,
    /// An array of sessions, or `{"sessions":[…]}`.
    Json,
}

impl Format {
    /// The format of a name or a media type.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let essence = name.split(';').next().unwrap_or_default();
        Some(match essence.trim().to_ascii_lowercase().as_str() {
            "csv" | "text/csv" | "application/csv" | "text/tab-separated-values" => Self::Csv,
            "ndjson" | "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
                Self::Ndjson
            }
            "json" | "application/json" => Self::Json,
            _ => return None,
        })
    }
}

/// A row as JSON, or what is wrong with it. `line` is that of the file, or the position in an array; from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub json: Result<Vec<u8>, String>,
}

/// A file that cannot be read on: what is wrong, and where, for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A file as rows.
pub struct Rows {
    format: Format,
    reader: Reader,
    bytes: Arc<AtomicU64>,
}

type Text = BufReader<Decoded<Counted<Box<dyn Input>>>>;

/// What can be read from the start again.
pub trait Input: Read + Seek + Send {}
impl<T: Read + Seek + Send> Input for T {}

enum Reader {
    Table(Box<Table>),
    Lines(Lines),
    Array(Array),
}

impl Rows {
    /// Opens a file. Without a `format` it is told by how the file begins.
    ///
    /// # Errors
    /// When the file cannot be read, or its first line names no columns that fit.
    pub fn open(
        mut input: Box<dyn Input>,
        format: Option<Format>,
        mapping: &Mapping,
    ) -> Result<Self, Unreadable> {
        let encoding = encoding::detect(&mut input)?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: input,
            bytes: Arc::clone(&bytes),
        };
        let decoded = Decoded::new(counted, encoding);
        let mut text = BufReader::with_capacity(SNIFFED_BYTES, decoded);
        let begin = text.fill_buf()?;
        let format = format.unwrap_or_else(|| sniff(begin));
        let reader = match format {
            Format::Csv => Reader::Table(Box::new(Table::open(text, mapping)?)),
            Format::Ndjson => Reader::Lines(Lines::new(text)),
            Format::Json => Reader::Array(Array::new(text)),
        };
        Ok(Self {
            format,
            reader,
            bytes,
        })
    }

    /// How the file is laid out.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes of the file that were read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next_row(&mut self) -> Result<Option<Row>, Unreadable> {
        match &mut self.reader {
            Reader::Table(table) => table.next_row(),
            Reader::Lines(lines) => lines.next_row(),
            Reader::Array(array) => array.next_row(),
        }
    }
}

fn sniff(begin: &[u8]) -> Format {
    let begin = begin.trim_ascii_start();
    match begin.first() {
        Some(b'[') => Format::Json,
        Some(b'{') if array::is_wrapped(begin) => Format::Json,
        Some(b'{') => {
            let line = begin.split(|byte| *byte == b'\n').next();
            let is_whole = line.is_some_and(|line| line.trim_ascii_end().ends_with(b"}"));
            if is_whole || begin.len() >= SNIFFED_BYTES / 2 {
                Format::Ndjson
            } else {
                Format::Json
            }
        }
        _ => Format::Csv,
    }
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
