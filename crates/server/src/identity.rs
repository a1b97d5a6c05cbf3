//! The kinds of identity keys, and the one normaliser of each: write, read, import and merge all use these.

use serde_json::value::RawValue;
use store::Kind;
use unicode_normalization::UnicodeNormalization;

/// The customer's own id of an end user: exact, case-sensitive.
pub const USER_ID: Kind = Kind(1);
/// The public half of a client's credential.
pub const GLEAP_ID: Kind = Kind(2);
/// An email address, compared in lower case and NFC.
pub const EMAIL: Kind = Kind(3);
/// A phone number, compared as E.164.
pub const PHONE: Kind = Kind(4);
/// The id that a merged session had.
pub const MERGED_ID: Kind = Kind(5);

/// The customer's own id of a company: exact, case-sensitive.
pub const COMPANY_ID: Kind = Kind(6);

/// The key that only one unfinished job has.
pub const JOB: Kind = Kind(16);

/// The email address of a member, in the scope of accounts.
pub const ACCOUNT_EMAIL: Kind = Kind(32);
/// A project's public key.
pub const SDK_KEY: Kind = Kind(33);
/// The hash of a project's secret token.
pub const API_TOKEN: Kind = Kind(34);
/// `user:project` of a membership.
pub const MEMBERSHIP: Kind = Kind(35);
/// The organisation that the server was set up with.
pub const FIRST_ORGANISATION: Kind = Kind(36);
/// `target:email` of an invitation.
pub const INVITATION: Kind = Kind(37);
/// The hash of the secret of an invitation.
pub const INVITATION_TOKEN: Kind = Kind(38);

/// The field that shows what a key is made of, as the API names it.
#[must_use]
pub fn field(kind: Kind) -> &'static str {
    match kind {
        USER_ID => "userId",
        GLEAP_ID => "gleapId",
        EMAIL | ACCOUNT_EMAIL => "email",
        PHONE => "phone",
        _ => "key",
    }
}

/// Whether a key of this kind finds a session.
#[must_use]
pub fn is_of_session(kind: Kind) -> bool {
    matches!(kind, USER_ID | GLEAP_ID | EMAIL | PHONE)
}

/// A user id is at most this many characters.
pub const USER_ID_CHARS_MAX: usize = 256;

/// What clients send when they know nobody: never a user id (decisions, Sessions: Identify).
const NOBODY: &[&str] = &[
    "",
    "null",
    "undefined",
    "0",
    "-1",
    "anonymous",
    "guest",
    "[object Object]",
    "NaN",
];

/// The text of a user id as clients send it: text, or a number. `None` for anything else.
#[must_use]
pub fn user_id_text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).ok(),
        Some(b'0'..=b'9' | b'-') => Some(raw.get().to_owned()),
        _ => None,
    }
}

/// Whether a text can be the id of a user.
#[must_use]
pub fn is_user_id(text: &str) -> bool {
    !NOBODY.contains(&text) && !text.contains('\0') && text.chars().count() <= USER_ID_CHARS_MAX
}

/// The key of an email address; `None` for a text that is none.
#[must_use]
pub fn email_key(shown: &str) -> Option<String> {
    let trimmed = shown.trim();
    let (local, domain) = trimmed.rsplit_once('@')?;
    if local.is_empty()
        || domain.is_empty()
        || trimmed.len() > 320
        || trimmed.chars().any(char::is_whitespace)
    {
        return None;
    }
    Some(email_fold(trimmed))
}

/// The form in which email addresses, and parts of them, are compared.
#[must_use]
pub fn email_fold(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

/// The key of a phone number with its country code; `None` for a text that is none.
///
/// National forms of one line share a key: Brazil's ninth digit and Argentina's mobile 9 are taken out.
#[must_use]
pub fn phone_key(shown: &str) -> Option<String> {
    let trimmed = shown.trim();
    let international = trimmed
        .strip_prefix("00")
        .map_or_else(|| trimmed.to_owned(), |rest| format!("+{rest}"));
    if !international.starts_with('+') || international.len() > 40 {
        return None;
    }
    let number = phonenumber::parse(None, &international).ok()?;
    if !phonenumber::is_viable(&international) {
        return None;
    }
    let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
    Some(without_mobile_digit(&e164).unwrap_or(e164))
}

/// `+55 AA 9XXXXXXXX` is `+55 AA XXXXXXXX`; `+54 9 …` is `+54 …`.
fn without_mobile_digit(e164: &str) -> Option<String> {
    if let Some(rest) = e164.strip_prefix("+55")
        && rest.len() == 11
        && rest.as_bytes()[2] == b'9'
    {
        return Some(format!("+55{}{}", &rest[..2], &rest[3..]));
    }
    e164.strip_prefix("+549")
        .filter(|rest| rest.len() == 10)
        .map(|rest| format!("+54{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nobody_is_no_user_id() {
        for text in NOBODY {
            assert!(!is_user_id(text), "{text:?}");
        }
        for text in ["1", "user-1", "Guest", " ", "a/b+c d%", "🙂"] {
            assert!(is_user_id(text), "{text:?}");
        }
    }

    #[test]
    fn user_ids_have_a_longest_length() {
        assert!(is_user_id(&"é".repeat(USER_ID_CHARS_MAX)));
        assert!(!is_user_id(&"é".repeat(USER_ID_CHARS_MAX + 1)));
    }

    #[test]
    fn emails_are_compared_folded() {
        assert_eq!(
            email_key(" Ada@Example.COM "),
            Some("ada@example.com".into())
        );
        assert_eq!(
            email_key("u\u{308}ber@example.com"),
            email_key("\u{fc}BER@example.com")
        );
        for bad in ["", "ada", "@example.com", "ada@", "a b@example.com"] {
            assert_eq!(email_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn phones_are_compared_as_e164() {
        assert_eq!(phone_key("+43 1 5331234"), Some("+4315331234".into()));
        assert_eq!(phone_key("0043 1 5331234"), phone_key("+43 (1) 533-1234"));
        assert_eq!(
            phone_key("+55 11 91234-5678"),
            phone_key("+55 11 1234-5678")
        );
        assert_eq!(
            phone_key("+54 9 11 1234-5678"),
            phone_key("+54 11 1234-5678")
        );
        for bad in ["", "12345", "phone", "+"] {
            assert_eq!(phone_key(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn normalisers_are_idempotent(text in "\\PC{0,40}") {
            if let Some(key) = email_key(&text) { prop_assert_eq!(email_key(&key), Some(key)); }
            if let Some(key) = phone_key(&text) { prop_assert_eq!(phone_key(&key), Some(key)); }
        }
    }
}
