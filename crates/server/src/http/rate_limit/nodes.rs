//! A limit over all nodes that share a database. Each tells what it used in batches, so that few requests wait for the database: what the
//! nodes have not told yet may come on top of the limit, and that is less than a batch for each.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use store::Store;

/// A batch is this part of the limit. Limits below it are told of each use before it is allowed, and are exact.
const PART: u32 = 20;
/// What was not told for so long is of a minute that is over.
const MINUTE: Duration = Duration::from_secs(60);

/// What this node used of one limit.
pub(super) struct Nodes {
    name: &'static str,
    per_minute: u32,
    keys: Mutex<HashMap<u64, Use>>,
}

struct Use {
    untold: u32,
    /// When the first of what is untold was used.
    since: Instant,
    /// Until then the database said that all is used up.
    closed_until: Option<Instant>,
}

impl Nodes {
    pub fn new(name: &'static str, per_minute: u32) -> Self {
        Self {
            name,
            per_minute,
            keys: Mutex::default(),
        }
    }

    /// Counts one for a key, which is also known by its `hash` in this process. The error is how long to wait.
    pub async fn check(
        &self,
        store: &Store,
        hash: u64,
        key: &(impl Hash + ?Sized + Sync),
    ) -> Result<(), Duration> {
        let Some(more) = self.note(hash, Instant::now())? else {
            return Ok(());
        };
        let counted = store.count(self.name_of(key), more).await;
        match counted {
            Ok(Some(counted)) if counted.number > i64::from(self.per_minute) => {
                self.close(hash, Instant::now() + counted.rest);
                Err(counted.rest)
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!(%error, "a limit is not shared with other nodes now");
                Ok(())
            }
        }
    }

    /// Counts one here; gives how many are to be told.
    fn note(&self, hash: u64, now: Instant) -> Result<Option<u32>, Duration> {
        let batch = (self.per_minute / PART).max(1);
        let mut keys = self.keys();
        let used = keys.entry(hash).or_insert(Use {
            untold: 0,
            since: now,
            closed_until: None,
        });
        if let Some(until) = used.closed_until.filter(|until| *until > now) {
            return Err(until - now);
        }
        if used.is_old(now) {
            used.untold = 0;
        }
        if used.untold == 0 {
            used.since = now;
        }
        used.untold += 1;
        if used.untold < batch {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut used.untold)))
    }

    fn close(&self, hash: u64, until: Instant) {
        if let Some(used) = self.keys().get_mut(&hash) {
            used.closed_until = Some(until);
        }
    }

    /// Forgets keys of which nothing counts any more.
    pub fn sweep(&self) {
        let now = Instant::now();
        let is_closed = |used: &Use| used.closed_until.is_some_and(|until| until > now);
        (self.keys()).retain(|_, used| is_closed(used) || !used.is_old(now));
    }

    /// The name under which all nodes count: not to be guessed, so that nobody chooses keys that share one.
    fn name_of(&self, key: &(impl Hash + ?Sized)) -> [u8; 16] {
        let mut digest = Hashed(Sha256::new());
        self.name.hash(&mut digest);
        key.hash(&mut digest);
        let digest: [u8; 32] = digest.0.finalize().into();
        std::array::from_fn(|n| digest[n])
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<u64, Use>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Use {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > MINUTE
    }
}

/// The bytes by which a key is told from others, digested.
struct Hashed(Sha256);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0 // nobody asks: the digest is taken instead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(nodes: &Nodes, now: Instant, times: u32) -> Vec<Option<u32>> {
        (0..times).map(|_| nodes.note(1, now).unwrap()).collect()
    }

    #[test]
    fn what_was_used_is_told_in_batches() {
        let (nodes, now) = (Nodes::new("a", 60), Instant::now());
        let all = [None, None, Some(3), None, None, Some(3)];
        assert_eq!(told(&nodes, now, 6), all);
    }

    #[test]
    fn small_limits_are_told_of_each_use() {
        for per_minute in [1, 19, 20, 39] {
            let nodes = Nodes::new("a", per_minute);
            assert_eq!(told(&nodes, Instant::now(), 2), [Some(1), Some(1)]);
        }
    }

    #[test]
    fn what_is_of_an_earlier_minute_is_not_told() {
        let (nodes, now) = (Nodes::new("a", 60), Instant::now());
        assert_eq!(told(&nodes, now, 2), [None, None]);
        let later = now + MINUTE + Duration::from_millis(1);
        assert_eq!(told(&nodes, later, 3), [None, None, Some(3)]);
    }

    #[test]
    fn a_key_is_closed_until_the_minute_ends() {
        let (nodes, now) = (Nodes::new("a", 20), Instant::now());
        assert_eq!(told(&nodes, now, 1), [Some(1)]);
        let second = Duration::from_secs(1);
        nodes.close(1, now + second);
        assert_eq!(nodes.note(1, now), Err(second));
        assert_eq!(nodes.note(2, now), Ok(Some(1)), "another key is not");
        assert_eq!(nodes.note(1, now + second), Ok(Some(1)));
    }

    #[test]
    fn keys_have_the_same_name_on_each_node() {
        let name = |limit, key: &str| Nodes::new(limit, 20).name_of(key);
        assert_eq!(name("a", "key"), name("a", "key"));
        assert_ne!(name("a", "key"), name("a", "other"));
        assert_ne!(name("a", "key"), name("b", "key"));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let nodes = Nodes::new("a", 60);
        let Some(long_ago) = Instant::now().checked_sub(2 * MINUTE) else {
            return; // the machine just started
        };
        nodes.note(1, long_ago).unwrap();
        nodes.note(2, Instant::now()).unwrap();
        nodes.sweep();
        assert_eq!(nodes.keys().keys().collect::<Vec<_>>(), [&2]);
    }
}
