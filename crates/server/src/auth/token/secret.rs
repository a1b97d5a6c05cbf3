//! Opaque secrets: drawn here, shown once or handed to a client, and never parsed.

use sha2::{Digest, Sha256};

use super::Random;

/// What an API token starts with, so that people and secret scanners know one when they see it.
pub const API_TOKEN_PREFIX: &str = "hark_at_";

/// What the secret of an invitation starts with.
pub const INVITATION_TOKEN_PREFIX: &str = "hark_in_";

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Without 0, O, 1, l and I, which people mistake for one another.
const READABLE: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// Characters of an API token after its prefix: 258 bits.
const API_TOKEN_CHARS: usize = 43;
/// Characters of an SDK key.
const SDK_KEY_CHARS: usize = 32;
/// Characters of a `gleapHash`: 240 bits.
const GLEAP_HASH_CHARS: usize = 40;
/// Characters of the token that opens a conversation for those who have its link.
const SHARE_TOKEN_CHARS: usize = 70;
/// Characters of a password that the server made: 116 bits.
const PASSWORD_CHARS: usize = 20;

/// An API token of a project and what the database keeps of it.
pub struct NewApiToken {
    /// Shown once and kept nowhere.
    pub token: String,
    /// What [`hash_api_token`] gives for `token`.
    pub hash: String,
}

/// Draws a token for `/admin/*`.
#[must_use]
pub fn new_api_token(random: &Random) -> NewApiToken {
    let secret = random.text(URL_SAFE, API_TOKEN_CHARS);
    let token = format!("{API_TOKEN_PREFIX}{secret}");
    let hash = hash_api_token(&token);
    NewApiToken { token, hash }
}

/// Draws the secret of an invitation, for the mail that brings it.
#[must_use]
pub fn new_invitation_token(random: &Random) -> NewApiToken {
    let secret = random.text(URL_SAFE, API_TOKEN_CHARS);
    let token = format!("{INVITATION_TOKEN_PREFIX}{secret}");
    let hash = hash_api_token(&token);
    NewApiToken { token, hash }
}

/// Lower-case hex SHA-256 of a token as a caller sent it. A slow hash is not needed: nobody can
/// guess what has 258 random bits.
#[must_use]
pub fn hash_api_token(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// Draws the public key of a project: `[A-Za-z0-9]`, since clients put it raw in paths and cookie names.
#[must_use]
pub fn new_sdk_key(random: &Random) -> String {
    random.text(ALPHANUMERIC, SDK_KEY_CHARS)
}

/// Draws the secret with which a customer's backend proves user ids: 64 lower-case hex characters.
#[must_use]
pub fn new_identity_secret(random: &Random) -> String {
    hex::encode(random.bytes::<32>())
}

/// Draws the secret half of a session's credential: `[A-Za-z0-9_-]`, since clients put it raw in URLs.
#[must_use]
pub fn new_gleap_hash(random: &Random) -> String {
    random.text(URL_SAFE, GLEAP_HASH_CHARS)
}

/// Draws what opens a conversation for those who have its link: `[A-Za-z0-9]`.
#[must_use]
pub fn new_share_token(random: &Random) -> String {
    random.text(ALPHANUMERIC, SHARE_TOKEN_CHARS)
}

/// Draws a password for a person who has not chosen one yet.
#[must_use]
pub fn new_password(random: &Random) -> String {
    random.text(READABLE, PASSWORD_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_made_of(text: &str, length: usize, allowed: fn(char) -> bool) {
        assert_eq!(text.len(), length, "{text}");
        assert!(text.chars().all(allowed), "{text}");
    }

    fn url_safe(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '-' || c == '_'
    }

    #[test]
    fn every_secret_has_its_form() {
        let random = Random::seeded(7);
        for _ in 0..200 {
            let api_token = new_api_token(&random).token;
            let secret = api_token.strip_prefix("hark_at_").unwrap();
            assert_made_of(secret, 43, url_safe);
            assert_made_of(&new_sdk_key(&random), 32, |c| c.is_ascii_alphanumeric());
            assert_made_of(&new_gleap_hash(&random), 40, url_safe);
            assert_made_of(&new_share_token(&random), 70, |c| c.is_ascii_alphanumeric());
            assert_made_of(
                &new_identity_secret(&random),
                64,
                |c| matches!(c, '0'..='9' | 'a'..='f'),
            );
            assert_made_of(&new_password(&random), 20, |c| {
                c.is_ascii_alphanumeric() && !"0O1lI".contains(c)
            });
        }
    }

    #[test]
    fn secrets_of_one_source_differ() {
        let random = Random::seeded(7);
        for new in [
            new_sdk_key,
            new_gleap_hash,
            new_identity_secret,
            new_password,
        ] {
            assert_ne!(new(&random), new(&random));
        }
        assert_ne!(new_api_token(&random).token, new_api_token(&random).token);
    }

    #[test]
    fn an_api_token_is_found_by_its_hash() {
        let made = new_api_token(&Random::seeded(7));
        assert_eq!(made.hash, hash_api_token(&made.token));
        // The first vector of FIPS 180-2.
        assert_eq!(
            hash_api_token("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
