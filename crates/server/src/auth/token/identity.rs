//! Identity verification: the proof by a customer's backend that a client may act as a user.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The `userHash` of a user: lower-case hex HMAC-SHA256 of `user_id` under the identity secret.
#[must_use]
pub fn user_hash(secret: &str, user_id: &str) -> String {
    hex::encode(
        mac(secret.as_bytes(), user_id.as_bytes())
            .finalize()
            .into_bytes(),
    )
}

/// Whether `given`, hex in either case, is the hash of `user_id` under one of the live `secrets`.
///
/// The comparison takes the same time wherever the difference is, and all secrets are tried whichever fits.
/// No secret, no proof.
#[must_use]
pub fn verify_user_hash(secrets: &[impl AsRef<str>], user_id: &str, given: &str) -> bool {
    let Ok(given) = hex::decode(given) else {
        return false;
    };
    secrets.iter().fold(false, |proved, secret| {
        let mac = mac(secret.as_ref().as_bytes(), user_id.as_bytes());
        proved | mac.verify_slice(&given).is_ok()
    })
}

pub(super) fn mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    mac.expect("HMAC takes a key of any length")
        .chain_update(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231.
    const RFC_KEY: &str = "Jefe";
    const RFC_TEXT: &str = "what do ya want for nothing?";
    const RFC_MAC: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn agrees_with_the_standard() {
        assert_eq!(user_hash(RFC_KEY, RFC_TEXT), RFC_MAC);
        for given in [RFC_MAC, &RFC_MAC.to_uppercase()] {
            assert!(verify_user_hash(&[RFC_KEY], RFC_TEXT, given));
        }
    }

    #[test]
    fn each_live_secret_proves() {
        let secrets = ["old", "new"];
        for secret in secrets {
            let given = user_hash(secret, "user/ü 1");
            assert!(verify_user_hash(&secrets, "user/ü 1", &given), "{secret}");
        }
    }

    #[test]
    fn nothing_else_proves() {
        let good = user_hash("secret", "user-1");
        let shorter = &good[..62];
        let longer = format!("{good}00");
        let other_user = user_hash("secret", "user-2");
        let retired = user_hash("retired", "user-1");
        for bad in ["", "zz", shorter, &longer, &other_user, &retired, "secret"] {
            assert!(!verify_user_hash(&["secret"], "user-1", bad), "{bad}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_proved() {
        let no_secrets: [&str; 0] = [];
        assert!(!verify_user_hash(
            &no_secrets,
            "user-1",
            &user_hash("", "user-1")
        ));
    }
}
