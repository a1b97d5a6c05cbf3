//! What a session has not seen in a page or an app goes to its address, after a while.
//!
//! Every message to a session asks for a look at it later ([`later`]). When it is still unread then, one mail takes it and all that is
//! unread in the same conversation: a second look finds nothing to do.

mod letter;
mod outcome;
mod reply_address;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, Row, Tx};

use self::letter::Letter;
pub use self::outcome::kind as outcome_kind;
pub use self::outcome::note;
pub use self::reply_address::{BASE_CHARS_MAX, ReplyToken};
use super::conversation::{in_order, of};
use super::document::{MailStatus, Message};
use crate::accounts::SCOPE;
use crate::accounts::project::Project;
use crate::app::SharedApp;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::mail;
use crate::resources::session::document::Session;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::{By, ChangeKind, TicketChange};
use crate::resources::ticket::people::Team;
use crate::resources::ticket::settings::{self, ReplyMail};

/// The name of the job that looks at a message.
const KIND: &str = "message_mail";
/// Mails that are written at once.
const AT_ONCE: usize = 4;
const TIME_LIMIT: Duration = Duration::from_secs(30);
const PAUSES: &[Duration] = &[
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];
/// Messages in one mail: of more the newest.
const MESSAGES_PER_MAIL: u32 = 50;
/// Mails of a conversation whose ids its ticket keeps.
const REFS_KEPT_MAX: usize = mail::REFERENCES_MAX;

/// Which message.
#[derive(Serialize, Deserialize)]
struct Unseen {
    message: ObjectId,
}

/// The job that looks whether a message was seen.
#[must_use]
pub fn kind() -> Kind {
    Kind::new(KIND, AT_ONCE, TIME_LIMIT, PAUSES, look)
}

/// Has a message looked at after the time that the project set.
///
/// # Errors
/// Those of the store.
pub(super) fn later(
    tx: &mut Tx<'_>,
    message: &Row<Message>,
    session: ObjectId,
) -> store::Result<()> {
    let ReplyMail {
        enabled,
        after_seconds,
        ..
    } = settings::of(tx)?.reply_mail;
    if !enabled {
        return Ok(());
    }
    let unseen = Unseen {
        message: message.id,
    };
    let at = Millis(tx.now().0 + i64::from(after_seconds) * 1000);
    let job = NewJob::new(KIND, &unseen).run_at(at).session(session);
    enqueue(tx, job).map(drop)
}

async fn look(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Unseen { message } = job.payload()?;
    if !app.mail.is_set_up() {
        return Ok(());
    }
    let read = app.store.read(SCOPE, move |snapshot| {
        let project = snapshot.get::<Project>(job.project)?;
        Ok::<_, store::Error>(project.map(|row| row.doc.name))
    });
    let Some(name) = read.await? else {
        return Ok(());
    };
    let team = app.people.of(&app, job.project).await?;
    let shared = Arc::clone(&app);
    let unit = move |tx: &mut Tx<'_>| write(tx, &shared, message, &name, &team);
    app.store.write(job.project, unit).await
}

/// Writes the mail, when there is one to write.
fn write(
    tx: &mut Tx<'_>,
    app: &SharedApp,
    id: ObjectId,
    project: &str,
    team: &Team,
) -> Result<(), Failure> {
    let Some(asked) = tx.get::<Message>(id)?.filter(is_to_be_sent) else {
        return Ok(());
    };
    let Some(mut ticket) = tx.get_for_update::<Ticket>(asked.doc.ticket)? else {
        return Ok(());
    };
    let Some(session) = recipient(tx, &ticket)? else {
        return Ok(());
    };
    let messages = unseen(tx, ticket.id)?;
    let letter = Letter {
        app,
        project,
        team,
        language: &settings::of(tx)?.reply_mail.language,
        ticket: &ticket,
        session: &session,
        messages: &messages,
    };
    let email = letter.write(tx.project())?;
    mail::enqueue(tx, &email)?;
    let id = email.message_id.unwrap_or_default();
    for mut message in messages {
        message.doc.email_id = Some(id.clone());
        message.doc.set_status(MailStatus::Queued, None, tx.now());
        tx.put(&mut message)?;
    }
    refer(&mut ticket.doc, &id);
    tx.put(&mut ticket)?;
    Ok(())
}

/// Notes a mail of a conversation, so that the next one answers it. The caller saves the ticket.
pub fn refer(ticket: &mut Ticket, mail: &str) {
    let refs = &mut ticket.email_refs;
    refs.push(mail.to_owned());
    let old = refs.len().saturating_sub(REFS_KEPT_MAX);
    refs.drain(..old);
}

fn is_to_be_sent(message: &Row<Message>) -> bool {
    message.doc.session_notifications_unread && message.doc.email_id.is_none()
}

/// The session of a ticket, when it may be written to: it has an address and is not blocked, and if it unsubscribed, the conversation is one
/// that it began or took part in.
fn recipient(tx: &Tx<'_>, ticket: &Row<Ticket>) -> store::Result<Option<Row<Session>>> {
    let Some(id) = ticket.doc.session else {
        return Ok(None);
    };
    let session = tx.get::<Session>(id)?;
    let Some(session) = session.filter(|row| row.doc.email.is_some() && !row.doc.blocked) else {
        return Ok(None);
    };
    let may = !session.doc.unsubscribed || is_asked_for(tx, ticket.id, id)?;
    Ok(may.then_some(session))
}

/// Whether the session said something in the conversation, or made the ticket.
fn is_asked_for(tx: &Tx<'_>, ticket: ObjectId, session: ObjectId) -> store::Result<bool> {
    let by_session = Filter::Eq(FieldPath::known("session"), Scalar::Id(session));
    let said = Query {
        filter: Filter::And(vec![of(ticket), by_session]),
        limit: 1,
        ..Query::default()
    };
    if !tx.page::<Message>(&said)?.rows.is_empty() {
        return Ok(true);
    }
    let made = Query {
        filter: of(ticket),
        limit: 1,
        ..Query::default()
    };
    let first = tx.page::<TicketChange>(&made)?.rows;
    let Some(first) = first.first() else {
        return Ok(false);
    };
    let first: TicketChange = first.parse()?;
    Ok(first.kind == ChangeKind::Created && matches!(first.by, By::Session(_)))
}

/// What the session has not seen of a conversation and was not sent, in its order.
fn unseen(tx: &Tx<'_>, ticket: ObjectId) -> store::Result<Vec<Row<Message>>> {
    let is_unread = Filter::Eq(
        FieldPath::known("sessionNotificationsUnread"),
        Scalar::Bool(true),
    );
    let newest = Query {
        filter: Filter::And(vec![of(ticket), is_unread]),
        sort: in_order(true),
        limit: MESSAGES_PER_MAIL,
        ..Query::default()
    };
    let mut messages = Vec::new();
    for row in tx.page::<Message>(&newest)?.rows.iter().rev() {
        let message = row.typed::<Message>()?;
        if is_to_be_sent(&message) {
            messages.push(message);
        }
    }
    Ok(messages)
}
