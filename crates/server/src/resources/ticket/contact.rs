//! The session behind an address that a member names.

use store::{Row, Tx};

use crate::http::error::ApiError;
use crate::identity;
use crate::resources::session::credential::NewCredential;
use crate::resources::session::document::Session;
use crate::resources::session::history::Origin;
use crate::resources::session::identify::{blank, insert};

/// Whom a member means by an address.
#[derive(Debug, Clone)]
pub struct Contact {
    /// As it was given.
    pub email: String,
    /// The name, for a contact that is made.
    pub name: Option<String>,
}

impl Contact {
    /// # Errors
    /// 422 when `field` holds no address.
    pub fn read(field: &str, email: &str, name: Option<&str>) -> Result<Self, ApiError> {
        if identity::email_key(email).is_none() {
            let fault = format!("{field}: must be an email address");
            return Err(ApiError::unprocessable("invalid_field", vec![fault]));
        }
        Ok(Self {
            email: email.trim().to_owned(),
            name: name
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(|name| name.chars().take(256).collect()),
        })
    }

    /// The session with the address; made when there is none. What a guest's client said finds nobody.
    ///
    /// # Errors
    /// Those of the store.
    pub fn find_or_make(
        &self,
        tx: &mut Tx<'_>,
        new: &NewCredential,
        origin: &Origin,
    ) -> store::Result<Row<Session>> {
        if let Some(key) = identity::email_key(&self.email) {
            let found = tx.find_for_update::<Session>(identity::EMAIL, &key)?;
            if let Some(row) = found.filter(|row| !row.doc.is_hearsay()) {
                return Ok(row);
            }
        }
        let session = Session {
            email: Some(self.email.clone()),
            name: self.name.clone(),
            ..blank(new, tx.now())
        };
        insert(tx, session, origin)
    }
}
