//! "At most N a minute", for each key by itself.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::error::ApiError;

/// Keys that are at rest are forgotten after so many checks, so that memory follows the callers of the last minute.
const CHECKS_PER_SWEEP: u32 = 4096;

/// A limit of so many checks per 60 seconds and key. A full minute's worth may come at once; what was used comes
/// back evenly.
pub struct RateLimit<C: Clock = DefaultClock>(Option<Limiter<C>>);

struct Limiter<C: Clock> {
    per_minute: NonZeroU32,
    what: &'static str,
    /// Hashes with random seeds: one 64-bit key fits all, and nobody can choose keys that collide.
    hasher: RandomState,
    keys: RateLimiter<u64, DefaultKeyedStateStore<u64>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    checks: AtomicU32,
}

impl RateLimit {
    /// `per_minute` checks a key, 0 for no limit; `what` names what is counted, such as "requests to /admin".
    #[must_use]
    pub fn per_minute(per_minute: u32, what: &'static str) -> Self {
        Self::with_clock(per_minute, what, DefaultClock::default())
    }
}

impl<C: Clock + Clone> RateLimit<C> {
    /// As [`per_minute`](RateLimit::per_minute), on a clock of the caller.
    #[must_use]
    pub fn with_clock(per_minute: u32, what: &'static str, clock: C) -> Self {
        Self(NonZeroU32::new(per_minute).map(|per_minute| Limiter {
            per_minute,
            what,
            hasher: RandomState::new(),
            keys: RateLimiter::new(
                Quota::per_minute(per_minute),
                DefaultKeyedStateStore::default(),
                clock.clone(),
            ),
            clock,
            checks: AtomicU32::new(0),
        }))
    }

    /// Counts one for `key`: a text, an id, or a tuple of them.
    ///
    /// # Errors
    /// 429 that says when to try again.
    pub fn check(&self, key: &(impl Hash + ?Sized)) -> Result<(), ApiError> {
        self.0.as_ref().map_or(Ok(()), |limiter| limiter.check(key))
    }

    /// How many keys are held in memory.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.0.as_ref().map_or(0, |limiter| limiter.keys.len())
    }
}

impl<C: Clock> Limiter<C> {
    fn check(&self, key: &(impl Hash + ?Sized)) -> Result<(), ApiError> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_PER_SWEEP == CHECKS_PER_SWEEP - 1 {
            self.keys.retain_recent();
        }
        self.keys
            .check_key(&self.hasher.hash_one(key))
            .map_err(|not_until| {
                let wait = not_until.wait_time_from(self.clock.now());
                self.exceeded(wait.as_millis().div_ceil(1000).max(1) as u64)
            })
    }

    fn exceeded(&self, wait_seconds: u64) -> ApiError {
        let Self {
            per_minute, what, ..
        } = self;
        let message =
            format!("More than {per_minute} {what} in 60 seconds: try again in {wait_seconds} s.");
        let error = ApiError::too_many("rate_limited", message, wait_seconds);
        let (limit, none, reset) = (per_minute.get().into(), 0.into(), wait_seconds.into());
        let headers: [(&[&'static str; 2], HeaderValue); 3] =
            [(&LIMIT, limit), (&REMAINING, none), (&RESET, reset)];
        headers.into_iter().fold(error, |error, (names, value)| {
            let named = |name| HeaderName::from_static(name);
            error
                .with_header(named(names[0]), value.clone())
                .with_header(named(names[1]), value)
        })
    }
}

const LIMIT: [&str; 2] = ["ratelimit-limit", "x-ratelimit-limit"];
const REMAINING: [&str; 2] = ["ratelimit-remaining", "x-ratelimit-remaining"];
/// Seconds from now, not a time of day.
const RESET: [&str; 2] = ["ratelimit-reset", "x-ratelimit-reset"];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(per_minute: u32) -> (RateLimit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (
            RateLimit::with_clock(per_minute, "requests", clock.clone()),
            clock,
        )
    }

    #[test]
    fn n_a_minute_for_each_key() {
        let (limit, clock) = limit(10);
        assert!((0..10).all(|_| limit.check("a").is_ok()));
        assert!(limit.check("a").is_err());
        assert!(limit.check("b").is_ok());
        clock.advance(Duration::from_millis(5_999));
        assert!(limit.check("a").is_err());
        clock.advance(Duration::from_millis(1));
        assert!(limit.check("a").is_ok());
        assert!(limit.check("a").is_err());
        clock.advance(Duration::from_secs(60));
        assert!((0..10).all(|_| limit.check("a").is_ok()));
    }

    #[test]
    fn the_answer_says_when_to_try_again() {
        let (limit, _) = limit(1);
        limit.check(&("account", 7)).unwrap();
        let response = limit.check(&("account", 7)).unwrap_err().into_response();
        assert_eq!(response.status(), 429);
        let expected = [
            ("retry-after", "60"),
            ("ratelimit-limit", "1"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "60"),
            ("x-ratelimit-limit", "1"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "60"),
        ];
        for (name, value) in expected {
            assert_eq!(response.headers()[name], value, "{name}");
        }
    }

    #[test]
    fn zero_is_no_limit() {
        let (limit, _) = limit(0);
        assert!((0..100_000).all(|_| limit.check("a").is_ok()));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let (limit, clock) = limit(60);
        for key in 0..100_000_u32 {
            clock.advance(Duration::from_millis(10));
            limit.check(&key).unwrap();
        }
        // A key rests after a second, in which 100 others come.
        assert!(
            limit.keys() <= 100 + CHECKS_PER_SWEEP as usize,
            "{}",
            limit.keys()
        );
    }
}
