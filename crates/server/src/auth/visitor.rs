//! Callers of the SDK surface: the apps and pages of the customer, with the public key of a project, and the session that
//! they act for (wire note §3.1).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use store::ObjectId;

use super::credentials::Credentials;
use crate::accounts::project::Verification;
use crate::app::SharedApp;
use crate::http::ApiError;
use crate::http::client_address::ClientAddress;

/// A project as its public key opens it.
#[derive(Debug)]
pub struct SdkProject {
    /// The project.
    pub project: ObjectId,
    /// Its organisation.
    pub organisation: ObjectId,
    /// Whether clients must prove who their user is.
    pub verification: Verification,
    /// The live secrets that prove it.
    pub identity_secrets: Vec<String>,
    /// What `GET /config` answers.
    pub config: Bytes,
}

/// The credential of a session as a client sent it. Nobody has compared it with anything yet:
/// [`credential::resolve`](crate::resources::session::credential::resolve) does, inside the unit of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCredential {
    /// The public half.
    pub gleap_id: String,
    /// The secret half.
    pub gleap_hash: String,
}

impl ClientCredential {
    /// Both halves, or nothing: `null`, `undefined` and nothing at all are what clients send when they have none.
    #[must_use]
    pub fn of(gleap_id: Option<&str>, gleap_hash: Option<&str>) -> Option<Self> {
        Some(Self {
            gleap_id: given(gleap_id)?.to_owned(),
            gleap_hash: given(gleap_hash)?.to_owned(),
        })
    }
}

/// A client of a project, and the credential of its session when it has one.
#[derive(Debug)]
pub struct Visitor {
    /// The project that the key opens.
    pub access: Arc<SdkProject>,
    /// Not verified.
    pub credential: Option<ClientCredential>,
    /// Where the call comes from.
    pub address: IpAddr,
}

impl FromRequestParts<SharedApp> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
        let headers = &parts.headers;
        let credential =
            ClientCredential::of(header(headers, "gleap-id"), header(headers, "gleap-hash"));
        let access = Self::project(app, header(headers, "api-token")).await;
        Ok(Self {
            access: access.map_err(|error| shield(credential.is_some(), error))?,
            credential,
            address,
        })
    }
}

impl Visitor {
    /// The project of a public key.
    ///
    /// # Errors
    /// 401 when there is no key, or no project has it.
    pub async fn project(app: &SharedApp, key: Option<&str>) -> Result<Arc<SdkProject>, ApiError> {
        let key = given(key).ok_or_else(|| {
            ApiError::unauthorized(
                "missing_sdk_key",
                "Send the SDK key of the project as `Api-Token`.",
            )
        })?;
        Credentials::of_sdk_key(app, key).await
    }
}

/// Under overload a client that has a session gets 429, on which it keeps it; one without gets 503, on which it tries again
/// (decisions, Wire format).
#[must_use]
pub fn shield(has_session: bool, error: ApiError) -> ApiError {
    if error.status() == StatusCode::SERVICE_UNAVAILABLE && has_session {
        error.with_status(StatusCode::TOO_MANY_REQUESTS)
    } else {
        error
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !matches!(*value, "" | "null" | "undefined"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_overload_a_client_keeps_its_session_or_tries_again() {
        let overloaded = || ApiError::from(store::Error::Overloaded);
        assert_eq!(shield(true, overloaded()).status().as_u16(), 429);
        assert_eq!(shield(false, overloaded()).status().as_u16(), 503);
        let other = ApiError::unauthorized("x", "x");
        assert_eq!(shield(true, other).status().as_u16(), 401);
    }

    #[test]
    fn words_for_nothing_are_nothing() {
        for nothing in [None, Some(""), Some("null"), Some("undefined")] {
            assert_eq!(ClientCredential::of(nothing, Some("hash")), None);
            assert_eq!(ClientCredential::of(Some("id"), nothing), None);
        }
        assert!(ClientCredential::of(Some("id"), Some("hash")).is_some());
    }
}
