//! Who runs the server and who uses its API: organisations, projects, members, keys. They belong to no project, so they
//! are kept in the scope [`SCOPE`].

pub mod api_key;
pub mod flow_config;
pub mod invitation;
pub mod member;
pub mod organisation;
pub mod profile;
pub mod project;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod user;
pub mod verification;

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

/// A request that cannot be done, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Something that is not there.
    #[error("{0}")]
    Unknown(String),
    /// Something that is not acceptable.
    #[error("{0}")]
    Refused(String),
    /// Something that failed by itself.
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Store(#[from] store::Error),
}
