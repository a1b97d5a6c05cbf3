//! A project: the workspace that sessions belong to, and its keys.

use serde::{Deserialize, Serialize};
use store::{Collection, Column, ColumnKind, Document, Identity, Millis, ObjectId, Value};

use super::key;
use crate::identity;

/// The secrets of identity verification are sealed for this purpose.
pub const IDENTITY_SECRET: &str = "identity-secret";
/// So many values of a secret are live at once, so that one can be replaced without a gap.
pub const LIVE_SECRETS_MAX: usize = 2;

/// A workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// The organisation that owns it.
    pub organisation: ObjectId,
    /// The name to show.
    pub name: String,
    /// The public key that clients send as `Api-Token`.
    pub sdk_key: String,
    /// The secret tokens of `/admin`; newest first, at most two.
    pub api_tokens: Vec<ApiToken>,
    /// The secrets of identity verification, sealed with the server key; newest first, at most two.
    pub identity_secrets: Vec<String>,
}

/// A secret token of `/admin`: only its hash is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// SHA-256 of the token, in hex.
    pub hash: String,
    /// When it was made.
    pub created_at: Millis,
}

/// The table of projects.
pub static PROJECTS: Collection = Collection {
    table: "project",
    columns: &[Column {
        name: "organisation",
        path: "organisation",
        kind: ColumnKind::Id,
    }],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Project {
    const COLLECTION: &'static Collection = &PROJECTS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.organisation.into()]
    }

    fn identities(&self) -> Vec<Identity> {
        let tokens = self
            .api_tokens
            .iter()
            .map(|token| key(identity::API_TOKEN, &token.hash));
        tokens
            .chain([key(identity::SDK_KEY, &self.sdk_key)])
            .collect()
    }
}
