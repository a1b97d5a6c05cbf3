//! CSV: the first line names the columns, and each further record is a session.

use std::collections::{HashSet, VecDeque};
use std::io::{self, BufRead, Read};

use csv::StringRecord;
use serde_json::value::RawValue;

use super::{COLUMNS_MAX, Mapping, ROW_BYTES_MAX, Row, Text, Unreadable};
use crate::resources::session::columns::{self, CUSTOM, Kind};

/// Bytes that the reader of CSV holds.
const BUFFER_BYTES: usize = 64 * 1024;
/// What may stand between cells.
const DELIMITERS: [u8; 3] = *b",;\t";

pub struct Table {
    reader: csv::Reader<Bounded>,
    columns: Vec<Option<(String, Kind)>>,
    record: StringRecord,
}

impl Table {
    pub fn open(mut text: Text, mapping: &Mapping) -> Result<Self, Unreadable> {
        let delimiter = delimiter(text.fill_buf()?);
        let bounded = Bounded {
            text,
            allowance: 0,
            position: 0,
            line_ends: VecDeque::new(),
            lines: 0,
        };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(bounded);
        let mut table = Self {
            reader,
            columns: Vec::new(),
            record: StringRecord::new(),
        };
        if !table.read_record()? {
            return Err(Unreadable("the file is empty".into()));
        }
        table.columns = header(&table.record, mapping).map_err(Unreadable)?;
        Ok(table)
    }

    pub fn next_row(&mut self) -> Result<Option<Row>, Unreadable> {
        if !self.read_record()? {
            return Ok(None);
        }
        Ok(Some(Row {
            line: self.line(),
            json: self.json(),
        }))
    }

    fn read_record(&mut self) -> Result<bool, Unreadable> {
        let line = self.reader.position().line();
        let too_long = || {
            Unreadable(format!(
                "line {line}: is longer than {ROW_BYTES_MAX} bytes; is there a quote that is not closed?"
            ))
        };
        self.reader.get_mut().allowance = ROW_BYTES_MAX + BUFFER_BYTES;
        let read = match self.reader.read_record(&mut self.record) {
            Ok(read) => read,
            Err(_) if self.reader.get_ref().allowance == 0 => return Err(too_long()),
            Err(error) => return Err(Unreadable(format!("line {line}: {error}"))),
        };
        if self.record.as_slice().len() > ROW_BYTES_MAX {
            return Err(too_long());
        }
        Ok(read)
    }

    /// The line on which the record begins. The reader stands behind the first byte of the line end, and has its own count of
    /// lines, which leaves out empty ones and those that end with two bytes.
    fn line(&mut self) -> u64 {
        let end = self.reader.position().byte().saturating_sub(1);
        let within = self.record.as_slice().matches('\n').count() as u64;
        self.reader.get_mut().lines_before(end) + 1 - within
    }

    fn json(&self) -> Result<Vec<u8>, String> {
        let (cells, columns) = (self.record.len(), self.columns.len());
        if cells != columns {
            return Err(format!(
                "has {cells} cells, and the first line {columns} columns"
            ));
        }
        let named = self.columns.iter().zip(&self.record);
        let said: Vec<_> = named
            .filter_map(|(column, cell)| {
                let (field, kind) = column.as_ref()?;
                Some((field.as_str(), columns::meaning(*kind, cell)?))
            })
            .collect();
        let (custom, standard): (Vec<_>, Vec<_>) = said
            .into_iter()
            .partition(|(field, _)| field.starts_with(CUSTOM));
        let mut json = Vec::new();
        write_object(&mut json, standard);
        if !custom.is_empty() {
            json.pop();
            json.extend_from_slice(if json.len() > 1 { b"," } else { b"" });
            json.extend_from_slice(b"\"customData\":");
            let custom = custom.into_iter();
            let custom = custom.map(|(field, value)| (&field[CUSTOM.len()..], value));
            write_object(&mut json, custom.collect());
            json.push(b'}');
        }
        Ok(json)
    }
}

fn write_object(json: &mut Vec<u8>, members: Vec<(&str, Box<RawValue>)>) {
    json.push(b'{');
    for (number, (name, value)) in members.into_iter().enumerate() {
        if number > 0 {
            json.push(b',');
        }
        json.extend(serde_json::to_vec(name).unwrap_or_default());
        json.push(b':');
        json.extend_from_slice(value.get().as_bytes());
    }
    json.push(b'}');
}

/// The fields of the columns. A column without a name is left out.
fn header(names: &StringRecord, mapping: &Mapping) -> Result<Vec<Option<(String, Kind)>>, String> {
    if names.len() > COLUMNS_MAX {
        return Err(format!(
            "the first line has {} columns: at most {COLUMNS_MAX} are read",
            names.len()
        ));
    }
    if let Some(name) = names.iter().find(|name| name.contains('\0')) {
        return Err(format!(
            "the first line has a NUL character in {name:?}: is this a table?"
        ));
    }
    let names: Vec<_> = names.iter().map(str::trim).collect();
    if let Some(missing) = mapping.columns().find(|column| !names.contains(column)) {
        return Err(format!(
            "the mapping names a column {missing:?}, and the columns are {}",
            names.join(", ")
        ));
    }
    let columns: Vec<_> = names
        .iter()
        .map(|name| mapping.field(name).filter(|_| !name.is_empty()))
        .collect();
    refuse_repeated(&columns)?;
    Ok(columns)
}

fn refuse_repeated(columns: &[Option<(String, Kind)>]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for (field, _) in columns.iter().flatten() {
        if !seen.insert(field.as_str()) {
            return Err(format!(
                "two columns are the field {field:?}: map one of them to \"\""
            ));
        }
    }
    let has_parts = seen.iter().any(|field| field.starts_with(CUSTOM));
    if has_parts && seen.contains("customData") {
        return Err("there is a column customData beside columns of custom attributes".into());
    }
    Ok(())
}

/// Of the signs between cells the one that the first line has most, outside of quotes.
fn delimiter(begin: &[u8]) -> u8 {
    let (mut counts, mut in_quotes) = ([0usize; DELIMITERS.len()], false);
    for byte in begin {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' if !in_quotes => break,
            _ if in_quotes => {}
            _ => {
                let known = DELIMITERS.iter().position(|delimiter| delimiter == byte);
                if let Some(known) = known {
                    counts[known] += 1;
                }
            }
        }
    }
    let mut best = 0;
    for (number, count) in counts.iter().enumerate() {
        if *count > counts[best] {
            best = number;
        }
    }
    DELIMITERS[best]
}

/// A record that never ends, because a quote is not closed, would be read whole into memory.
struct Bounded {
    text: Text,
    /// What may still be read before the record must have ended.
    allowance: usize,
    /// Bytes that were read.
    position: u64,
    /// Where lines end, as far as they were not counted yet.
    line_ends: VecDeque<u64>,
    /// Those that were counted.
    lines: u64,
}

impl Bounded {
    fn lines_before(&mut self, position: u64) -> u64 {
        while self.line_ends.front().is_some_and(|end| *end < position) {
            self.line_ends.pop_front();
            self.lines += 1;
        }
        self.lines
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowance == 0 {
            return Err(io::Error::other("the record is too long"));
        }
        let most = buffer.len().min(self.allowance);
        let read = self.text.read(&mut buffer[..most])?;
        let ends = memchr::memchr_iter(b'\n', &buffer[..read]);
        self.line_ends
            .extend(ends.map(|at| self.position + at as u64));
        self.position += read as u64;
        self.allowance -= read;
        Ok(read)
    }
}
