//! What units changed of the indexes, written at the end of their transaction.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::index::Place;
use super::{Index, words_of};
use crate::conn::Conn;
use crate::{ObjectId, Result};

/// A document of a project.
type Key = (ObjectId, ObjectId);

/// In which block of an index documents are, if they are in it: on PostgreSQL, of those that a unit holds.
type Places = HashMap<(&'static str, ObjectId), Option<i64>>;

/// The searched text of a document: as the index has it, and as it shall have it.
#[derive(Debug)]
struct Text {
    old: String,
    new: String,
}

/// The texts that changed, by index and document.
///
/// They are written together: what FTS5 gathers it writes out whenever another unit begins, and that costs as much
/// for one document as for many.
#[derive(Debug, Default)]
pub(crate) struct Pending(BTreeMap<&'static str, BTreeMap<Key, Text>>);

impl Pending {
    /// Notes that the text of a document is another; empty where it is not there.
    pub fn note(&mut self, name: &'static str, document: Key, old: String, new: String) {
        match self.0.entry(name).or_default().entry(document) {
            Entry::Vacant(place) => drop(place.insert(Text { old, new })),
            Entry::Occupied(mut place) => place.get_mut().new = new,
        }
    }

    /// Whether something was noted of a document.
    pub fn has(&self, name: &'static str, document: Key) -> bool {
        let documents = self.0.get(name);
        documents.is_some_and(|documents| documents.contains_key(&document))
    }

    /// Adds what a later unit changed.
    pub fn append(&mut self, later: Self) {
        for (name, documents) in later.0 {
            for (document, text) in documents {
                self.note(name, document, text.old, text.new);
            }
        }
    }

    /// Writes the indexes, inside the transaction of the documents. `places`: the blocks of documents that are known.
    pub fn write(self, conn: &Conn<'_>, places: &Places) -> Result<()> {
        for (name, documents) in self.0 {
            write(conn, name, documents, places)?;
        }
        Ok(())
    }
}

fn write(
    conn: &Conn<'_>,
    name: &'static str,
    documents: BTreeMap<Key, Text>,
    places: &Places,
) -> Result<()> {
    let index = |project| Index {
        conn,
        project,
        name,
    };
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for ((project, id), text) in documents {
        let place = match places.get(&(name, id)) {
            Some(known) => known.map(Place::in_block),
            None => index(project).place(id)?,
        };
        match place {
            Some(place) => known.push((place, project, id, text)),
            None => new.push((project, id, text)),
        }
    }
    // In the order of their numbers, which for new ones is this too: FTS5 gathers only what ascends.
    known.sort_by_key(|(place, ..)| place.number);
    for (place, project, id, text) in known {
        index(project).replace(id, &place, &words_of(&text.old), &words_of(&text.new))?;
    }
    for (project, id, text) in new {
        index(project).add(id, &words_of(&text.new))?;
    }
    Ok(())
}
