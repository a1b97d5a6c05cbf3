//! What the operator may choose. Flags win over `HARK_*` variables, these over `hark.toml`, and that over
//! `hark.default.toml`, which names and explains every option and is compiled in.

mod accounts;
mod database;
mod files;
mod http;
mod layers;
mod log;
mod mail;
mod outgoing;
mod range;
mod session;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::error::Kind;
use ipnet::IpNet;
use serde::Deserialize;

pub use self::accounts::{Accounts, MailLanguage};
pub use self::database::{Cache, Database, Postgres, Sqlite};
pub use self::files::{Files, Imports};
pub use self::http::{Http, Limits, Shutdown};
pub use self::layers::{Sources, process_variables};
pub use self::log::{Log, LogFormat, LogLevel, LogRequests};
pub use self::mail::{Smtp, SmtpTls};
pub use self::outgoing::{Importers, Outgoing, Webhooks};
pub use self::session::{Live, Sdk, Session};
pub use self::value::Secret;
use crate::http::{limits, serve};

/// The manual of all options, with their defaults.
pub const DEFAULTS: &str = include_str!("../../../hark.default.toml");

/// Every option. The fields are named, and explained, as in `hark.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(deserialize_with = "value::address")]
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: Database,
    #[serde(deserialize_with = "value::origin")]
    pub public_url: Option<String>,
    #[serde(deserialize_with = "value::file")]
    pub secret_file: Option<PathBuf>,
    #[serde(deserialize_with = "value::networks")]
    pub trusted_proxy: Vec<IpNet>,
    #[serde(deserialize_with = "value::file")]
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

/// What is wrong with the configuration: one line for each fault, naming its source, key and value.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(Vec<String>);

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
        let faults = range::out_of_range(&figment);
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

#[cfg(test)]
mod tests;
