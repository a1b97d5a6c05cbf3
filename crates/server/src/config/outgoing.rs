//! Requests to other servers.

use serde::Deserialize;

use super::range::Ranges;
use super::value;

/// Requests to other servers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    #[serde(deserialize_with = "value::switch")]
    pub allow_private: bool,
}

/// Services whose contacts can be imported.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Importers {
    pub intercom: String,
    pub hubspot: String,
    pub zendesk: String,
    pub retry_pause_ms: u64,
}

/// The log of webhooks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub log_days: u32,
}

pub(super) const RANGES: Ranges = &[
    ("importers.retry_pause_ms", 1..=60_000),
    ("webhooks.log_days", 1..=3_650),
];
