//! The job that sends a mail, and tells what became of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{ObjectId, Tx};

use super::email::{Email, Then};
use super::smtp::NotSent;
use crate::app::SharedApp;
use crate::jobs::queue::{self, Failure, Job, Kind, NewJob};

const KIND: &str = "mail";
/// Mails that are on their way at once.
const AT_ONCE: usize = 4;
/// Connecting, TLS and a handful of commands, each with its own limit.
const TIME_LIMIT: Duration = Duration::from_secs(120);
const MINUTE: u64 = 60;
/// For a day and a half.
const PAUSES: &[Duration] = &[
    Duration::from_secs(MINUTE),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(15 * MINUTE),
    Duration::from_secs(60 * MINUTE),
    Duration::from_secs(2 * 60 * MINUTE),
    Duration::from_secs(4 * 60 * MINUTE),
    Duration::from_secs(8 * 60 * MINUTE),
    Duration::from_secs(8 * 60 * MINUTE),
    Duration::from_secs(12 * 60 * MINUTE),
];

/// What became of a mail: the payload of the job that [`Then`] names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// What the sender knows the mail by.
    pub about: Box<RawValue>,
    pub end: End,
    /// Why it was not sent, in the words of the mail server. It may name people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How the sending of a mail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The mail server took it.
    Sent,
    /// The mail server refused it for good: a bounce.
    Refused,
    /// It was tried for a day and a half, or no mail server is set up.
    Failed,
}

/// Sends a mail after the commit of this unit; returns the id of the job.
///
/// # Errors
/// Those of the store.
pub fn enqueue(tx: &mut Tx<'_>, email: &Email) -> store::Result<ObjectId> {
    let job = NewJob::new(KIND, email);
    let job = match email.session {
        Some(session) => job.session(session),
        None => job,
    };
    queue::enqueue(tx, job)
}

/// How mails are sent.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, AT_ONCE, TIME_LIMIT, PAUSES, deliver)
}

/// A process that dies between the answer of the mail server and its note sends the mail again, with the same `Message-ID`.
async fn deliver(app: SharedApp, job: Job) -> Result<(), Failure> {
    let email: Email = job.payload()?;
    let Some(sent) = app.mail.send(&email, &job.id.to_string(), app.now()).await else {
        tracing::warn!(job = %job.id, "a mail is not sent: smtp.host is not set");
        let reason = "no mail server is set up".to_owned();
        return tell(&app, &job, &email, End::Failed, Some(reason)).await;
    };
    match sent {
        Ok(()) => tell(&app, &job, &email, End::Sent, None).await,
        Err(NotSent::Refused { brief, full }) => {
            tell(&app, &job, &email, End::Refused, Some(full)).await?;
            match email.then {
                Some(_) => Ok(()),
                None => Err(Failure::Stop(brief)),
            }
        }
        Err(NotSent::Later { brief, full }) => {
            if job.is_last {
                tell(&app, &job, &email, End::Failed, Some(full)).await?;
            }
            Err(Failure::Retry(brief))
        }
    }
}

async fn tell(
    app: &SharedApp,
    job: &Job,
    email: &Email,
    end: End,
    reason: Option<String>,
) -> Result<(), Failure> {
    let Some(Then { kind, about }) = email.then.clone() else {
        return Ok(());
    };
    let (session, about) = (email.session, Outcome { about, end, reason });
    let unit = move |tx: &mut Tx<'_>| {
        let job = NewJob::new(kind.clone(), &about);
        let job = match session {
            Some(session) => job.session(session),
            None => job,
        };
        queue::enqueue(tx, job).map(drop)
    };
    Ok(app.store.write(job.project, unit).await?)
}
