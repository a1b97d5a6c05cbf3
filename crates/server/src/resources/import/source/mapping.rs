//! Which column is which field.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::resources::session::columns::{self, CUSTOM, Kind};

/// Columns and the fields that they are: `{"E-mail":"email","Seats":"customData.seats","Notes":""}`. An empty field leaves the column
/// out. A column that is not named here is the field of its name; when there is none, it is a custom attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(IndexMap<String, String>);

impl Mapping {
    /// Reads a mapping that is written as JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &str) -> Result<Self, String> {
        let mapping: Self = serde_json::from_str(json).map_err(|_| {
            "must be a JSON object such as {\"E-mail\":\"email\",\"Seats\":\"customData.seats\"}"
        })?;
        let unknown = mapping
            .0
            .values()
            .find(|field| !field.is_empty() && columns::kind(field).is_none());
        match unknown {
            Some(field) => Err(format!(
                "{field:?} is no field of a session; custom attributes are named {CUSTOM}<name>"
            )),
            None => Ok(mapping),
        }
    }

    /// Whether every column is what it is called.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns that it names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The field of a column and what its cells hold; `None` when it is left out.
    #[must_use]
    pub fn field(&self, column: &str) -> Option<(String, Kind)> {
        let named = self.0.get(column).map_or(column, String::as_str);
        let field = match (named, columns::kind(named)) {
            ("", _) | (_, Some(Kind::ReadOnly)) => return None,
            (_, Some(kind)) => (named.to_owned(), kind),
            (_, None) => (format!("{CUSTOM}{named}"), Kind::Free),
        };
        Some(field)
    }
}
