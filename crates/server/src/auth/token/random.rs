//! Where randomness comes from: passed in, so that tests are exact.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{CryptoRng, RngExt, SeedableRng};

/// A cryptographic source of random bytes, shared by all threads.
pub struct Random(Source);

enum Source {
    System,
    Seeded(Box<Mutex<StdRng>>),
}

impl Random {
    /// Randomness of the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same sequence for the same `seed`: for tests, never for secrets.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// `length` characters, each drawn evenly from the ASCII characters of `alphabet`.
    #[must_use]
    pub fn text(&self, alphabet: &[u8], length: usize) -> String {
        self.with(|rng| {
            (0..length)
                .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
                .collect()
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads randomness of the machine"
    )]
    fn with<T>(&self, draw: impl FnOnce(&mut dyn CryptoRng) -> T) -> T {
        match &self.0 {
            Source::System => draw(&mut rand::rng()),
            Source::Seeded(rng) => draw(&mut *rng.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let draw = |seed| Random::seeded(seed).bytes::<32>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_source_moves_on() {
        for random in [Random::system(), Random::seeded(1)] {
            assert_ne!(random.bytes::<16>(), random.bytes::<16>());
        }
    }

    #[test]
    fn text_uses_all_of_its_alphabet_and_nothing_else() {
        let text = Random::seeded(1).text(b"abc", 1000);
        assert_eq!(text.len(), 1000);
        for letter in ['a', 'b', 'c'] {
            let count = text.matches(letter).count();
            assert!((250..420).contains(&count), "{letter}: {count}");
        }
    }
}
