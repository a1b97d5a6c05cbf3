//! Asks a service again when it says so, and when it fails for a while.

use std::io;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde_json::Value;

use super::super::document::{Import, Status};
use super::super::queue::Place;
use super::{NAP, WAIT_MAX};
use crate::app::SharedApp;
use crate::http::outgoing::{Answer, Credential, OutgoingError};

/// How often a page is asked for when the service fails.
const ATTEMPTS_MAX: u32 = 6;
/// How often a service may say that a page was asked for too early.
const WAITS_MAX: u32 = 100;
/// The wait when a service does not say how long.
const WAIT_UNTOLD: Duration = Duration::from_secs(10);

/// Asks for the pages of one import.
pub struct Client<'a> {
    pub app: &'a SharedApp,
    pub place: Place,
}

/// Why contacts cannot be fetched; for who started the import.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The service, or its answer.
    #[error("{0}")]
    Refused(String),
    /// The disk.
    #[error("the contacts cannot be written to the disk: {0}")]
    Disk(#[from] io::Error),
    /// Nobody wants them any more.
    #[error("the import was cancelled")]
    Cancelled,
    /// The database: the import is left as it is.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// What to do after an answer.
enum Next {
    Take(Value),
    Wait(Duration),
    Again(String),
}

impl Client<'_> {
    /// The JSON at an address.
    pub async fn get(&self, url: Url, credential: &Credential<'_>) -> Result<Value, Problem> {
        let (mut attempts, mut waits) = (0, 0);
        loop {
            let answer = match self.app.outgoing.get(url.clone(), credential).await {
                Ok(answer) => answer,
                Err(OutgoingError::Refused(why)) => return Err(Problem::Refused(why)),
                Err(OutgoingError::Failed(why)) => {
                    attempts = self.back_off(attempts, why).await?;
                    continue;
                }
            };
            match self.judge(&answer)? {
                Next::Take(json) => return Ok(json),
                Next::Wait(pause) => {
                    waits += 1;
                    if waits > WAITS_MAX {
                        let message = "the service went on refusing requests as too many";
                        return Err(Problem::Refused(message.into()));
                    }
                    self.pause(pause).await?;
                }
                Next::Again(why) => attempts = self.back_off(attempts, why).await?,
            }
        }
    }

    fn judge(&self, answer: &Answer) -> Result<Next, Problem> {
        let status = answer.status;
        Ok(match status {
            StatusCode::OK => match serde_json::from_slice(&answer.body) {
                Ok(json) => Next::Take(json),
                Err(_) => Next::Again("the service answered something that is not JSON".into()),
            },
            StatusCode::TOO_MANY_REQUESTS => Next::Wait(self.told_wait(&answer.headers)),
            StatusCode::SERVICE_UNAVAILABLE if answer.headers.contains_key("retry-after") => {
                Next::Wait(self.told_wait(&answer.headers))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let message = format!("the service refused the credential ({status})");
                return Err(Problem::Refused(message));
            }
            _ if status.is_server_error() => Next::Again(format!("the service answered {status}")),
            _ => return Err(Problem::Refused(format!("the service answered {status}"))),
        })
    }

    /// `Retry-After` in seconds (Zendesk, HubSpot), `X-RateLimit-Reset` as an instant (Intercom), or the window of HubSpot.
    fn told_wait(&self, headers: &HeaderMap) -> Duration {
        let number = |name: &str| -> Option<u64> {
            let value = headers.get(name)?.to_str().ok()?;
            value.trim().parse().ok()
        };
        let now = u64::from(self.app.now().seconds());
        let wait = number("retry-after")
            .map(Duration::from_secs)
            .or_else(|| {
                let reset = number("x-ratelimit-reset")?;
                Some(Duration::from_secs(reset.saturating_sub(now).max(1)))
            })
            .or_else(|| {
                number("x-hubspot-ratelimit-interval-milliseconds").map(Duration::from_millis)
            });
        wait.unwrap_or(WAIT_UNTOLD).min(WAIT_MAX)
    }

    /// Waits longer each time; gives how often it was tried.
    async fn back_off(&self, attempts: u32, why: String) -> Result<u32, Problem> {
        let attempts = attempts + 1;
        if attempts >= ATTEMPTS_MAX {
            return Err(Problem::Refused(format!(
                "{why}, {ATTEMPTS_MAX} times in a row"
            )));
        }
        let pause = Duration::from_millis(self.app.config.importers.retry_pause_ms);
        self.pause(pause * (1 << (attempts - 1))).await?;
        Ok(attempts)
    }

    /// Sleeps, unless the import is to stop.
    async fn pause(&self, mut rest: Duration) -> Result<(), Problem> {
        while !rest.is_zero() {
            let nap = rest.min(NAP);
            tokio::time::sleep(nap).await;
            rest -= nap;
            if !self.is_wanted().await? {
                return Err(Problem::Cancelled);
            }
        }
        Ok(())
    }

    async fn is_wanted(&self) -> store::Result<bool> {
        let (project, id) = self.place;
        let read = self
            .app
            .store
            .lookup(project, move |snapshot| snapshot.get::<Import>(id));
        let import = read.await?.map(|row| row.doc);
        Ok(import
            .is_some_and(|import| import.status == Status::Running && !import.cancel_requested))
    }
}
