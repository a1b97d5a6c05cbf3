//! The server key: one file from which every other key of the server is derived.
//!
//! Who has the file can sign in as anybody and read the sealed secrets of a copied database, so it is kept
//! apart from backups of the database. Without it, tokens and sealed secrets are void.

mod secret_file;

use std::fmt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

use super::token::Random;
pub use secret_file::{KeyError, SECRET_FILE};

/// Bytes of the secret; twice as many hexadecimal characters in the file.
const SECRET_BYTES: usize = 32;
/// Start of a sealed text; another number will mean another way of sealing.
const SEALED_V1: &str = "v1.";
const NONCE_BYTES: usize = 24;

/// A sealed text that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored secret does not open: it is damaged, or the server key is not the one it was sealed with; restore the secret file"
)]
pub struct SealError;

/// The keys derived from the secret of this server.
pub struct ServerKey {
    id: String,
    signing: [u8; 32],
    replies: [u8; 32],
    sealing: XChaCha20Poly1305,
}

impl ServerKey {
    /// Reads `secret_file`, which must exist; without one reads [`SECRET_FILE`] in the folder `data` and makes it
    /// (mode 0600, flushed to disk) when it is not there. Two processes that do so at once get the same key.
    ///
    /// # Errors
    /// [`KeyError`] names the file and the remedy.
    pub fn load(
        secret_file: Option<&Path>,
        data: &Path,
        random: &Random,
    ) -> Result<Self, KeyError> {
        secret_file::load(secret_file, data, random).map(|secret| Self::from_secret(&secret))
    }

    /// The keys derived from `secret`.
    #[must_use]
    pub fn from_secret(secret: &[u8; SECRET_BYTES]) -> Self {
        Self {
            id: hex::encode(derive::<8>(secret, "hark key id v1")),
            signing: derive(secret, "hark token signing v1"),
            replies: derive(secret, "hark reply addresses v1"),
            sealing: XChaCha20Poly1305::new(&derive::<32>(secret, "hark sealing v1").into()),
        }
    }

    /// A public name of this key: 16 hexadecimal characters that tell nothing of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key under which tokens are signed.
    #[must_use]
    pub fn signing_key(&self) -> &[u8; 32] {
        &self.signing
    }

    /// The key under which the addresses are made that answers to mails go to.
    #[must_use]
    pub fn reply_key(&self) -> &[u8; 32] {
        &self.replies
    }

    /// Encrypts `plaintext` for `purpose`, which is not secret and is needed again to open it: give what
    /// the text is and whose, so that it cannot be put in another place of the database.
    #[must_use]
    pub fn seal(&self, random: &Random, purpose: &str, plaintext: &str) -> String {
        let nonce = random.bytes::<NONCE_BYTES>();
        let payload = Payload {
            msg: plaintext.as_bytes(),
            aad: purpose.as_bytes(),
        };
        let sealed = self
            .sealing
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a secret is far below 256 GB");
        format!("{SEALED_V1}{}{}", hex::encode(nonce), hex::encode(sealed))
    }

    /// What was sealed for `purpose`.
    ///
    /// # Errors
    /// [`SealError`] for another purpose, another server key, or a damaged text.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, SealError> {
        let sealed = sealed.strip_prefix(SEALED_V1).ok_or(SealError)?;
        let sealed = hex::decode(sealed).map_err(|_| SealError)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError)?;
        let payload = Payload {
            msg: sealed,
            aad: purpose.as_bytes(),
        };
        let plaintext = self
            .sealing
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealError)?;
        String::from_utf8(plaintext).map_err(|_| SealError)
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn derive<const N: usize>(secret: &[u8; SECRET_BYTES], purpose: &str) -> [u8; N] {
    let mut key = [0; N];
    Hkdf::<Sha256>::new(None, secret)
        .expand(purpose.as_bytes(), &mut key)
        .expect("HKDF gives up to 255 blocks");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEALED_BEFORE: &str = "v1.611830d3641a68f94a690dcc25d1f4b0dac948325ac18f6ddf06af1cb6e7d27b04f6455b7c8db11147053eb194728691a7";

    fn key(byte: u8) -> ServerKey {
        ServerKey::from_secret(&[byte; 32])
    }

    #[test]
    fn keys_of_one_secret_have_nothing_in_common() {
        let key = key(1);
        let derived = derive::<32>(&[1; 32], "hark sealing v1");
        assert_ne!(key.signing, derived);
        assert_ne!(key.signing, [1; 32]);
        assert!(!hex::encode(key.signing).contains(&key.id));
        assert!(!hex::encode(derived).contains(&key.id));
    }

    /// A change here makes every token and every sealed secret of running servers void.
    #[test]
    fn derivation_never_changes() {
        let secret: [u8; 32] = std::array::from_fn(|i| i as u8);
        let key = ServerKey::from_secret(&secret);
        let derived = (
            key.id(),
            hex::encode(key.signing_key()),
            hex::encode(key.reply_key()),
            key.open("purpose", SEALED_BEFORE).unwrap(),
        );
        assert_eq!(
            derived,
            (
                "a0ef8f339e0420de",
                "98930703d731323a32426fd3b02b509b6e6ed6c596536cc585c68656e36fec6d".to_owned(),
                "bf834de867f4be069a376584488a7696d4ced1df0776e09b9411f15481f7104c".to_owned(),
                "plaintext".to_owned()
            )
        );
    }

    #[test]
    fn a_sealed_text_opens_only_where_it_belongs() {
        let random = Random::seeded(1);
        let sealed = key(1).seal(&random, "identity secret of a", "hunter2");
        assert_eq!(
            key(1).open("identity secret of a", &sealed).as_deref(),
            Ok("hunter2")
        );
        assert_eq!(key(1).open("identity secret of b", &sealed), Err(SealError));
        assert_eq!(key(2).open("identity secret of a", &sealed), Err(SealError));
        assert_ne!(
            key(1).seal(&random, "identity secret of a", "hunter2"),
            sealed,
            "a fresh nonce each time"
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = key(1);
        assert_eq!(
            format!("{key:?}"),
            format!("ServerKey {{ id: {:?}, .. }}", key.id())
        );
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed(plaintext in ".*", purpose in ".*") {
            let sealed = key(1).seal(&Random::seeded(1), &purpose, &plaintext);
            prop_assert_eq!(key(1).open(&purpose, &sealed), Ok(plaintext));
        }

        #[test]
        fn a_damaged_text_does_not_open(position in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
            let sealed = key(1).seal(&Random::seeded(1), "purpose", "plaintext");
            let mut damaged = sealed.clone().into_bytes();
            let position = position.index(damaged.len());
            prop_assume!(!damaged[position].eq_ignore_ascii_case(&byte));
            damaged[position] = byte;
            prop_assert_eq!(key(1).open("purpose", str::from_utf8(&damaged).unwrap()), Err(SealError));
            prop_assert_eq!(key(1).open("purpose", &sealed[..position]), Err(SealError));
        }
    }
}
