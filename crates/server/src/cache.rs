//! A cache of what was read from the store, that never serves what a commit made old.
//!
//! A reader takes a ticket before it reads and hands it in with what it read. When something was dropped from that part
//! of the cache meanwhile, the value may be older than the commit, and is not kept. Dropping and keeping exclude each
//! other; looking up takes neither lock.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Weighter};

const PARTS: usize = 64;

/// Values by key, bounded by their weight.
pub struct CommitCache<K, V, W> {
    values: Cache<K, V, W>,
    /// How often something was dropped.
    drops: AtomicU64,
    /// The number of the last drop from each part.
    last_drops: [Mutex<u64>; PARTS],
    hasher: RandomState,
}

/// How much had been dropped before a read began.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl<K: Hash + Eq + Clone, V: Clone, W: Weighter<K, V> + Clone> CommitCache<K, V, W> {
    /// At most `weight_max` in all; `items` is about how many that is.
    pub fn new(items: usize, weight_max: u64, weighter: W) -> Self {
        let lifecycle = quick_cache::sync::DefaultLifecycle::default();
        Self {
            values: Cache::with(
                items,
                weight_max,
                weighter,
                DefaultHashBuilder::default(),
                lifecycle,
            ),
            drops: AtomicU64::new(0),
            last_drops: std::array::from_fn(|_| Mutex::new(0)),
            hasher: RandomState::new(),
        }
    }

    /// The value, when it is there.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.values.get(key)
    }

    /// To be taken before the store is read.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.drops.load(Ordering::SeqCst))
    }

    /// Keeps what was read, unless something was dropped from its part since the ticket was taken.
    pub fn keep(&self, ticket: Ticket, key: K, value: V) {
        let last_drop = self.lock(self.part(&key));
        if *last_drop <= ticket.0 {
            self.values.insert(key, value);
        }
    }

    /// Forgets a key. After this returns, no reader that began before it puts its value back.
    pub fn drop_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        let mut last_drop = self.lock(self.part(key));
        *last_drop = self.drops.fetch_add(1, Ordering::SeqCst) + 1;
        self.values.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut locks: Vec<_> = (0..PARTS).map(|part| self.lock(part)).collect();
        let drop = self.drops.fetch_add(1, Ordering::SeqCst) + 1;
        locks.iter_mut().for_each(|last_drop| **last_drop = drop);
        self.values.clear();
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % PARTS
    }

    fn lock(&self, part: usize) -> std::sync::MutexGuard<'_, u64> {
        self.last_drops[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    use quick_cache::UnitWeighter;

    fn cache() -> CommitCache<String, u32, UnitWeighter> {
        CommitCache::new(100, 100, UnitWeighter)
    }

    #[test]
    fn keeps_what_was_read() {
        let cache = cache();
        cache.keep(cache.ticket(), "a".into(), 1);
        assert_eq!(cache.get("a"), Some(1));
    }

    #[test]
    fn a_read_from_before_a_commit_is_not_kept() {
        let cache = cache();
        let ticket = cache.ticket();
        cache.drop_key("a");
        cache.keep(ticket, "a".into(), 1);
        assert_eq!(cache.get("a"), None);
        let ticket = cache.ticket();
        cache.clear();
        cache.keep(ticket, "a".into(), 1);
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn dropping_forgets() {
        let cache = cache();
        cache.keep(cache.ticket(), "a".into(), 1);
        cache.drop_key("a");
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn readers_and_a_writer_never_leave_an_old_value() {
        let cache = cache();
        let stored = AtomicU32::new(0);
        let order = Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let ticket = cache.ticket();
                        let value = stored.load(order);
                        cache.keep(ticket, "a".into(), value);
                    }
                });
            }
            for value in 1..20_000 {
                stored.store(value, order); // the commit
                cache.drop_key("a"); // its listener
                let seen = cache.get("a");
                assert!(
                    seen.is_none_or(|seen| seen >= value),
                    "{seen:?} after {value} was acknowledged"
                );
            }
        });
    }
}
