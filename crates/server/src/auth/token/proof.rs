//! What is wrong with a proof of identity, for the developer who made it. It tells mistakes, never the right hash.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::Mac;
use sha2::{Digest, Sha256};

use super::identity::{mac, verify_user_hash};
use crate::identity::is_user_id;

/// A proof, and what it is held to.
pub struct Claimed<'c> {
    /// The live identity secrets of the project.
    pub secrets: &'c [String],
    /// Its public key, which people take for the secret.
    pub sdk_key: &'c str,
    /// Who the user is said to be.
    pub user_id: &'c str,
    /// The proof.
    pub user_hash: &'c str,
}

/// Whether the proof is right.
///
/// # Errors
/// The mistake, and what to change.
pub fn check_user_hash(claimed: &Claimed<'_>) -> Result<(), &'static str> {
    if claimed.secrets.is_empty() {
        return Err(
            "The project has no identity secret that this server can read: make one with `hark project rotate --identity-secret`.",
        );
    }
    if !is_user_id(claimed.user_id) {
        return Err(
            "This is no user id: it is empty, longer than 256 characters, or a word for nobody such as \"null\", \"undefined\" or \"guest\".",
        );
    }
    if verify_user_hash(claimed.secrets, claimed.user_id, claimed.user_hash) {
        return Ok(());
    }
    match hex::decode(claimed.user_hash) {
        Ok(digest) => Err(mistake(claimed, &digest).unwrap_or_else(|| general(&digest))),
        Err(_) => Err(not_hex(claimed)),
    }
}

/// Why a hash that is hex is wrong, as far as its length tells.
fn general(digest: &[u8]) -> &'static str {
    match digest.len() {
        32 => {
            "The hash has the right form, but is not that of this user id under a live identity secret: check the secret (`hark project rotate --identity-secret` ends old ones) and that exactly this user id is hashed."
        }
        0 => {
            "The hash is empty: send the HMAC-SHA256 of the user id under the identity secret as 64 hexadecimal digits."
        }
        16 => "32 digits are an MD5: use HMAC-SHA256, which gives 64 hexadecimal digits.",
        20 => "40 digits are a SHA-1: use HMAC-SHA256, which gives 64 hexadecimal digits.",
        48 => "96 digits are a SHA-384: use HMAC-SHA256, which gives 64 hexadecimal digits.",
        64 => "128 digits are a SHA-512: use HMAC-SHA256, which gives 64 hexadecimal digits.",
        _ => "The hash has the wrong length: HMAC-SHA256 gives 64 hexadecimal digits.",
    }
}

fn not_hex(claimed: &Claimed<'_>) -> &'static str {
    let text = claimed.user_hash.trim();
    // As tools print it: `sha256=…`, `SHA2-256(stdin)= …`, `0x…`, or followed by the name of a file.
    let is_word = |part: &&str| part.len() == 64 && hex::decode(part).is_ok();
    if text.split([' ', '=', 'x', '\t']).any(|part| is_word(&part)) {
        return "The hash has something around it: send its 64 hexadecimal digits alone, without a prefix, a name or spaces.";
    }
    let base64 = [
        STANDARD.decode(text),
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')),
    ];
    if base64.into_iter().flatten().any(|bytes| bytes.len() == 32) {
        return "The hash is written in Base64: write it as 64 hexadecimal digits.";
    }
    if text.len().abs_diff(64) <= 1 {
        return "The hash has other characters than hexadecimal digits, or one too many or too few: send 64 of 0-9 and a-f.";
    }
    "The hash is not hexadecimal: send the HMAC-SHA256 of the user id under the identity secret as 64 hexadecimal digits."
}

/// The mistake that leads to this digest.
fn mistake(claimed: &Claimed<'_>, digest: &[u8]) -> Option<&'static str> {
    let id = claimed.user_id;
    let is = |key: &[u8], message: &[u8]| mac(key, message).verify_slice(digest).is_ok();
    let hashes = |message: &str| {
        claimed
            .secrets
            .iter()
            .any(|secret| is(secret.as_bytes(), message.as_bytes()))
    };
    if is(claimed.sdk_key.as_bytes(), id.as_bytes()) {
        return Some(
            "The hash was made with the SDK key, which is public: use the identity secret.",
        );
    }
    if digest == Sha256::digest(id).as_slice() {
        return Some(
            "This is the SHA-256 of the user id without any secret: use HMAC-SHA256 with the identity secret as key.",
        );
    }
    if hashes(&format!("{id}\n")) || hashes(&format!("{id}\r\n")) {
        return Some(
            "A line break was hashed with the user id: leave it out (`echo -n`, `printf %s`).",
        );
    }
    if hashes(&format!("\"{id}\"")) {
        return Some("The user id was hashed with quotes around it, as JSON: hash its text alone.");
    }
    if spellings(id).iter().any(|spelling| hashes(spelling)) {
        return Some(
            "Another spelling of the user id was hashed: upper and lower case, spaces, and the form of a number (\"42\", not \"42.0\") count.",
        );
    }
    claimed
        .secrets
        .iter()
        .find_map(|secret| with_secret(secret, id, digest, &is))
}

/// Mistakes in the use of the secret.
fn with_secret(
    secret: &str,
    id: &str,
    digest: &[u8],
    is: &impl Fn(&[u8], &[u8]) -> bool,
) -> Option<&'static str> {
    if hex::decode(secret).is_ok_and(|bytes| is(&bytes, id.as_bytes())) {
        return Some(
            "The identity secret was decoded from hexadecimal first: use its text as the key, as it is shown.",
        );
    }
    if is(format!("{secret}\n").as_bytes(), id.as_bytes()) {
        return Some(
            "A line break was taken as part of the identity secret: cut it off where the secret is read.",
        );
    }
    if is(id.as_bytes(), secret.as_bytes()) {
        return Some(
            "Key and message are swapped: the key is the identity secret, the message the user id.",
        );
    }
    let joined = [format!("{secret}{id}"), format!("{id}{secret}")];
    let is_joined = joined
        .iter()
        .any(|text| digest == Sha256::digest(text).as_slice());
    is_joined.then_some("This is the SHA-256 of secret and user id in a row: use HMAC-SHA256 with the identity secret as key.")
}

/// What a backend may have made of an id on the way.
fn spellings(id: &str) -> [String; 5] {
    [
        id.to_lowercase(),
        id.to_uppercase(),
        id.trim().to_owned(),
        format!("{id}.0"),
        id.strip_suffix(".0").unwrap_or(id).to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::user_hash;

    const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const KEY: &str = "SdkKeySdkKeySdkKeySdkKeySdkKey12";

    fn check(user_id: &str, hash: &str) -> Result<(), &'static str> {
        check_user_hash(&Claimed {
            secrets: &["another".to_owned(), SECRET.to_owned()],
            sdk_key: KEY,
            user_id,
            user_hash: hash,
        })
    }

    #[track_caller]
    fn assert_told(user_id: &str, hash: &str, what: &str) {
        let reason = check(user_id, hash).unwrap_err();
        assert!(reason.contains(what), "{reason}");
        for secret in ["another", SECRET] {
            assert!(!reason.contains(&user_hash(secret, user_id)));
        }
    }

    #[test]
    fn a_right_hash_is_valid_in_either_case_and_under_each_live_secret() {
        for secret in ["another", SECRET] {
            let hash = user_hash(secret, "user-1");
            assert_eq!(check("user-1", &hash), Ok(()));
            assert_eq!(check("user-1", &hash.to_uppercase()), Ok(()));
        }
    }

    #[test]
    fn mistakes_with_the_message_are_told() {
        assert_told("u", &user_hash(SECRET, "u\n"), "line break");
        assert_told("u", &user_hash(SECRET, "\"u\""), "quotes");
        assert_told("User", &user_hash(SECRET, "user"), "spelling");
        assert_told(" u", &user_hash(SECRET, "u"), "spelling");
        assert_told("42", &user_hash(SECRET, "42.0"), "\"42\"");
        assert_told("u", &user_hash(SECRET, "somebody else"), "right form");
    }

    #[test]
    fn mistakes_with_the_key_are_told() {
        assert_told("u", &user_hash(KEY, "u"), "SDK key");
        assert_told("u", &user_hash(&format!("{SECRET}\n"), "u"), "line break");
        assert_told("u", &user_hash("u", SECRET), "swapped");
        let decoded = mac(&hex::decode(SECRET).unwrap(), b"u").finalize();
        assert_told("u", &hex::encode(decoded.into_bytes()), "decoded");
        assert_told("u", &user_hash("retired", "u"), "right form");
    }

    #[test]
    fn other_functions_are_told() {
        let sha256 = |text: &str| hex::encode(Sha256::digest(text));
        assert_told("u", &sha256("u"), "without any secret");
        assert_told("u", &sha256(&format!("{SECRET}u")), "in a row");
        assert_told("u", &sha256(&format!("u{SECRET}")), "in a row");
        for (digits, name) in [
            (32, "MD5"),
            (40, "SHA-1"),
            (96, "SHA-384"),
            (128, "SHA-512"),
        ] {
            assert_told("u", &"a".repeat(digits), name);
        }
        assert_told("u", &"a".repeat(62), "wrong length");
        assert_told("u", "", "empty");
    }

    #[test]
    fn other_forms_are_told() {
        let hash = user_hash(SECRET, "u");
        let bytes = hex::decode(&hash).unwrap();
        assert_told("u", &STANDARD.encode(&bytes), "Base64");
        assert_told("u", &URL_SAFE_NO_PAD.encode(&bytes), "Base64");
        for around in [
            format!("sha256={hash}"),
            format!("SHA2-256(stdin)= {hash}"),
            format!("{hash}  -"),
            format!(" {hash}"),
            format!("0x{hash}"),
        ] {
            assert_told("u", &around, "around it");
        }
        assert_told("u", &hash[..63], "too few");
        assert_told("u", &format!("{}g", &hash[..63]), "other characters");
        assert_told("u", "undefined", "not hexadecimal");
    }

    #[test]
    fn nobody_can_be_proved() {
        for nobody in ["", "null", "guest", &"x".repeat(257)] {
            assert_told(nobody, &user_hash(SECRET, nobody), "no user id");
        }
        let none = Claimed {
            secrets: &[],
            sdk_key: KEY,
            user_id: "u",
            user_hash: &user_hash("", "u"),
        };
        assert!(
            check_user_hash(&none)
                .unwrap_err()
                .contains("no identity secret")
        );
    }
}
