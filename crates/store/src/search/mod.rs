//! Search: documents by the words that they begin with.
//!
//! The index of a collection is written in the transaction of the document, and only what changed of its words.
//! Each entry of it is a word behind the project and a *block*: some thousand documents that were added one after another.
//! A search looks into the newest block first and goes on until it has enough, so it costs about the same for a
//! letter that begins a word of every document as for a name that one has. On SQLite the entries are in an FTS5 table that
//! keeps no text, on PostgreSQL in a `tsvector`; both only compare bytes, as words are folded here.

mod build;
mod examine;
mod index;
mod pending;
mod query;
mod tables;
mod words;

pub(crate) use build::build_some;
pub(crate) use examine::{compare, make_again};
pub(crate) use index::Index;
pub(crate) use pending::Pending;
pub(crate) use query::run;
pub(crate) use tables::{create, leave_to_build, tables_of, unbuilt};
pub use words::{WORD_CHARS_MAX, words};

use std::collections::BTreeSet;
use std::time::Duration;

use crate::Document;

/// A search has at most this many words.
pub const SEARCH_WORDS_MAX: usize = 16;

/// What is searched for in one collection of one project.
#[derive(Debug, Clone)]
pub struct Search {
    /// Each of its words must begin a word of the document. Without a word it finds nothing.
    pub text: String,
    /// How many documents at the most.
    pub limit: u32,
    /// The search takes no longer than this.
    pub deadline: Duration,
}

/// The folded words of a document, each once.
pub(crate) type Words = BTreeSet<String>;

/// All that a search looks through of a document; empty for what is not searched.
pub(crate) fn text_of<D: Document>(doc: &D) -> String {
    if D::SEARCH.is_none() {
        return String::new();
    }
    doc.searched().join("\n")
}

/// The words of a text, each once.
pub(crate) fn words_of(text: &str) -> Words {
    words(text).into_iter().collect()
}
