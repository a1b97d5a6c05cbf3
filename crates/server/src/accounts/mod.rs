//! Who runs the server and who uses its API: organisations, projects, members, keys. They belong to no project, so they
//! are kept in the scope [`SCOPE`].

pub mod api_key;
pub mod member;
pub mod organisation;
pub mod project;
pub mod setup;
pub mod user;

use store::ObjectId;

/// The scope of all account documents.
pub const SCOPE: ObjectId = ObjectId::ZERO;

/// A required identity key that finds the document itself.
fn key(kind: store::Kind, key: &str) -> store::Identity {
    store::Identity {
        kind,
        key: key.to_owned(),
        owner: None,
        required: true,
    }
}
