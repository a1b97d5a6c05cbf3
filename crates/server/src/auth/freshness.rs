//! Whether what is kept in memory of accounts is still true, where other nodes change them too: the database counts the writes, and a
//! node whose number is another forgets everything.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The last number that was seen. Requests that come at once share a question to the database: each is covered by one that was
/// asked after it came.
#[derive(Default)]
pub(super) struct Freshness {
    /// Requests that came so far.
    came: AtomicU64,
    /// The requests before this one are covered.
    covered: Mutex<u64>,
    /// What is kept in memory was true when this was the number.
    number: AtomicI64,
    /// When it was last asked for.
    asked: RwLock<Option<Instant>>,
}

impl Freshness {
    /// The number as of which all that is kept in memory is true. To be taken before that is looked at.
    pub fn number(&self) -> i64 {
        self.number.load(Ordering::SeqCst)
    }

    /// Whether what is kept in memory was true within this time.
    pub fn is_within(&self, time: Duration) -> bool {
        let asked = *self.asked.read().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|asked| asked.elapsed() < time)
    }

    /// Asks for the number, unless that was done since the call, and forgets when it is another.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn assure<E, F: Future<Output = Result<i64, E>>>(
        &self,
        ask: impl FnOnce() -> F,
        forget: impl FnOnce(),
    ) -> Result<(), E> {
        let own = self.came.fetch_add(1, Ordering::SeqCst);
        let mut covered = self.covered.lock().await;
        if *covered > own {
            return Ok(());
        }
        let (came, asked) = (self.came.load(Ordering::SeqCst), Instant::now());
        let number = ask().await?;
        if number != self.number() {
            forget();
            self.number.store(number, Ordering::SeqCst);
        }
        *self.asked.write().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        *covered = came;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn another_number_forgets_once() {
        let (freshness, forgotten) = (Freshness::default(), Cell::new(0));
        for (number, expected) in [(0, 0), (7, 1), (7, 1), (8, 2)] {
            let ask = || std::future::ready(Ok::<_, ()>(number));
            let forget = || forgotten.set(forgotten.get() + 1);
            freshness.assure(ask, forget).await.unwrap();
            assert_eq!(forgotten.get(), expected, "{number}");
        }
    }

    #[tokio::test]
    async fn a_question_covers_those_who_came_before_it_alone() {
        let (freshness, asked) = (Freshness::default(), Cell::new(0));
        let (open, gate) = tokio::sync::oneshot::channel::<()>();
        let first = async {
            let ask = || async {
                asked.set(asked.get() + 1);
                gate.await.unwrap();
                Ok::<_, ()>(1)
            };
            freshness.assure(ask, || {}).await.unwrap();
        };
        let later = || async {
            let ask = || async {
                asked.set(asked.get() + 1);
                Ok::<_, ()>(1)
            };
            freshness.assure(ask, || {}).await.unwrap();
        };
        let opener = async { open.send(()).unwrap() };
        tokio::join!(first, later(), later(), later(), opener);
        assert_eq!(
            asked.get(),
            2,
            "those who came during the first share the second"
        );
    }

    #[tokio::test]
    async fn what_was_asked_is_true_for_a_time() {
        let freshness = Freshness::default();
        assert!(!freshness.is_within(Duration::MAX), "nothing was asked");
        let ask = || std::future::ready(Ok::<_, ()>(7));
        freshness.assure(ask, || {}).await.unwrap();
        assert_eq!(freshness.number(), 7);
        assert!(freshness.is_within(Duration::MAX));
        assert!(!freshness.is_within(Duration::ZERO));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!freshness.is_within(Duration::from_millis(1)));
    }

    #[tokio::test]
    async fn a_question_that_failed_covers_nobody() {
        let freshness = Freshness::default();
        let fails = || std::future::ready(Err::<i64, _>(()));
        assert!(freshness.assure(fails, || {}).await.is_err());
        assert!(freshness.assure(fails, || {}).await.is_err());
    }
}
