//! What the store must know of each kind of document without knowing its type.

use crate::search::{Words, text_of, words_of};
use crate::{Collection, Document, ObjectId, Result, Value};

/// The kind of an identity key: a small number, given by the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u8);

/// An identity key that a document holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The kind of the key.
    pub kind: Kind,
    /// The normalised key.
    pub key: String,
    /// Whom the key finds; `None`: the document that holds it.
    pub owner: Option<ObjectId>,
    /// Whether the document must be found by it. A key that several documents may have (an email address) is held by
    /// the first of them.
    pub required: bool,
}

/// What a document says of itself.
#[derive(Debug)]
pub struct Inspection {
    /// The values that its promoted columns should have.
    pub promoted: Vec<Value>,
    /// The identity keys that should be in the identity table.
    pub identities: Vec<Identity>,
}

/// A kind of document, known to `doctor`, migrations and the re-index.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Its table, columns and indexes.
    pub collection: &'static Collection,
    /// Reads JSON as the type and says what its columns and keys should be.
    pub inspect: fn(&[u8]) -> Result<Inspection>,
    /// The name of its search index, when it has one.
    pub search: Option<&'static str>,
    /// The name of the tables of its declared indexes, when it may have some.
    pub declared: Option<&'static str>,
    /// The name of the tables of its feed, when it has one.
    pub feed: Option<&'static str>,
    /// Reads JSON as the type and says by which words a search finds it.
    pub(crate) words: fn(&[u8]) -> Result<Words>,
}

impl Registered {
    /// The registration of a document type.
    #[must_use]
    pub const fn of<D: Document>() -> Self {
        Self {
            collection: D::COLLECTION,
            inspect: inspect::<D>,
            search: D::SEARCH,
            declared: D::DECLARED,
            feed: D::FEED,
            words: |json| Ok(words_of(&text_of(&read::<D>(json)?))),
        }
    }
}

fn inspect<D: Document>(json: &[u8]) -> Result<Inspection> {
    let document: D = read(json)?;
    Ok(Inspection {
        promoted: document.promoted(),
        identities: document.identities(),
    })
}

fn read<D: Document>(json: &[u8]) -> Result<D> {
    serde_json::from_slice(json).map_err(|error| crate::Error::Corrupt(error.to_string()))
}
