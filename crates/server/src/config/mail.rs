//! Mails, on their way out and in.

use lettre::Address;
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer, de};

use super::range::Ranges;
use super::value::Secret;
use crate::resources::message::by_mail::BASE_CHARS_MAX;

/// Characters of the secret of those who bring mails.
pub(super) const INBOUND_SECRET_CHARS_MIN: usize = 32;

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

pub(super) const RANGES: Ranges = &[
    ("smtp.port", 0..=65_535),
    ("smtp.inbound_bytes_max", 1_024..=1 << 30),
];
