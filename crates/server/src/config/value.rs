//! Values that are more than a number or a text.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use axum::http::Uri;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

/// A text that is never shown.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wanted = "write one such as \"127.0.0.1:8080\" or \"[::]:8080\"";
    text.parse()
        .map_err(|_| de::Error::custom(format!("{text:?} is not an address with a port: {wanted}")))
}

pub(super) fn file<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

/// Flags and variables are text.
pub(super) fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
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
pub(super) fn origin<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
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

pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let wanted = "write one such as \"10.0.0.0/8\"";
        let fault = |_| de::Error::custom(format!("{text:?} is not a network: {wanted}"));
        text.parse().or_else(|_| address()).map_err(fault)
    };
    texts.iter().map(network).collect()
}
