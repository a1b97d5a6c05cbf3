//! "At most N a minute", for each key by itself.

mod nodes;

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use store::Store;

use self::nodes::Nodes;
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
    nodes: Nodes,
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
            nodes: Nodes::new(what, per_minute.get()),
        }))
    }

    /// Counts one for `key`: a text, an id, or a tuple of them. Nodes that share `store` count together, each minute of the clock of
    /// the database by itself.
    ///
    /// # Errors
    /// 429 that says when to try again.
    pub async fn check(
        &self,
        store: &Store,
        key: &(impl Hash + ?Sized + Sync),
    ) -> Result<(), ApiError> {
        let Some(limiter) = &self.0 else {
            return Ok(());
        };
        let hash = limiter.check(key)?;
        if !store.is_shared() {
            return Ok(());
        }
        let checked = limiter.nodes.check(store, hash, key).await;
        checked.map_err(|wait| limiter.exceeded(seconds(wait)))
    }

    /// Counts one for `key` on this node.
    #[cfg(test)]
    fn check_here(&self, key: &(impl Hash + ?Sized)) -> Result<(), ApiError> {
        let checked = self.0.as_ref().map(|limiter| limiter.check(key));
        checked.transpose().map(drop)
    }

    /// How many keys are held in memory.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.0.as_ref().map_or(0, |limiter| limiter.keys.len())
    }
}

impl<C: Clock> Limiter<C> {
    /// Counts one on this node; gives the hash of the key.
    fn check(&self, key: &(impl Hash + ?Sized)) -> Result<u64, ApiError> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_PER_SWEEP == CHECKS_PER_SWEEP - 1 {
            self.keys.retain_recent();
            self.nodes.sweep();
        }
        let hash = self.hasher.hash_one(key);
        let checked = self.keys.check_key(&hash).map_err(|not_until| {
            self.exceeded(seconds(not_until.wait_time_from(self.clock.now())))
        });
        checked.map(|()| hash)
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

/// Whole seconds to wait.
fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u64::MAX)
        .max(1)
}

const LIMIT: [&str; 2] = ["ratelimit-limit", "x-ratelimit-limit"];
const REMAINING: [&str; 2] = ["ratelimit-remaining", "x-ratelimit-remaining"];
/// Seconds from now, not a time of day.
const RESET: [&str; 2] = ["ratelimit-reset", "x-ratelimit-reset"];

#[cfg(test)]
mod tests {
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
        assert!((0..10).all(|_| limit.check_here("a").is_ok()));
        assert!(limit.check_here("a").is_err());
        assert!(limit.check_here("b").is_ok());
        clock.advance(Duration::from_millis(5_999));
        assert!(limit.check_here("a").is_err());
        clock.advance(Duration::from_millis(1));
        assert!(limit.check_here("a").is_ok());
        assert!(limit.check_here("a").is_err());
        clock.advance(Duration::from_secs(60));
        assert!((0..10).all(|_| limit.check_here("a").is_ok()));
    }

    #[test]
    fn the_answer_says_when_to_try_again() {
        let (limit, _) = limit(1);
        limit.check_here(&("account", 7)).unwrap();
        let response = limit
            .check_here(&("account", 7))
            .unwrap_err()
            .into_response();
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
        assert!((0..100_000).all(|_| limit.check_here("a").is_ok()));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let (limit, clock) = limit(60);
        for key in 0..100_000_u32 {
            clock.advance(Duration::from_millis(10));
            limit.check_here(&key).unwrap();
        }
        // A key rests after a second, in which 100 others come.
        assert!(
            limit.keys() <= 100 + CHECKS_PER_SWEEP as usize,
            "{}",
            limit.keys()
        );
    }
}
