//! Query strings of routes that have parameters, but no conditions on documents.

use super::parameter::{Op, Parameter};
use super::{BadQuery, IGNORED, pieces, whole};

/// One parameter: a name and its value.
pub struct Plain {
    /// Its name.
    pub name: String,
    /// Its value, decoded; empty when it has none.
    pub value: String,
}

impl Plain {
    /// Reads the part of a URL after `?`, percent-encoded or not.
    ///
    /// # Errors
    /// [`BadQuery`] when it is too long, is not text, or has an operator other than `=`.
    pub fn parse(raw: &str) -> Result<Vec<Self>, BadQuery> {
        let mut all = Vec::new();
        for piece in pieces(raw)? {
            let Parameter { name, op, value } = Parameter::parse(piece)?;
            if !matches!(op, Op::Equal | Op::Exists) {
                let message = format!("takes a value with `=`, as in `{name}=…`");
                return Err(BadQuery::new(name, message));
            }
            if !IGNORED.contains(&name.as_str()) {
                all.push(Self { name, value });
            }
        }
        Ok(all)
    }

    /// The value as a whole number between two others.
    ///
    /// # Errors
    /// [`BadQuery`] when it is none.
    pub fn whole(&self, least: u32, most: u32) -> Result<u32, BadQuery> {
        whole(&self.name, &self.value, least, most)
    }
}
