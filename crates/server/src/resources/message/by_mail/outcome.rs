//! What became of a mail, noted at the messages that it took.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{ObjectId, Tx};

use crate::app::SharedApp;
use crate::jobs::queue::{Failure, Job, Kind};
use crate::mail::{End, Outcome};
use crate::resources::message::document::{MailStatus, Message};
use crate::resources::ticket::document::Ticket;

/// The name of the job that hears what became of a mail.
pub(super) const OUTCOME: &str = "message_mailed";
const AT_ONCE: usize = 4;
const TIME_LIMIT: Duration = Duration::from_secs(30);
const PAUSES: &[Duration] = &[
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];

/// What a mail is known by.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub ticket: ObjectId,
    /// The messages in it.
    pub messages: Vec<ObjectId>,
}

/// The job that hears what became of a mail.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(OUTCOME, AT_ONCE, TIME_LIMIT, PAUSES, hear)
}

async fn hear(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Outcome { about, end, reason } = job.payload()?;
    let about: About = serde_json::from_str(about.get()).map_err(Failure::stop)?;
    let status = match end {
        End::Sent => MailStatus::Sent,
        End::Refused => MailStatus::Bounced,
        End::Failed => MailStatus::Failed,
    };
    let unit = move |tx: &mut Tx<'_>| {
        // The ticket first, as everybody does who writes in its conversation.
        tx.get_for_update::<Ticket>(about.ticket)?;
        for id in &about.messages {
            note(tx, *id, status, reason.clone())?;
        }
        Ok::<_, store::Error>(())
    };
    Ok(app.store.write(job.project, unit).await?)
}

/// Notes at a message what became of the mail with it, once. The ticket is locked.
///
/// # Errors
/// Those of the store.
pub fn note(
    tx: &mut Tx<'_>,
    message: ObjectId,
    status: MailStatus,
    reason: Option<String>,
) -> store::Result<()> {
    let Some(mut message) = tx.get_for_update::<Message>(message)? else {
        return Ok(());
    };
    if message.doc.status == Some(status) {
        return Ok(());
    }
    message.doc.set_status(status, reason, tx.now());
    tx.put(&mut message)
}
