//! A cache of what was read from the store, that never serves what a commit made old.
//!
//! A reader takes a ticket before it reads and hands it in with what it read. When something was dropped from that part
//! of the cache meanwhile, the value may be older than the commit, and is not kept. Dropping and keeping exclude each
//! other; looking up takes neither lock.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Weighter};

const PARTS: usize = 64;

/// Values by key, bounded by their weight.
pub struct CommitCache<K, V, W> {
    values: Cache<K, V, W>,
    /// How often something was dropped from each part.
    drops: [Mutex<u64>; PARTS],
    hasher: RandomState,
}

/// The state of a part of the cache before a read.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    part: usize,
    drops: u64,
}

impl<K: Hash + Eq + Clone, V: Clone, W: Weighter<K, V> + Clone> CommitCache<K, V, W> {
    /// At most `weight_max` in all; `items` is about how many that is.
    pub fn new(items: usize, weight_max: u64, weighter: W) -> Self {
        Self {
            values: Cache::with(
                items,
                weight_max,
                weighter,
                DefaultHashBuilder::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            drops: std::array::from_fn(|_| Mutex::new(0)),
            hasher: RandomState::new(),
        }
    }

    /// The value, when it is there.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.values.get(key)
    }

    /// To be taken before the store is read for `key`.
    pub fn ticket<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Ticket {
        let part = self.part(key);
        Ticket {
            part,
            drops: *self.lock(part),
        }
    }

    /// Keeps what was read, unless something was dropped from that part since the ticket was taken.
    pub fn keep(&self, ticket: Ticket, key: K, value: V) {
        let drops = self.lock(ticket.part);
        if *drops == ticket.drops {
            self.values.insert(key, value);
        }
    }

    /// Forgets a key. After this returns, no reader that began before it puts its value back.
    pub fn drop_key<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        let mut drops = self.lock(self.part(key));
        *drops += 1;
        self.values.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut locks: Vec<_> = (0..PARTS).map(|part| self.lock(part)).collect();
        locks.iter_mut().for_each(|drops| **drops += 1);
        self.values.clear();
    }

    fn part<Q: Hash + ?Sized>(&self, key: &Q) -> usize {
        usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % PARTS
    }

    fn lock(&self, part: usize) -> std::sync::MutexGuard<'_, u64> {
        self.drops[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_cache::UnitWeighter;

    fn cache() -> CommitCache<String, u32, UnitWeighter> {
        CommitCache::new(100, 100, UnitWeighter)
    }

    #[test]
    fn keeps_what_was_read() {
        let cache = cache();
        cache.keep(cache.ticket("a"), "a".into(), 1);
        assert_eq!(cache.get("a"), Some(1));
    }

    #[test]
    fn a_read_from_before_a_commit_is_not_kept() {
        let cache = cache();
        let ticket = cache.ticket("a");
        cache.drop_key("a");
        cache.keep(ticket, "a".into(), 1);
        assert_eq!(cache.get("a"), None);
        let ticket = cache.ticket("a");
        cache.clear();
        cache.keep(ticket, "a".into(), 1);
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn dropping_forgets() {
        let cache = cache();
        cache.keep(cache.ticket("a"), "a".into(), 1);
        cache.drop_key("a");
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn readers_and_a_writer_never_leave_an_old_value() {
        let cache = cache();
        let stored = std::sync::atomic::AtomicU32::new(0);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let ticket = cache.ticket("a");
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
