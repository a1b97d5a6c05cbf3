//! Passwords of members: argon2id in PHC strings.
//!
//! [`Passwords::hash`] and [`Passwords::verify`] keep a core busy for tens of milliseconds: call them
//! on a blocking thread, never on a thread of the async runtime. [`Passwords::hash_apart`] finds one by itself.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::task::JoinError;

use super::token::Random;

/// Fewest characters of a new password.
pub const MIN_CHARS: usize = 10;
/// Most bytes of a password; more would only cost time.
pub const MAX_BYTES: usize = 1024;
/// Bytes of the salt of a password.
const SALT_BYTES: usize = 16;

/// What a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB; at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes that could be filled in parallel.
    pub lanes: u32,
}

impl Cost {
    /// The least that OWASP recommends for argon2id: 19 MiB, two passes, one lane.
    pub const STANDARD: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    /// The least that argon2 takes: for tests, never for people.
    pub const LEAST: Self = Self {
        memory_kib: Params::MIN_M_COST,
        passes: 1,
        lanes: 1,
    };
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("password: too short; use at least {MIN_CHARS} characters")]
    TooShort,
    /// More than [`MAX_BYTES`] bytes.
    #[error("password: too long; use at most {MAX_BYTES} bytes")]
    TooLong,
}

/// Hashes and verifies passwords at one cost.
#[derive(Debug)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Verified in place of the hash of a user who does not exist.
    decoy: String,
}

impl Passwords {
    /// With a decoy of the same `cost`.
    ///
    /// # Panics
    /// At a cost that argon2 does not know: fewer than 8 KiB for each lane, or zero passes or lanes.
    #[must_use]
    pub fn new(cost: Cost, random: &Random) -> Self {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .expect("the cost is within what argon2 takes");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = decoy(cost, random);
        Self { argon2, decoy }
    }

    /// The PHC string of a new password, under a fresh salt. Blocks.
    ///
    /// # Errors
    /// [`PasswordError`] when it is too short or too long.
    pub fn hash(&self, random: &Random, password: &str) -> Result<String, PasswordError> {
        self.salted(&random.bytes(), password)
    }

    fn salted(&self, salt: &[u8; SALT_BYTES], password: &str) -> Result<String, PasswordError> {
        if password.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        if password.chars().count() < MIN_CHARS {
            return Err(PasswordError::TooShort);
        }
        Ok(hash(&self.argon2, salt, password))
    }

    /// The same on a thread that may block.
    ///
    /// # Errors
    /// As [`Passwords::hash`], within those of that thread.
    pub async fn hash_apart(
        self: &Arc<Self>,
        random: &Random,
        password: String,
    ) -> Result<Result<String, PasswordError>, JoinError> {
        let (passwords, salt) = (Arc::clone(self), random.bytes());
        tokio::task::spawn_blocking(move || passwords.salted(&salt, &password)).await
    }

    /// Whether `password` is the one of `stored`, a PHC string. Blocks.
    ///
    /// Give `None` for a user who does not exist or has no password: the answer is `false` and takes
    /// as long, so that time does not tell which users exist.
    #[must_use]
    pub fn verify(&self, password: &str, stored: Option<&str>) -> bool {
        if password.len() > MAX_BYTES {
            return false;
        }
        let fits = PasswordHash::new(stored.unwrap_or(&self.decoy)).is_ok_and(|hash| {
            self.argon2
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        });
        fits && stored.is_some()
    }
}

/// What looks like the hash of a password. No password is known to have it, so it need not be computed: that would take 19 MiB at every start.
fn decoy(cost: Cost, random: &Random) -> String {
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let salt = STANDARD_NO_PAD.encode(random.bytes::<SALT_BYTES>());
    let hash = STANDARD_NO_PAD.encode(random.bytes::<32>());
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}")
}

fn hash(argon2: &Argon2<'_>, salt: &[u8; SALT_BYTES], password: &str) -> String {
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password.as_bytes(), salt)
        .expect("argon2 takes 1,024 bytes and a salt of 16");
    hash.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "correct horse battery staple";

    fn passwords() -> (Passwords, Random) {
        let random = Random::seeded(3);
        (Passwords::new(Cost::LEAST, &random), random)
    }

    #[test]
    fn only_the_password_itself_fits() {
        let (passwords, random) = passwords();
        let stored = passwords.hash(&random, GOOD).unwrap();
        assert!(passwords.verify(GOOD, Some(&stored)));
        for bad in [
            "",
            "Correct horse battery staple",
            "correct horse battery stapl",
            &stored,
        ] {
            assert!(!passwords.verify(bad, Some(&stored)), "{bad}");
        }
    }

    #[test]
    fn the_same_password_has_another_hash_each_time() {
        let (passwords, random) = passwords();
        assert_ne!(passwords.hash(&random, GOOD), passwords.hash(&random, GOOD));
    }

    #[test]
    fn length_is_bounded_at_both_ends() {
        let (passwords, random) = passwords();
        let hash = |password: &str| passwords.hash(&random, password);
        assert_eq!(hash("123456789"), Err(PasswordError::TooShort));
        assert_eq!(hash("ééééééééé"), Err(PasswordError::TooShort));
        assert!(hash("1234567890").is_ok());
        assert_eq!(hash(&"x".repeat(1025)), Err(PasswordError::TooLong));
        let longest = "x".repeat(1024);
        let stored = hash(&longest).unwrap();
        assert!(passwords.verify(&longest, Some(&stored)));
        assert!(!passwords.verify(&"x".repeat(1025), Some(&stored)));
    }

    #[test]
    fn a_user_who_does_not_exist_has_no_password() {
        let (passwords, _) = passwords();
        assert!(!passwords.verify(GOOD, None));
        assert!(!passwords.verify("", None));
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        let (passwords, _) = passwords();
        for broken in ["", GOOD, "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"] {
            assert!(!passwords.verify(GOOD, Some(broken)), "{broken}");
        }
    }

    #[test]
    fn a_hash_made_at_another_cost_still_fits() {
        let (cheap, random) = passwords();
        let dearer = Passwords::new(
            Cost {
                passes: 3,
                ..Cost::LEAST
            },
            &random,
        );
        let stored = cheap.hash(&random, GOOD).unwrap();
        assert!(dearer.verify(GOOD, Some(&stored)));
    }

    #[test]
    fn the_standard_cost_is_in_the_hash() {
        let random = Random::seeded(3);
        let passwords = Passwords::new(Cost::STANDARD, &random);
        let stored = passwords.hash(&random, GOOD).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        // A decoy that cannot be read would answer at once.
        let form = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            (
                hash.algorithm,
                hash.version,
                hash.params.clone(),
                hash.salt.unwrap().len(),
                hash.hash.unwrap().len(),
            )
        };
        assert_eq!(form(&passwords.decoy), form(&stored));
    }
}
