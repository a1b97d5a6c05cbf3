//! Sessions, and the clients that they have.

use serde::Deserialize;

use super::range::Ranges;

/// How the activity of sessions is counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub activity_debounce_seconds: u32,
    pub visit_gap_minutes: u32,
    pub guest_days: u32,
    pub merge_undo_days: u32,
    pub change_days: u32,
}

/// Sockets of client SDKs, and those who watch sessions.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    pub sockets_max: usize,
    pub sockets_per_session_max: usize,
    pub queue_max: usize,
    pub ping_interval_ms: u64,
    pub notification_delay_ms: u64,
    pub watchers_max: usize,
    pub watcher_queue_max: usize,
}

/// What client SDKs may send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sdk {
    pub report_bytes_max: usize,
    pub report_memory_mib: usize,
    pub report_log_bytes_max: usize,
}

pub(super) const RANGES: Ranges = &[
    ("session.activity_debounce_seconds", 0..=86_400),
    ("session.visit_gap_minutes", 1..=1_440),
    ("session.guest_days", 0..=36_500),
    ("session.merge_undo_days", 0..=36_500),
    ("session.change_days", 1..=3_650),
    ("live.sockets_max", 1..=1_000_000),
    ("live.sockets_per_session_max", 1..=1_000),
    ("live.queue_max", 1..=1_024),
    ("live.ping_interval_ms", 50..=300_000),
    ("live.notification_delay_ms", 0..=600_000),
    ("live.watchers_max", 1..=100_000),
    ("live.watcher_queue_max", 1..=1 << 16),
    ("sdk.report_bytes_max", 1_024..=1 << 30),
    ("sdk.report_memory_mib", 1..=1 << 20),
    ("sdk.report_log_bytes_max", 1_024..=1 << 24),
];
