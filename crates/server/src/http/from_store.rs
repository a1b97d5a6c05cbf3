//! What the caller is told when the store, or the grammar of lists, refuses.

use super::error::ApiError;
use super::list_query::BadQuery;
use crate::identity;
use crate::resources::session::blocked;

/// Seconds after which a caller should try again when the server has too much to do.
const RETRY_AFTER_SECONDS: u64 = 1;

/// The same while an index is being built.
const BUILDING_RETRY_AFTER_SECONDS: u64 = 30;

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Taken { kind, key, holder } if holder == blocked::LIST => {
                let name = identity::field(kind);
                let fault = format!(
                    "{name}: {key:?} is on the list of values that identify nobody: use another one, or have it taken off the list \
                     (PUT /v3/projects/{{projectId}}/blocked-identities)"
                );
                Self::unprocessable("blocked_value", vec![fault])
            }
            // Only units that run at once claim another key: the next try finds it taken, and says what that means.
            store::Error::Taken { kind, .. } if !identity::is_of_session(kind) => {
                store::Error::Raced.into()
            }
            store::Error::Taken { kind, key, holder } => {
                let name = identity::field(kind);
                let message = format!(
                    "The {name} {key:?} belongs to another session. Use another value, or change that session."
                );
                Self::conflict("identity_taken", message).with_conflict(name, holder.to_string())
            }
            store::Error::BadQuery(message) => Self::bad_request("invalid_query", message),
            store::Error::TooExpensive => Self::unavailable(
                "query_too_expensive",
                "The list took too long to make. Filter by more, have the custom attributes that it names indexed, or page with the cursor instead of `skip`.",
                RETRY_AFTER_SECONDS,
            ),
            store::Error::TooManyRows(most) => Self::unavailable(
                "query_too_expensive",
                format!(
                    "The list would open more than {most} documents. Filter by more, or have the custom attributes that it names indexed: \
                     PUT /v3/projects/{{projectId}}/session-indexes/{{attribute}}."
                ),
                RETRY_AFTER_SECONDS,
            ),
            store::Error::IndexNotReady(field) => Self::unavailable(
                "index_not_ready",
                format!(
                    "The index of {field} is being built, or removed. Try again in a while, or sort by something else."
                ),
                BUILDING_RETRY_AFTER_SECONDS,
            ),
            store::Error::Full(message) => Self::conflict("limit_reached", message),
            store::Error::Building => Self::unavailable(
                "search_not_ready",
                "The search index of this project is being built. Try again in a while.",
                BUILDING_RETRY_AFTER_SECONDS,
            ),
            store::Error::Overloaded => Self::unavailable(
                "overloaded",
                "The server has too much to do. Try again in a moment.",
                RETRY_AFTER_SECONDS,
            ),
            store::Error::Raced => Self::unavailable(
                "contended",
                "Too many changes of the same document at once. Try again.",
                RETRY_AFTER_SECONDS,
            ),
            store::Error::Closed => Self::unavailable(
                "shutting_down",
                "The server is shutting down. Try again in a moment.",
                RETRY_AFTER_SECONDS,
            ),
            other if other.is_unavailable() => {
                tracing::error!(error = %other, "the database does not answer");
                Self::unavailable(
                    "database_unavailable",
                    "The database does not answer. Try again in a moment.",
                    RETRY_AFTER_SECONDS,
                )
            }
            other => Self::internal(other),
        }
    }
}

impl From<BadQuery> for ApiError {
    fn from(error: BadQuery) -> Self {
        Self::bad_request("invalid_query", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_is_being_built_is_worth_waiting_for() {
        let error = ApiError::from(store::Error::Building);
        assert_eq!(
            (error.status().as_u16(), error.code()),
            (503, "search_not_ready")
        );
    }
}
