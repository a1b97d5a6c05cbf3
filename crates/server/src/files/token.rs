//! The address of a file: project, file and a secret, of which only the hash is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use store::ObjectId;
use subtle::ConstantTimeEq;

use crate::auth::token::Random;

/// Bytes of the secret: 192 bits.
const SECRET_BYTES: usize = 24;
/// Bytes of an id.
const ID_BYTES: usize = 12;
/// Bytes that stay as they are in the name at the end of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// What opens a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToken {
    /// The project.
    pub project: ObjectId,
    /// The file.
    pub file: ObjectId,
    secret: [u8; SECRET_BYTES],
}

impl FileToken {
    /// A new one.
    #[must_use]
    pub fn new(random: &Random, project: ObjectId, file: ObjectId) -> Self {
        Self {
            project,
            file,
            secret: random.bytes(),
        }
    }

    /// What is kept of the secret.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.secret))
    }

    /// Whether the secret is the one of which this is the hash.
    #[must_use]
    pub fn opens(&self, hash: Option<&str>) -> bool {
        hash.is_some_and(|hash| self.hash().as_bytes().ct_eq(hash.as_bytes()).into())
    }

    /// The token of an address, as [`to_text`](Self::to_text) gave it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (project, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
        let (file, secret) = rest.split_first_chunk::<ID_BYTES>()?;
        Some(Self {
            project: ObjectId::from_bytes(*project),
            file: ObjectId::from_bytes(*file),
            secret: secret.try_into().ok()?,
        })
    }

    /// 64 letters, digits, `-` and `_`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let ids = [self.project, self.file].map(|id| *id.as_bytes());
        URL_SAFE_NO_PAD.encode([&ids.concat(), &self.secret[..]].concat())
    }

    /// The address of the file on the server at `base_url`; the name is for people.
    #[must_use]
    pub fn url(&self, base_url: &str, name: &str) -> String {
        let name = utf8_percent_encode(name, PLAIN);
        format!("{base_url}/files/{}/{name}", self.to_text())
    }

    /// The token in an address on the server at `base_url`.
    #[must_use]
    pub fn of_url(base_url: &str, url: &str) -> Option<Self> {
        let path = url.strip_prefix(base_url)?.strip_prefix("/files/")?;
        Self::parse(path.split(['/', '?', '#']).next()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://hark.example.com";

    fn token(seed: u64) -> FileToken {
        let [project, file] = [1, 2].map(|second| ObjectId::from_parts(second, [7; 8]));
        FileToken::new(&Random::seeded(seed), project, file)
    }

    #[test]
    fn an_address_is_read_back() {
        let token = token(1);
        let url = token.url(BASE, "my shot/1.png");
        assert!(url.ends_with("/my%20shot%2F1.png"), "{url}");
        assert_eq!(FileToken::of_url(BASE, &url), Some(token.clone()));
        assert_eq!(token.to_text().len(), 64);
        for other in [
            url.replace("hark.", "evil."),
            url.replace("/files/", "/file/"),
            url.replace("/my", "x/my"),
            format!("x{url}"),
            format!("{BASE}/files/"),
            String::new(),
        ] {
            assert_eq!(FileToken::of_url(BASE, &other), None, "{other}");
        }
    }

    #[test]
    fn only_the_secret_opens() {
        let (one, two) = (token(1), token(2));
        assert!(one.opens(Some(&one.hash())));
        assert!(!two.opens(Some(&one.hash())));
        assert!(!one.opens(None));
        assert!(!one.opens(Some("")));
    }
}
