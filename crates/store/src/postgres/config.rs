//! How PostgreSQL is reached.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::SslMode;

use crate::{Error, ObjectId, Result};

/// How PostgreSQL is reached.
#[derive(Clone)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`, as the programs of PostgreSQL understand it:
    /// `sslmode` is `disable`, `prefer` (the default), `require` or `verify-full`.
    pub url: String,
    /// Connections for units and lists at the most; 0: a share of what the server allows. Lookups share two more.
    pub connections_max: usize,
    /// Units and reads that may wait for a connection; beyond it they are refused.
    pub queue_max: usize,
    /// How long a connection may take to be made, and a unit or read may wait for one.
    pub connect_timeout: Duration,
    /// How long a statement of a unit may take.
    pub statement_timeout: Duration,
    /// Whether statements are prepared once for each connection. Not behind a pooler that gives each transaction another one.
    pub prepared: bool,
    /// Whether to listen to what other processes commit. Not behind such a pooler either.
    pub listens: bool,
    /// The project whose writes are numbered, so that other processes can ask by [`crate::Store::writes_of_numbered`]
    /// whether what they know of it is old.
    pub numbered: ObjectId,
}

/// The URL may hold a password.
impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("connections_max", &self.connections_max)
            .field("queue_max", &self.queue_max)
            .finish_non_exhaustive()
    }
}

impl PostgresConfig {
    /// The defaults over the database of `url`.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            url,
            connections_max: 0,
            queue_max: 4096,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            prepared: true,
            listens: true,
            numbered: ObjectId::ZERO,
        }
    }
}

/// How long a server that is out of reach is waited for, once a connection was made.
const UNANSWERED_MAX: Duration = Duration::from_secs(30);

/// What a URL says.
#[derive(Debug)]
pub(crate) struct Target {
    pub settings: tokio_postgres::Config,
    /// Whether the certificate of the server must be one of a trusted authority, for the name in the URL.
    pub verified: bool,
    /// The authorities to trust instead of those of the machine.
    pub authorities: Option<PathBuf>,
}

impl Target {
    /// Reads a URL. No error repeats it: it may hold a password.
    pub fn parse(config: &PostgresConfig) -> Result<Self> {
        let (plain, mode, authorities) = split(&config.url)?;
        let mut settings: tokio_postgres::Config = plain
            .parse()
            .map_err(|error| refused(&format!("cannot be understood: {error}")))?;
        let (ssl, verified) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, false),
            None | Some("prefer") => (SslMode::Prefer, authorities.is_some()),
            Some("require") => (SslMode::Require, authorities.is_some()),
            Some("verify-full") => (SslMode::Require, true),
            Some(_) => {
                return Err(refused(
                    "has an unknown sslmode: use disable, prefer, require or verify-full",
                ));
            }
        };
        settings
            .ssl_mode(ssl)
            .connect_timeout(config.connect_timeout)
            .keepalives_idle(UNANSWERED_MAX)
            .tcp_user_timeout(UNANSWERED_MAX);
        if settings.get_application_name().is_none() {
            settings.application_name("hark");
        }
        Ok(Self {
            settings,
            verified,
            authorities,
        })
    }
}

fn refused(fault: &str) -> Error {
    Error::Refused(format!(
        "the URL of the database {fault}; it is written as postgres://user@host:5432/database?sslmode=verify-full"
    ))
}

/// A URL without the parameters about TLS, and these.
fn split(url: &str) -> Result<(String, Option<String>, Option<PathBuf>)> {
    let Some((start, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), None, None));
    };
    let (mut mode, mut authorities, mut rest) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) if value != "system" => {
                let path = Path::new(value);
                if value.contains('%') || !path.is_absolute() {
                    return Err(refused(
                        "has an sslrootcert that is no absolute path without `%`",
                    ));
                }
                authorities = Some(path.to_owned());
            }
            Some(("sslrootcert", _)) => {}
            _ => rest.push(pair),
        }
    }
    let sign = if rest.is_empty() { "" } else { "?" };
    Ok((
        format!("{start}{sign}{}", rest.join("&")),
        mode,
        authorities,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target> {
        Target::parse(&PostgresConfig::new(url.into()))
    }

    #[test]
    fn the_modes_are_those_of_postgres() {
        let cases = [
            ("", SslMode::Prefer, false),
            ("?sslmode=disable", SslMode::Disable, false),
            ("?sslmode=require", SslMode::Require, false),
            (
                "?sslmode=require&sslrootcert=/ca.pem",
                SslMode::Require,
                true,
            ),
            (
                "?application_name=a&sslmode=verify-full&sslrootcert=system",
                SslMode::Require,
                true,
            ),
        ];
        for (query, mode, verified) in cases {
            let target = target(&format!("postgres://hark@db.example.com/hark{query}")).unwrap();
            let found = (target.settings.get_ssl_mode(), target.verified);
            assert_eq!(found, (mode, verified), "{query}");
        }
    }

    #[test]
    fn what_is_not_about_tls_stays() {
        let target =
            target("postgres://h@db.example.com/d?sslmode=require&options=-csearch_path%3Da");
        let settings = target.unwrap().settings;
        assert_eq!(settings.get_options(), Some("-csearch_path=a"));
        assert_eq!(settings.get_application_name(), Some("hark"));
    }

    #[test]
    fn faults_do_not_show_the_password() {
        for query in ["sslmode=verify-ca", "sslrootcert=ca.pem", "nonsense=1"] {
            let url = format!("postgres://hark:hunter2@db.example.com/hark?{query}");
            let fault = target(&url).unwrap_err().to_string();
            assert!(fault.contains("URL of the database"), "{fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        let config = PostgresConfig::new("postgres://hark:hunter2@db.example.com/hark".into());
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
