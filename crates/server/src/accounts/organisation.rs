//! An organisation: the tenant that owns projects.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Value};

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    /// The name to show.
    pub name: String,
    /// The id of the server key that signed its API keys and sealed its secrets.
    pub server_key: String,
}

/// The table of organisations.
pub static ORGANISATIONS: Collection = Collection {
    table: "organisation",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Organisation {
    const COLLECTION: &'static Collection = &ORGANISATIONS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}
