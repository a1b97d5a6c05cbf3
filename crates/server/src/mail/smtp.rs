//! The way to the mail server of the operator.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config;

/// Until the mail server answers a command.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Answers that speak of this server or its credential, and not of the mail (RFC 4954): somebody can mend that.
const ABOUT_CREDENTIALS: [u16; 4] = [530, 534, 535, 538];

/// A mail server, and the sender of all mails.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    pub from: Mailbox,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotSent {
    /// It may be taken later.
    Later { brief: String, full: String },
    /// The mail server refused it for good.
    Refused { brief: String, full: String },
}

impl Smtp {
    /// `None` when no mail server is named.
    ///
    /// # Errors
    /// What is missing or wrong in the options, by their names.
    pub fn of(options: &config::Smtp) -> Result<Option<Self>> {
        if options.host.is_empty() {
            return Ok(None);
        }
        let Some(from) = options.from.clone() else {
            bail!(
                "smtp.from is missing: the address that mails come from, such as \"Example <support@example.com>\""
            );
        };
        let (user, password) = (options.user.clone(), options.password.0.clone());
        let is_clear = options.tls == config::SmtpTls::None;
        if !user.is_empty() && is_clear && !is_this_machine(&options.host) {
            bail!(
                "smtp.tls is \"none\": smtp.user and smtp.password would go over the network in the clear"
            );
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&options.host)
            .tls(tls(options)?)
            .port(options.port_or_default())
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(TIMEOUT));
        if !user.is_empty() {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Some(Self {
            transport: builder.build(),
            from,
        }))
    }

    pub async fn send(&self, message: Message) -> Result<(), NotSent> {
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(not_sent(&error)),
        }
    }
}

fn tls(options: &config::Smtp) -> Result<Tls> {
    let parameters = || {
        TlsParameters::new(options.host.clone()).context("smtp.host: TLS cannot be set up for it")
    };
    Ok(match options.tls {
        config::SmtpTls::Starttls => Tls::Required(parameters()?),
        config::SmtpTls::Tls => Tls::Wrapper(parameters()?),
        config::SmtpTls::None => Tls::None,
    })
}

fn is_this_machine(host: &str) -> bool {
    let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
    host == "localhost" || host.parse().is_ok_and(is_loopback)
}

/// What a mail server says may name people, so it is not for the log.
fn not_sent(error: &lettre::transport::smtp::Error) -> NotSent {
    let code = error.status().map(u16::from);
    let mut full = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        full = format!("{full}: {inner}");
        cause = inner.source();
    }
    let brief = match code {
        Some(code) => format!("the mail server answered {code}"),
        None => full.clone(),
    };
    if error.is_permanent() && code.is_none_or(|code| !ABOUT_CREDENTIALS.contains(&code)) {
        return NotSent::Refused { brief, full };
    }
    NotSent::Later { brief, full }
}
