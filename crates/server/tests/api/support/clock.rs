//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use store::{Clock, Millis};

/// 2026-03-01T12:00:00.000Z
pub const START: Millis = Millis(1_772_366_400_000);

pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.0))
    }
}

impl TestClock {
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_ms(seconds * 1000);
    }

    /// The instant so many milliseconds from now, as the wire has it.
    pub fn at(&self, ms: i64) -> String {
        Millis(self.now().0 + ms).to_string()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}
