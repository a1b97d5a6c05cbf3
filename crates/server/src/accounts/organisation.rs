//! An organisation: the tenant that owns projects.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Identity, Value};

use super::key;
use crate::identity;

/// The key of the organisation that a server was set up with: only one can be.
pub const FIRST: &str = "first";

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

    fn identities(&self) -> Vec<Identity> {
        // Those of older databases, and any other than the first, do not have it.
        vec![Identity {
            required: false,
            ..key(identity::FIRST_ORGANISATION, FIRST)
        }]
    }
}
