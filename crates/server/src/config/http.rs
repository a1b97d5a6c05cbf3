//! Connections, requests and their limits.

use serde::Deserialize;

use super::range::Ranges;

/// Limits of connections and requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub header_bytes_max: usize,
    pub uri_bytes_max: usize,
    pub body_bytes_max: usize,
    pub header_read_timeout_ms: u64,
    pub connections_max: u32,
}

/// Limits of the product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub v3_requests_per_minute: u32,
    pub admin_requests_per_minute: u32,
    pub guests_per_minute: u32,
    pub reports_per_minute: u32,
    pub logins_per_minute: u32,
    pub attribute_keys_max: usize,
    pub list_documents_max: u64,
    pub attribute_value_bytes_max: usize,
    pub attributes_bytes_max: usize,
    pub event_names_max: usize,
    pub events_per_track_max: usize,
    pub events_per_ping_max: usize,
    pub event_name_chars_max: usize,
    pub event_data_bytes_max: usize,
}

/// The end of the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub deadline_ms: u64,
}

pub(super) const RANGES: Ranges = &[
    ("http.header_bytes_max", 1_024..=1 << 20),
    ("http.uri_bytes_max", 256..=1 << 16),
    ("http.body_bytes_max", 1_024..=1 << 30),
    ("http.header_read_timeout_ms", 100..=3_600_000),
    ("http.connections_max", 1..=1_000_000),
    ("limits.v3_requests_per_minute", 0..=1_000_000_000),
    ("limits.admin_requests_per_minute", 0..=1_000_000_000),
    ("limits.logins_per_minute", 0..=1_000_000_000),
    ("limits.guests_per_minute", 0..=1_000_000_000),
    ("limits.reports_per_minute", 0..=1_000_000_000),
    ("limits.attribute_keys_max", 1..=10_000),
    ("limits.list_documents_max", 1..=1_000_000_000),
    ("limits.attribute_value_bytes_max", 16..=1 << 20),
    ("limits.attributes_bytes_max", 16..=1 << 20),
    ("limits.event_names_max", 1..=10_000),
    ("limits.events_per_track_max", 1..=100_000),
    ("limits.events_per_ping_max", 1..=10_000),
    ("limits.event_name_chars_max", 1..=4_096),
    ("limits.event_data_bytes_max", 16..=1 << 20),
    ("shutdown.deadline_ms", 0..=3_600_000),
];
