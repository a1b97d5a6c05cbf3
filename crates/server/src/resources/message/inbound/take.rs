//! What becomes of a mail that came in.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::bounced;
use super::files::Kept;
use super::mail::{Mail, MailKind, Written};
use super::place::{Place, gone, look_up};
use super::{bounced::with_mail, place};
use crate::app::SharedApp;
use crate::http::error::ApiError;
use crate::identity::email_key;
use crate::live::notification::Voice;
use crate::mail::Person;
use crate::resources::message::body::{ByMail, NewMessage};
use crate::resources::message::by_mail::{ReplyToken, refer};
use crate::resources::message::create::report;
use crate::resources::message::document::{FallbackUser, Message, MessageData, MessageKind};
use crate::resources::message::{conversation, rich_text};
use crate::resources::session::document::Session;
use crate::resources::session::lookup;
use crate::resources::ticket::history::By;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InboundMailBody {
    /// What became of it.
    pub outcome: InboundMailOutcome,
    /// Why it was ignored: `auto_submitted`, `precedence`, `autoreply`, `empty_return_path`, `report`, `unknown_mail` (a report of a mail that nobody
    /// knows), `own` (a mail of this server that came back) or `empty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub reason: Option<String>,
    /// The ticket in whose conversation it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub ticket: Option<ObjectId>,
    /// The message that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub message: Option<ObjectId>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InboundMailOutcome {
    /// It is a message now.
    Taken,
    /// It came before, and is a message.
    Repeated,
    /// No person wrote it, or it says nothing.
    Ignored,
    /// It says that a mail of this server did not arrive, which is noted at the messages in it.
    Bounced,
}

impl InboundMailBody {
    pub(super) fn ignored(reason: &str) -> Self {
        Self {
            outcome: InboundMailOutcome::Ignored,
            reason: Some(reason.to_owned()),
            ticket: None,
            message: None,
        }
    }

    pub(super) fn bounced(ticket: ObjectId) -> Self {
        Self {
            outcome: InboundMailOutcome::Bounced,
            reason: None,
            ticket: Some(ticket),
            message: None,
        }
    }

    fn said(outcome: InboundMailOutcome, ticket: ObjectId, message: ObjectId) -> Self {
        Self {
            outcome,
            reason: None,
            ticket: Some(ticket),
            message: Some(message),
        }
    }
}

/// Takes a mail in. `recipient`: whom it was handed over for, when that is known beside its headers.
///
/// # Errors
/// 413 and 422 when it cannot be read, 404 when it went to no conversation, 410 when that is gone, 503 when it may be tried again.
pub async fn take(
    app: &SharedApp,
    raw: Bytes,
    recipient: Option<String>,
) -> Result<InboundMailBody, ApiError> {
    let most = app.config.smtp.inbound_bytes_max;
    if raw.len() > most {
        return Err(too_large(most));
    }
    let app = SharedApp::clone(app);
    // On a task of its own, which ends what it began also when the caller goes away.
    let work = async move { take_now(&app, raw, recipient).await };
    tokio::spawn(work).await.map_err(ApiError::internal)?
}

/// 413: more than the operator allows.
pub fn too_large(most: usize) -> ApiError {
    ApiError::too_large(
        "mail_too_large",
        format!(
            "The mail is larger than {most} bytes (smtp.inbound_bytes_max): send a smaller one."
        ),
    )
}

async fn take_now(
    app: &SharedApp,
    raw: Bytes,
    recipient: Option<String>,
) -> Result<InboundMailBody, ApiError> {
    let read = tokio::task::spawn_blocking(move || Mail::read(&raw));
    let mail = read.await.map_err(ApiError::internal)?;
    let mail = mail.map_err(|fault| {
        ApiError::unprocessable("mail_unreadable", vec![format!("the mail: {fault}")])
    })?;
    let named = recipient.unwrap_or_default();
    let mut tokens: Vec<_> = ReplyToken::find(&named).collect();
    tokens.extend(mail.tokens);
    let (id, has_id, from) = (mail.id, mail.has_id, mail.from);
    match mail.kind {
        MailKind::Automatic(sign) => Ok(InboundMailBody::ignored(sign)),
        MailKind::Bounce(bounce) => bounced::take(app, bounce, tokens).await,
        MailKind::Written(written) => {
            let (token, place) = place::find(app, &tokens).await?;
            let answer = Answer {
                id,
                has_id,
                from,
                token,
            };
            answer.take(app, place, written).await
        }
    }
}

/// A mail that somebody wrote to a conversation.
#[derive(Clone)]
struct Answer {
    id: String,
    has_id: bool,
    from: Option<Person>,
    token: ReplyToken,
}

/// What came of saying it.
enum Said {
    New(Box<Row<Message>>),
    Before(InboundMailBody),
}

impl Answer {
    async fn take(
        self,
        app: &SharedApp,
        place: Place,
        written: Written,
    ) -> Result<InboundMailBody, ApiError> {
        if written.text.is_empty() && written.files.is_empty() {
            return Ok(InboundMailBody::ignored("empty"));
        }
        // What was said before needs no files again.
        if !written.files.is_empty()
            && let Some(before) = self.said_before(app, place).await?
        {
            return Ok(before);
        }
        let kept = Kept::store(app, place, written.files).await?;
        let said = self.say(app, place, &written.text, &kept).await;
        match said {
            Ok(Said::New(message)) => {
                report(app, place.project, &message);
                let ticket = message.doc.ticket;
                Ok(InboundMailBody::said(
                    InboundMailOutcome::Taken,
                    ticket,
                    message.id,
                ))
            }
            Ok(Said::Before(before)) => {
                kept.discard().await;
                Ok(before)
            }
            Err(error) => {
                kept.discard().await;
                Err(error)
            }
        }
    }

    async fn said_before(
        &self,
        app: &SharedApp,
        place: Place,
    ) -> Result<Option<InboundMailBody>, ApiError> {
        let (ticket, id) = (place.ticket, self.id.clone());
        let unit = move |tx: &mut Tx<'_>| {
            let ticket = conversation::open(tx, ticket)?;
            Ok::<_, ApiError>(said_before(tx, ticket.id, &id)?)
        };
        app.store.write(place.project, unit).await
    }

    async fn say(
        self,
        app: &SharedApp,
        place: Place,
        text: &str,
        kept: &Kept,
    ) -> Result<Said, ApiError> {
        let data = said(text, &kept.left_out)?;
        let (attachments, files) = (kept.attachments.clone(), kept.tokens.clone());
        let key = *app.key.reply_key();
        let unit = move |tx: &mut Tx<'_>| {
            // Once more, now that nobody changes it.
            let place = look_up(tx, &key, &self.token)?;
            let mut ticket = conversation::open(tx, place.ticket)?;
            if let Some(before) = said_before(tx, ticket.id, &self.id)? {
                return Ok(Said::Before(before));
            }
            if self.has_id {
                refer(&mut ticket.doc, &self.id);
            }
            let author = lookup::find_for_update(tx, place.session).map_err(|_| gone())?;
            let new = NewMessage {
                session: Some(author.id),
                fallback_user: self.shown_as(&author.doc),
                attachments: attachments.clone(),
                by_mail: Some(ByMail {
                    id: self.id.clone(),
                    from: self.from.as_ref().map(|from| from.address.clone()),
                }),
                ..NewMessage::of(MessageKind::UserText, data.clone())
            };
            let (by, voice) = (By::Session(author.id), Voice::default());
            let message = conversation::add(tx, &mut ticket, new, by, &voice, &files)?;
            Ok::<_, ApiError>(Said::New(Box::new(message)))
        };
        app.store.write(place.project, unit).await
    }

    /// Who is shown to have said it, when the mail came from another address than that of the session.
    fn shown_as(&self, session: &Session) -> Option<FallbackUser> {
        let from = self.from.as_ref()?;
        let key = |address: &str| email_key(address);
        let own = session.email.as_deref().and_then(key);
        if own.is_some() && own == key(&from.address) {
            return None;
        }
        Some(FallbackUser {
            // With the address: the name alone may be that of anybody.
            username: Some(match &from.name {
                Some(name) => format!("{name} ({})", from.address),
                None => from.address.clone(),
            }),
            email: Some(from.address.clone()),
            image_url: None,
        })
    }
}

/// What was made of the mail when it came before.
fn said_before(tx: &Tx<'_>, ticket: ObjectId, id: &str) -> store::Result<Option<InboundMailBody>> {
    let Some(message) = with_mail(tx, ticket, id)?.first().copied() else {
        return Ok(None);
    };
    let row = tx.get::<Message>(message)?;
    let is_answer = row.is_some_and(|row| row.doc.kind.is_of_session());
    Ok(Some(if is_answer {
        InboundMailBody::said(InboundMailOutcome::Repeated, ticket, message)
    } else {
        InboundMailBody::ignored("own")
    }))
}

/// The text as messages have it.
fn said(text: &str, left_out: &[String]) -> Result<MessageData, ApiError> {
    let lines: Vec<_> = std::iter::once(text)
        .filter(|text| !text.is_empty())
        .chain(left_out.iter().map(String::as_str))
        .collect();
    let document = rich_text::read(&Value::String(lines.join("\n"))).map_err(|fault| {
        ApiError::unprocessable(
            "mail_too_long",
            vec![format!("the text of the mail: {fault}")],
        )
    })?;
    MessageData::of(&document).map_err(ApiError::internal)
}
