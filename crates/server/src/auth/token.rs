//! Credentials as pure functions of keys and text: who may use them is decided elsewhere.

mod identity;
mod jwt;
mod proof;
mod random;
mod secret;

pub use identity::{user_hash, verify_user_hash};
pub use jwt::{Claims, TokenError, TokenKind, TokenSigner};
pub use proof::{Claimed, check_user_hash};
pub use random::Random;
pub use secret::{
    API_TOKEN_PREFIX, NewApiToken, hash_api_token, new_api_token, new_gleap_hash,
    new_identity_secret, new_invitation_token, new_password, new_sdk_key, new_share_token,
};

/// Most secret characters of a credential that a log may show.
const LOGGED_CHARS: usize = 6;

/// Enough of a credential to find it in a log, too little to use it: what all of its kind start with,
/// then six characters at most and never more than a quarter.
#[must_use]
pub fn token_prefix_for_log(token: &str) -> String {
    let (kind, secret) = match token.strip_prefix(API_TOKEN_PREFIX) {
        Some(secret) => (API_TOKEN_PREFIX, secret),
        None => ("", token),
    };
    let shown = LOGGED_CHARS.min(secret.chars().count() / 4);
    let mut prefix = kind.to_owned();
    prefix.extend(secret.chars().take(shown));
    prefix.push('…');
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_little_of_a_credential() {
        for (token, shown) in [
            ("", "…"),
            ("abc", "…"),
            ("abcdefgh", "ab…"),
            ("abcdefghijklmnopqrstuvwxyz012345", "abcdef…"),
            (
                "hark_at_abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE",
                "hark_at_abcdef…",
            ),
            ("hark_at_", "hark_at_…"),
            ("äöüßäöüß", "äö…"),
        ] {
            assert_eq!(token_prefix_for_log(token), shown);
        }
    }
}
