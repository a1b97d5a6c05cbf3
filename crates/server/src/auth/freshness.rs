//! Whether what is kept in memory of accounts is still true, where other nodes change them too: the database counts the writes, and a
//! node whose number is another forgets everything.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The last number that was seen. Requests that come at once share a question to the database: each is covered by one that was
/// asked after it came.
#[derive(Default)]
pub(super) struct Freshness {
    /// Requests that came so far.
    came: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The requests before this one are covered.
    covered: u64,
    number: i64,
}

impl Freshness {
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
        let mut state = self.state.lock().await;
        if state.covered > own {
            return Ok(());
        }
        let covered = self.came.load(Ordering::SeqCst);
        let number = ask().await?;
        if number != state.number {
            forget();
            state.number = number;
        }
        state.covered = covered;
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
    async fn a_question_that_failed_covers_nobody() {
        let freshness = Freshness::default();
        let fails = || std::future::ready(Err::<i64, _>(()));
        assert!(freshness.assure(fails, || {}).await.is_err());
        assert!(freshness.assure(fails, || {}).await.is_err());
    }
}
