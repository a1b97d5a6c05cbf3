//! Callers of `/admin`: servers of the customer, with the secret token of a project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use store::{Millis, ObjectId, Tx};

use super::credentials::Credentials;
use super::token::token_prefix_for_log;
use crate::app::{App, SharedApp};
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
        let given = presented(&parts.headers);
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

fn presented(headers: &HeaderMap) -> &str {
    let value = headers.get("api-token");
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A server by what this node remembers of its token, for handlers that do one unit of work and no more: that tells whether it is still
/// so, before it does anything.
pub struct ProvisionalToken {
    access: Arc<ProjectAccess>,
    /// What is left to be found out.
    unsure: Option<Unsure>,
}

struct Unsure {
    token: String,
    /// The writes of accounts as of which the token opens the project.
    writes: i64,
}

impl FromRequestParts<SharedApp> for ProvisionalToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let token = presented(&parts.headers);
        if Credentials::is_asked(app)
            && let Some((access, writes)) = Credentials::known_api_token(app, token)
        {
            let token = token.to_owned();
            app.limits.admin.check(&app.store, &access.project).await?;
            let unsure = Some(Unsure { token, writes });
            return Ok(Self { access, unsure });
        }
        let ProjectToken(access) = ProjectToken::from_request_parts(parts, app).await?;
        let unsure = None;
        Ok(Self { access, unsure })
    }
}

impl ProvisionalToken {
    /// The project.
    pub fn project(&self) -> ObjectId {
        self.access.project
    }

    /// Runs the unit of work of the request in the project.
    ///
    /// # Errors
    /// As [`ProjectToken`], when the token was revoked meanwhile; those of the unit and of the store.
    pub async fn write<T, E, F>(self, app: &App, unit: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<store::Error> + From<ApiError> + Send + 'static,
    {
        let project = self.access.project;
        let Some(Unsure { token, writes }) = self.unsure else {
            return app.store.write(project, unit).await;
        };
        let unit = Arc::new(unit);
        let again = Arc::clone(&unit);
        let done = app.store.write_as_of(project, writes, move |tx| unit(tx));
        if let Some(done) = done.await? {
            return Ok(done);
        }
        // Accounts were changed: is it still the token of this project?
        let access = Credentials::of_api_token(app, &token).await?;
        app.store.write(access.project, move |tx| again(tx)).await
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
