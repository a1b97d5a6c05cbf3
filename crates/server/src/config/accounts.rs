//! The people who use the server.

use serde::Deserialize;

use super::range::Ranges;
use super::value;

/// How people come to have an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    #[serde(deserialize_with = "value::switch")]
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

pub(super) const RANGES: Ranges = &[("accounts.invitation_days", 1..=365)];
