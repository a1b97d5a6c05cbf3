//! The address that answers to a mail go to: `reply+TOKEN@…`. The token names project and ticket, and proves that this server wrote it to
//! the session of that ticket.
//!
//! Mail systems fold the case of addresses and allow 64 characters before the `@` (RFC 5321), so the token is in lower case and short: it has
//! no room for the session, which the ticket names.

use hmac::{Hmac, KeyInit, Mac};
use lettre::Address;
use sha2::Sha256;
use store::ObjectId;

/// Bytes of an id.
const ID_BYTES: usize = 12;
/// Bytes of the proof. Whoever guesses has to send a mail for each try.
const PROOF_BYTES: usize = 9;
const BYTES: usize = 2 * ID_BYTES + PROOF_BYTES;
/// Characters of a token.
pub const TOKEN_CHARS: usize = (BYTES * 8).div_ceil(BITS);
/// Characters before the `@` of any address.
const LOCAL_CHARS_MAX: usize = 64;
/// Characters before the `@` of the address that tokens are put into.
pub const BASE_CHARS_MAX: usize = LOCAL_CHARS_MAX - TOKEN_CHARS - 1;

/// The letters of RFC 4648, in lower case: five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BITS: usize = 5;

/// What an address names and proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyToken {
    pub project: ObjectId,
    pub ticket: ObjectId,
    proof: [u8; PROOF_BYTES],
}

impl ReplyToken {
    /// The token for the answers of a session in a ticket.
    #[must_use]
    pub fn new(key: &[u8], project: ObjectId, ticket: ObjectId, session: ObjectId) -> Self {
        let made = mac(key, project, ticket, session).finalize().into_bytes();
        let mut proof = [0; PROOF_BYTES];
        proof.copy_from_slice(&made[..PROOF_BYTES]);
        Self {
            project,
            ticket,
            proof,
        }
    }

    /// Whether it was made for this session. Takes as long wherever the difference is.
    #[must_use]
    pub fn is_for(&self, key: &[u8], session: ObjectId) -> bool {
        let mac = mac(key, self.project, self.ticket, session);
        mac.verify_truncated_left(&self.proof).is_ok()
    }

    /// The address with this token in it.
    #[must_use]
    pub fn address(&self, base: &Address) -> String {
        format!("{}+{}@{}", base.user(), self.to_text(), base.domain())
    }

    fn to_text(&self) -> String {
        let ids = [self.project, self.ticket].map(|id| *id.as_bytes());
        encode(&[&ids.concat(), &self.proof[..]].concat())
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let bytes: [u8; BYTES] = decode(text)?.try_into().ok()?;
        let (project, rest) = bytes.split_first_chunk::<ID_BYTES>()?;
        let (ticket, proof) = rest.split_first_chunk::<ID_BYTES>()?;
        Some(Self {
            project: ObjectId::from_bytes(*project),
            ticket: ObjectId::from_bytes(*ticket),
            proof: proof.try_into().ok()?,
        })
    }

    /// The tokens of all addresses in a text, whatever stands around them: the value of a header, with names and comments.
    pub fn find(text: &str) -> impl Iterator<Item = Self> {
        let bytes = text.as_bytes();
        memchr::memchr_iter(b'+', bytes).filter_map(|plus| {
            let rest = &bytes[plus + 1..];
            let token = rest.get(..TOKEN_CHARS)?;
            (rest.get(TOKEN_CHARS) == Some(&b'@')).then_some(())?;
            Self::parse(token)
        })
    }
}

fn mac(key: &[u8], project: ObjectId, ticket: ObjectId, session: ObjectId) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mac = mac.expect("HMAC takes a key of any length");
    [project, ticket, session]
        .iter()
        .fold(mac, |mac, id| mac.chain_update(id.as_bytes()))
}

fn encode(bytes: &[u8]) -> String {
    let bit = |at: usize| {
        let byte = bytes.get(at / 8).copied().unwrap_or(0);
        usize::from(byte >> (7 - at % 8) & 1)
    };
    let letters = (bytes.len() * 8).div_ceil(BITS);
    let value = |letter: usize| {
        let first = letter * BITS;
        (first..first + BITS).fold(0, |value, at| value << 1 | bit(at))
    };
    (0..letters)
        .map(|letter| char::from(LETTERS[value(letter)]))
        .collect()
}

/// The bytes of letters in either case; `None` for other signs, and where [`encode`] would have written something else.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * BITS / 8);
    let (mut waiting, mut bits) = (0_u32, 0);
    for letter in text {
        let letter = letter.to_ascii_lowercase();
        let value = LETTERS.iter().position(|known| *known == letter)?;
        waiting = waiting << BITS | u32::try_from(value).ok()?;
        bits += BITS;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(waiting >> bits & 0xff).ok()?);
            waiting &= (1 << bits) - 1;
        }
    }
    (waiting == 0 && bits < BITS).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"the key of a server";

    fn id(number: u8) -> ObjectId {
        ObjectId::from_parts(u32::from(number), [number; 8])
    }

    fn token() -> ReplyToken {
        ReplyToken::new(KEY, id(1), id(2), id(3))
    }

    #[test]
    fn an_address_is_read_back_in_either_case_and_among_others() {
        let base: Address = "reply@support.example.com".parse().unwrap();
        let address = token().address(&base);
        let (local, domain) = address.split_once('@').unwrap();
        assert_eq!(domain, "support.example.com");
        assert_eq!(local.len(), "reply+".len() + TOKEN_CHARS);
        assert!(local.starts_with("reply+") && local.to_lowercase() == local);
        address.parse::<Address>().unwrap();
        for text in [
            address.clone(),
            address.to_uppercase(),
            format!("\"A + B\" <a+b@example.com>, Support <{address}> (+)"),
        ] {
            let found: Vec<_> = ReplyToken::find(&text).collect();
            assert_eq!(found, [token()], "{text}");
            assert!(found[0].is_for(KEY, id(3)));
        }
    }

    #[test]
    fn the_longest_base_fits_what_addresses_may_have() {
        let base: Address = format!("{}@example.com", "b".repeat(BASE_CHARS_MAX))
            .parse()
            .unwrap();
        let address = token().address(&base);
        assert_eq!(address.find('@'), Some(LOCAL_CHARS_MAX));
        address.parse::<Address>().unwrap();
    }

    #[test]
    fn another_server_project_ticket_or_session_proves_nothing() {
        assert!(!token().is_for(b"another key", id(3)));
        assert!(!token().is_for(KEY, id(4)));
        for other in [
            ReplyToken {
                project: id(9),
                ..token()
            },
            ReplyToken {
                ticket: id(9),
                ..token()
            },
        ] {
            assert!(!other.is_for(KEY, id(3)));
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        let text = token().to_text();
        for other in [
            format!("reply+{text}"),
            format!("reply-{text}@example.com"),
            format!("reply+{}@example.com", &text[1..]),
            format!("reply+{text}a@example.com"),
            format!("reply+{}1@example.com", &text[1..]),
            format!("reply+{}ü@example.com", &text[2..]),
            "+@".into(),
            String::new(),
        ] {
            assert_eq!(ReplyToken::find(&other).count(), 0, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_other_letter_makes_it_another(at in 0..TOKEN_CHARS, letter in 0..32_usize) {
            let mut text = token().to_text().into_bytes();
            prop_assume!(text[at] != LETTERS[letter]);
            text[at] = LETTERS[letter];
            let altered = ReplyToken::parse(&text);
            prop_assert!(altered.is_none_or(|token| !token.is_for(KEY, id(3))));
        }

        #[test]
        fn any_text_may_be_looked_through(text in ".{0,200}") {
            prop_assert_eq!(ReplyToken::find(&text).count(), 0);
        }
    }
}
