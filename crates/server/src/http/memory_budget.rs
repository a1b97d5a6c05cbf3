//! A bound on the memory that large bodies take together: each may be as large as its limit, but not all at once.

use std::time::Duration;

use axum::http::{HeaderMap, header};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::error::ApiError;

const KIB: usize = 1024;
/// How long a request waits for its share.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Seconds after which one that got none should try again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Memory that is shared out to requests.
pub struct MemoryBudget {
    kib: usize,
    free: Semaphore,
}

impl MemoryBudget {
    /// So many MiB for all.
    #[must_use]
    pub fn of_mib(mib: usize) -> Self {
        let kib = mib * KIB;
        Self {
            kib,
            free: Semaphore::new(kib),
        }
    }

    /// The share of a request, held until it is dropped: what it announces, or the most that it may send.
    ///
    /// # Errors
    /// 503 when others hold the memory for too long.
    pub async fn share(
        &self,
        headers: &HeaderMap,
        bytes_max: usize,
    ) -> Result<SemaphorePermit<'_>, ApiError> {
        let kib = announced(headers, bytes_max).div_ceil(KIB).min(self.kib);
        let share = self
            .free
            .acquire_many(u32::try_from(kib).unwrap_or(u32::MAX));
        let Ok(Ok(share)) = timeout(WAIT_MAX, share).await else {
            return Err(ApiError::unavailable(
                "overloaded",
                "Too many large requests at once. Try again in a moment.",
                RETRY_AFTER_SECONDS,
            ));
        };
        Ok(share)
    }
}

fn announced(headers: &HeaderMap, bytes_max: usize) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map_or(bytes_max, |length: usize| length.min(bytes_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_length(bytes: usize) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_LENGTH, bytes.into())])
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_is_held_until_it_is_dropped() {
        let budget = MemoryBudget::of_mib(1);
        let most = 1024 * KIB;
        let first = budget.share(&of_length(1000 * KIB), most).await.unwrap();
        let second = budget.share(&of_length(24 * KIB), most).await.unwrap();
        let refused = budget.share(&of_length(1), most).await.unwrap_err();
        assert_eq!(refused.status().as_u16(), 503);
        drop((first, second));
        // One that does not say its length gets as much as it may send, and never more than there is.
        let all = budget.share(&HeaderMap::new(), 5 * most).await.unwrap();
        assert!(budget.share(&of_length(1), most).await.is_err());
        drop(all);
        assert!(budget.share(&of_length(1), most).await.is_ok());
    }
}
