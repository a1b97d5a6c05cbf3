//! Callers of `/admin`: servers of the customer, with the secret token of a project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use store::{Millis, ObjectId};

use super::credentials::Credentials;
use super::token::token_prefix_for_log;
use crate::app::SharedApp;
use crate::http::ApiError;

/// The project that a secret token opens.
#[derive(Debug, Clone, Copy)]
pub struct ProjectAccess {
    /// The project.
    pub project: ObjectId,
    /// Its organisation.
    pub organisation: ObjectId,
}

/// A server that sent a valid `Api-Token`.
#[derive(Debug)]
pub struct ProjectToken(pub Arc<ProjectAccess>);

impl FromRequestParts<SharedApp> for ProjectToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let given = parts
            .headers
            .get("api-token")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if matches!(given, "" | "null" | "undefined") {
            app.wrong_tokens.warn("(none)", app.now());
            return Err(ApiError::unauthorized(
                "missing_api_token",
                "Send the secret API token of the project as `Api-Token`.",
            ));
        }
        let access = Credentials::of_api_token(app, given)
            .await
            .inspect_err(|error| {
                if error.status() == axum::http::StatusCode::UNAUTHORIZED {
                    app.wrong_tokens
                        .warn(&token_prefix_for_log(given), app.now());
                }
            })?;
        app.limits.admin.check(&app.store, &access.project).await?;
        Ok(Self(access))
    }
}

/// How often one token is complained about.
const WARNING_INTERVAL_MS: i64 = 60_000;
/// Tokens that are told apart; beyond it all are forgotten and complained about again.
const PREFIXES_MAX: usize = 1000;

/// Says in the log that a server sends a wrong token: the client that does so ignores statuses, so nobody else would see.
#[derive(Debug, Default)]
pub struct WrongTokens(Mutex<HashMap<String, Millis>>);

impl WrongTokens {
    fn warn(&self, prefix: &str, now: Millis) {
        if self.is_due(prefix, now) {
            tracing::warn!(
                token = prefix,
                "a request to /admin had a wrong Api-Token; what it sent is lost"
            );
        }
    }

    fn is_due(&self, prefix: &str, now: Millis) -> bool {
        let mut warned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if warned
            .get(prefix)
            .is_some_and(|at| now.0 - at.0 < WARNING_INTERVAL_MS)
        {
            return false;
        }
        if warned.len() >= PREFIXES_MAX {
            warned.clear();
        }
        warned.insert(prefix.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_token_is_named_once_a_minute() {
        let wrong = WrongTokens::default();
        let due: Vec<_> = [0, 1, 59_999, 60_000, 60_001]
            .map(|at| wrong.is_due("abc", Millis(at)))
            .into();
        assert_eq!(due, [true, false, false, true, false]);
        assert!(wrong.is_due("abd", Millis(60_002)));
    }
}
