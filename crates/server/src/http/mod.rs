//! Everything about HTTP that knows nothing of the product: connections, limits, errors, JSON, metrics.

pub mod client_address;
pub mod conditional;
pub mod docs;
pub mod error;
mod from_store;
pub mod health;
pub mod idempotency;
pub mod json;
pub mod limits;
pub mod list_query;
pub mod memory_budget;
pub mod metrics;
pub mod multipart;
mod no_null;
pub mod not_implemented;
pub mod observe;
pub mod outgoing;
pub mod rate_limit;
pub mod responses;
pub mod router;
pub mod serve;
pub mod tail;

pub use error::ApiError;
pub use json::Json;
