//! What the operator may choose. Flags win over `HARK_*` variables, these over `hark.toml`, and that over
//! `hark.default.toml`, which names and explains every option and is compiled in.

mod layers;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use figment::Figment;
use figment::error::Kind;
use ipnet::IpNet;
use lettre::Address;
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer, de};

pub use self::layers::{Sources, process_variables};
use crate::http::{limits, serve};
use crate::resources::message::by_mail::BASE_CHARS_MAX;

/// The manual of all options, with their defaults.
pub const DEFAULTS: &str = include_str!("../../../hark.default.toml");

/// Every option. The fields are named, and explained, as in `hark.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: Database,
    #[serde(deserialize_with = "origin")]
    pub public_url: Option<String>,
    #[serde(deserialize_with = "file")]
    pub secret_file: Option<PathBuf>,
    #[serde(deserialize_with = "networks")]
    pub trusted_proxy: Vec<IpNet>,
    #[serde(deserialize_with = "file")]
    pub geoip: Option<PathBuf>,
    pub log: Log,
    pub http: Http,
    pub limits: Limits,
    pub sqlite: Sqlite,
    pub postgres: Postgres,
    pub cache: Cache,
    pub shutdown: Shutdown,
    pub session: Session,
    pub live: Live,
    pub sdk: Sdk,
    pub files: Files,
    pub imports: Imports,
    pub importers: Importers,
    pub outgoing: Outgoing,
    pub smtp: Smtp,
    pub webhooks: Webhooks,
    pub accounts: Accounts,
}

/// The engine that keeps the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// The URL of a database, which may hold a password.
    Postgres(Secret),
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
    pub requests: LogRequests,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// The least important line that is written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// The requests that get a log line.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogRequests {
    All,
    Errors,
    None,
}

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

/// Threads, memory and queues of the SQLite engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sqlite {
    pub reader_threads: usize,
    pub page_cache_mib: usize,
    pub write_queue_max: usize,
    pub read_queue_max: usize,
    pub units_per_commit_max: usize,
}

/// Connections and queues of the PostgreSQL engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    pub connections_max: usize,
    pub queue_max: usize,
    pub connect_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    #[serde(deserialize_with = "switch")]
    pub prepared: bool,
    pub max_stale_ms: u64,
    #[serde(deserialize_with = "file")]
    pub backup_folder: Option<PathBuf>,
    pub backup_hours_max: u32,
}

/// Memory for what is ready to send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub sessions_mib: usize,
}

/// The end of the process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    pub deadline_ms: u64,
}

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

/// A text that is never shown.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// Files of sessions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    pub file_bytes_max: u64,
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

/// Requests to other servers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    #[serde(deserialize_with = "switch")]
    pub allow_private: bool,
}

/// How people come to have an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    #[serde(deserialize_with = "switch")]
    pub sign_up: bool,
    pub invitation_days: u32,
    pub language: MailLanguage,
}

/// A language of mails.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MailLanguage {
    En,
    De,
}

impl MailLanguage {
    /// The name of its templates.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

/// The log of webhooks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub log_days: u32,
}

/// The mail server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub user: String,
    pub password: Secret,
    #[serde(deserialize_with = "mailbox")]
    pub from: Option<Mailbox>,
    #[serde(deserialize_with = "reply_base")]
    pub reply_to: Option<Address>,
    #[serde(deserialize_with = "inbound_secret")]
    pub inbound_secret: Option<Secret>,
    pub inbound_bytes_max: usize,
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    Starttls,
    Tls,
    None,
}

impl Smtp {
    /// The port, which goes with the kind of encryption unless it is set.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        match (self.port, self.tls) {
            (0, SmtpTls::Starttls) => 587,
            (0, SmtpTls::Tls) => 465,
            (0, SmtpTls::None) => 25,
            (port, _) => port,
        }
    }
}

/// What is wrong with the configuration: one line for each fault, naming its source, key and value.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(Vec<String>);

/// Characters of the secret of those who bring mails.
const INBOUND_SECRET_CHARS_MIN: usize = 32;

/// The values that numbers may have.
const RANGES: &[(&str, RangeInclusive<u64>)] = &[
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
    ("sqlite.reader_threads", 1..=256),
    ("sqlite.page_cache_mib", 1..=1 << 16),
    ("sqlite.write_queue_max", 1..=1 << 20),
    ("sqlite.read_queue_max", 1..=1 << 20),
    ("sqlite.units_per_commit_max", 1..=1 << 16),
    ("postgres.connections_max", 0..=10_000),
    ("postgres.queue_max", 1..=1 << 20),
    ("postgres.connect_timeout_ms", 100..=600_000),
    ("postgres.statement_timeout_ms", 100..=3_600_000),
    ("postgres.max_stale_ms", 0..=3_600_000),
    ("postgres.backup_hours_max", 1..=87_600),
    ("cache.sessions_mib", 0..=1 << 20),
    ("shutdown.deadline_ms", 0..=3_600_000),
    ("session.activity_debounce_seconds", 0..=86_400),
    ("session.visit_gap_minutes", 1..=1_440),
    ("live.sockets_max", 1..=1_000_000),
    ("live.sockets_per_session_max", 1..=1_000),
    ("live.queue_max", 1..=1_024),
    ("live.ping_interval_ms", 50..=300_000),
    ("live.notification_delay_ms", 0..=600_000),
    ("live.watchers_max", 1..=100_000),
    ("live.watcher_queue_max", 1..=1 << 16),
    ("session.guest_days", 0..=36_500),
    ("session.merge_undo_days", 0..=36_500),
    ("session.change_days", 1..=3_650),
    ("sdk.report_bytes_max", 1_024..=1 << 30),
    ("sdk.report_memory_mib", 1..=1 << 20),
    ("sdk.report_log_bytes_max", 1_024..=1 << 24),
    ("files.file_bytes_max", 1..=1 << 40),
    ("files.files_per_upload_max", 1..=1_000),
    ("files.upload_bytes_max", 1_024..=1 << 40),
    ("files.uploads_per_session_per_hour", 1..=1_000_000),
    ("files.uploads_per_member_per_hour", 1..=1_000_000),
    ("files.unclaimed_hours", 1..=8_760),
    ("imports.file_bytes_max", 1_024..=1 << 40),
    ("importers.retry_pause_ms", 1..=60_000),
    ("smtp.port", 0..=65_535),
    ("smtp.inbound_bytes_max", 1_024..=1 << 30),
    ("webhooks.log_days", 1..=3_650),
    ("accounts.invitation_days", 1..=365),
];

impl Config {
    /// Puts the layers together and checks every value.
    ///
    /// # Errors
    /// Every fault found, each with the source and key it is about.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let figment = layers::stack(sources)?;
        let config: Self = figment
            .extract()
            .map_err(|error| ConfigError(error.into_iter().map(describe).collect()))?;
        let faults = out_of_range(&figment);
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(faults))
        }
    }

    /// Where clients reach this server: scheme and host, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The host of that address, as the addresses of requests have it: with its port unless that goes without saying.
    #[must_use]
    pub fn public_host(&self) -> String {
        let url = self.base_url();
        let (scheme, host) = url.split_once("://").unwrap_or(("", &url));
        let port = if scheme == "https" { ":443" } else { ":80" };
        host.strip_suffix(port).unwrap_or(host).to_lowercase()
    }

    /// The file with the server key.
    #[must_use]
    pub fn secret_path(&self) -> PathBuf {
        self.secret_file
            .clone()
            .unwrap_or_else(|| self.data.join("secret.key"))
    }

    /// The limits of each request.
    #[must_use]
    pub fn request_limits(&self) -> limits::Limits {
        let Http {
            header_bytes_max,
            uri_bytes_max,
            body_bytes_max,
            ..
        } = self.http;
        limits::Limits {
            header_bytes_max,
            uri_bytes_max,
            body_bytes_max,
        }
    }

    /// How connections are served.
    #[must_use]
    pub fn serve_options(&self) -> serve::Options {
        serve::Options {
            header_read_timeout: Duration::from_millis(self.http.header_read_timeout_ms),
            head_bytes_max: 2 * (self.http.header_bytes_max + self.http.uri_bytes_max),
            connections_max: self.http.connections_max,
            shutdown_deadline: Duration::from_millis(self.shutdown.deadline_ms),
        }
    }
}

fn describe(error: figment::Error) -> String {
    let source = error
        .metadata
        .as_ref()
        .map_or("hark.default.toml", |metadata| &metadata.name);
    let fault = match error.kind {
        Kind::InvalidType(found, wanted) => format!("expected {wanted}, found {found}"),
        Kind::UnknownVariant(found, known) => format!("{found:?} is none of {}", known.join(", ")),
        kind => kind.to_string(),
    };
    format!("{source}: `{}`: {fault}", error.path.join("."))
}

fn out_of_range(figment: &Figment) -> Vec<String> {
    let faults = RANGES.iter().filter_map(|(key, range)| {
        let value: u64 = figment.extract_inner(key).ok()?;
        let source = figment
            .find_metadata(key)
            .map_or("", |metadata| &metadata.name);
        let (least, most) = (range.start(), range.end());
        (!range.contains(&value)).then(|| {
            format!("{source}: `{key}` is {value}: choose a number from {least} to {most}")
        })
    });
    faults.collect()
}

impl<'de> Deserialize<'de> for Database {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The value is not repeated: a database URL may hold a password.
        if text == "sqlite:" {
            return Ok(Self::Sqlite);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret(text)));
        }
        Err(de::Error::custom(
            "not a known database: use \"sqlite:\", the file in the data folder, or \"postgres://user@host:5432/database\"",
        ))
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wanted = "write one such as \"127.0.0.1:8080\" or \"[::]:8080\"";
    text.parse()
        .map_err(|_| de::Error::custom(format!("{text:?} is not an address with a port: {wanted}")))
}

fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

/// An address with or without a name.
fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mailbox>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wanted = "write one such as \"Example <support@example.com>\"";
    let fault = |_| de::Error::custom(format!("{text:?} is not a mail address: {wanted}"));
    text.parse().map(Some).map_err(fault)
}

/// The address that tokens are put into.
fn reply_base<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Address>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let is_base = |address: &Address| {
        let user = address.user();
        user.len() <= BASE_CHARS_MAX && !user.contains(['+', '"'])
    };
    let address = text.parse().ok().filter(is_base);
    address.map(Some).ok_or_else(|| {
        de::Error::custom(format!(
            "{text:?} cannot be the address of answers: write one such as \"reply@support.example.com\", without a name and with at most \
             {BASE_CHARS_MAX} characters and no \"+\" before the \"@\""
        ))
    })
}

fn inbound_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    // The value is not repeated.
    let is_long = text.chars().count() >= INBOUND_SECRET_CHARS_MIN;
    if is_long && text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(Some(Secret(text)));
    }
    Err(de::Error::custom(format!(
        "is no secret that can be used: make one of at least {INBOUND_SECRET_CHARS_MIN} letters and digits, such as by `openssl rand -hex 32`"
    )))
}

/// Flags and variables are text.
fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Switch {
        Bool(bool),
        Text(String),
    }
    match Switch::deserialize(deserializer)? {
        Switch::Bool(on) => Ok(on),
        Switch::Text(text) => text
            .parse()
            .map_err(|_| de::Error::custom(format!("{text:?} is neither true nor false"))),
    }
}

/// The web address of a server: scheme and host alone.
fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let is_origin = |uri: Uri| {
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        web && uri.host().is_some_and(|host| !host.is_empty())
            && uri.path() == "/"
            && uri.query().is_none()
    };
    if text.parse().is_ok_and(is_origin) {
        return Ok(Some(text.trim_end_matches('/').to_owned()));
    }
    let wanted = "write scheme and host alone, such as \"https://hark.example.com\"";
    Err(de::Error::custom(format!(
        "{text:?} is not the address of a server: {wanted}"
    )))
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let wanted = "write one such as \"10.0.0.0/8\"";
        let fault = |_| de::Error::custom(format!("{text:?} is not a network: {wanted}"));
        text.parse().or_else(|_| address()).map_err(fault)
    };
    texts.iter().map(network).collect()
}

#[cfg(test)]
mod tests;
