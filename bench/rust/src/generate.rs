//! The data set as text, for the bulk loaders.

use std::io::{self, BufWriter, Write};

use crate::documents;

/// Prints documents 0 to `count` - 1 as NDJSON, the form that `hark import` reads.
pub fn import_lines(count: u64) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for index in 0..count {
        writeln!(out, "{}", documents::imported(index))?;
    }
    out.flush()
}

/// Prints the same users as rows `project, user id, document` of PostgreSQL's COPY.
/// No value of a document holds a backslash or a control character, so COPY needs no escapes.
pub fn copy_lines(count: u64) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for index in 0..count {
        let (user, document) = (documents::user_id(index), documents::stored(index));
        writeln!(out, "{}\t{user}\t{document}", documents::PROJECT)?;
    }
    out.flush()
}
