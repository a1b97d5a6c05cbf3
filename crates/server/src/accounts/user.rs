//! A user: a person of a team, or a service account that only holds API keys.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Identity, ObjectId, Tx, Value};
use utoipa::ToSchema;

use super::profile::Profile;
use super::{AccountError, key};
use crate::app::App;
use crate::identity;

/// Somebody who may sign in, or something that holds API keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The email address as it was given; service accounts have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Argon2id; service accounts have none and cannot sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// The name to show: the first name, when there is a family name too.
    pub name: String,
    /// What kind of user.
    pub user_type: UserType,
    /// What the user set of itself.
    #[serde(default)]
    pub profile: Profile,
}

impl User {
    /// Whether it is somebody, and not a program.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.user_type == UserType::Default
    }
}

/// The kinds of users of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserType {
    /// A person with a password.
    Default,
    /// A holder of API keys.
    ServiceAccount,
}

/// The table of users.
pub static USERS: Collection = Collection {
    table: "account",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for User {
    const COLLECTION: &'static Collection = &USERS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }

    fn identities(&self) -> Vec<Identity> {
        let address = self.email.as_deref().and_then(identity::email_key);
        address
            .iter()
            .map(|address| key(identity::ACCOUNT_EMAIL, address))
            .collect()
    }
}

/// A person with a password, who is not stored yet. The part of the address before the `@` is the name.
///
/// # Errors
/// [`AccountError::Refused`] when the password is too short or too long.
pub async fn person(app: &App, email: &str, password: String) -> Result<User, AccountError> {
    let hashed = app.passwords.hash_apart(&app.random, password).await;
    let hash = hashed
        .map_err(|error| AccountError::Failed(error.to_string()))?
        .map_err(|error| AccountError::Refused(error.to_string()))?;
    let name = email.split('@').next().unwrap_or(email).to_owned();
    Ok(User {
        email: Some(email.to_owned()),
        password_hash: Some(hash),
        name,
        user_type: UserType::Default,
        profile: Profile::default(),
    })
}

/// Stores a user; returns the id.
///
/// # Errors
/// [`store::Error::Taken`] when another has the address.
pub fn insert_user(tx: &mut Tx<'_>, user: User) -> store::Result<ObjectId> {
    let row = tx.insert(tx.new_id(), user)?;
    if let Some(key) = row.doc.email.as_deref().and_then(identity::email_key) {
        tx.claim(identity::ACCOUNT_EMAIL, &key, row.id)?;
    }
    Ok(row.id)
}
