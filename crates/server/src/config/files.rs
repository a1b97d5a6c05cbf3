//! Uploads, and files of sessions.

use serde::Deserialize;

use super::range::Ranges;
use super::value::Secret;

/// Where uploads are kept, and how much of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub s3_bucket: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_access_key_id: String,
    pub s3_secret_access_key: Secret,
    pub file_bytes_max: u64,
    pub files_per_upload_max: usize,
    pub upload_bytes_max: usize,
    pub uploads_per_session_per_hour: u64,
    pub uploads_per_member_per_hour: u64,
    pub unclaimed_hours: u32,
}

/// Files of sessions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    pub file_bytes_max: u64,
}

pub(super) const RANGES: Ranges = &[
    ("files.file_bytes_max", 1..=1 << 40),
    ("files.files_per_upload_max", 1..=1_000),
    ("files.upload_bytes_max", 1_024..=1 << 40),
    ("files.uploads_per_session_per_hour", 1..=1_000_000),
    ("files.uploads_per_member_per_hour", 1..=1_000_000),
    ("files.unclaimed_hours", 1..=8_760),
    ("imports.file_bytes_max", 1_024..=1 << 40),
];
