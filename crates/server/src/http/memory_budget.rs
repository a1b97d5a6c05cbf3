//! A bound on the memory that large bodies take together: each may be as large as its limit, but not all at once.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::error::ApiError;
use super::json::Incoming;

const KIB: usize = 1024;
/// How long a body waits for more memory.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Seconds after which one that got none should try again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Memory that is shared out to bodies.
pub struct MemoryBudget {
    free: Semaphore,
}

/// A body, and its share of the memory until this is dropped.
pub struct Held<'b> {
    /// The body.
    pub bytes: Bytes,
    _share: Option<SemaphorePermit<'b>>,
}

impl MemoryBudget {
    /// So many MiB for all.
    #[must_use]
    pub fn of_mib(mib: usize) -> Self {
        Self {
            free: Semaphore::new(mib * KIB),
        }
    }

    /// Reads a body of at most so many bytes. It takes memory as it comes: who announces much and sends little holds little.
    ///
    /// # Errors
    /// 503 when others hold the memory for too long; those of reading a body.
    pub async fn read(&self, request: Request, bytes_max: usize) -> Result<Held<'_>, ApiError> {
        let mut body = Incoming::of(request, bytes_max)?;
        let (mut bytes, mut share, mut held) = (Vec::new(), None, 0);
        while let Some(part) = body.next().await? {
            let wanted = (bytes.len() + part.len()).div_ceil(KIB);
            if wanted > held {
                let more = self.acquire(wanted - held).await?;
                share = match share.take() {
                    None => Some(more),
                    Some(mut share) => {
                        SemaphorePermit::merge(&mut share, more);
                        Some(share)
                    }
                };
                held = wanted;
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Held {
            bytes: bytes.into(),
            _share: share,
        })
    }

    async fn acquire(&self, kib: usize) -> Result<SemaphorePermit<'_>, ApiError> {
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        match timeout(WAIT_MAX, self.free.acquire_many(kib)).await {
            Ok(Ok(share)) => Ok(share),
            _ => Err(ApiError::unavailable(
                "overloaded",
                "Too many large requests at once. Try again in a moment.",
                RETRY_AFTER_SECONDS,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::{StreamExt, stream};

    use super::*;

    fn of_kib(kib: usize) -> Request {
        Request::post("/")
            .body(Body::from(vec![b'x'; kib * KIB]))
            .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_is_held_until_it_is_dropped() {
        let budget = MemoryBudget::of_mib(1);
        let most = 1024 * KIB;
        let first = budget.read(of_kib(1000), most).await.unwrap();
        let second = budget.read(of_kib(24), most).await.unwrap();
        let refused = budget.read(of_kib(1), most).await.err().unwrap();
        assert_eq!(refused.status().as_u16(), 503);
        drop((first, second));
        assert_eq!(budget.read(of_kib(1), most).await.unwrap().bytes.len(), KIB);
    }

    #[tokio::test(start_paused = true)]
    async fn who_announces_much_and_sends_little_is_in_nobodys_way() {
        let budget = MemoryBudget::of_mib(1);
        let most = 1024 * KIB;
        let slow = stream::iter([Ok::<_, std::io::Error>("x")]).chain(stream::pending());
        let announced = Request::post("/")
            .header("content-length", most)
            .body(Body::from_stream(slow))
            .unwrap();
        let (slow, quick) = tokio::join!(
            budget.read(announced, most),
            budget.read(of_kib(1000), most)
        );
        assert_eq!(slow.err().unwrap().status().as_u16(), 408);
        assert_eq!(quick.unwrap().bytes.len(), 1000 * KIB);
    }
}
