//! What was said in a ticket, sent by email.

use axum::extract::{Path, State};
use indexmap::IndexMap;
use lettre::Address;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Query, Row, Tx};
use utoipa::ToSchema;

use super::document::{Attachment, Ticket};
use super::history::{self, By, ChangeKind, Difference};
use super::render::Viewer;
use super::show::parse_id;
use super::write::find_for_update;
use crate::app::{App, SharedApp};
use crate::auth::{Member, TicketsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::mail::{self, Email, Person, Rendered};
use crate::resources::message::conversation::{in_order, of};
use crate::resources::message::document::Message;
use crate::resources::message::rich_text::{Node, html};
use crate::resources::session::document::Session;

/// Addresses that one call sends to.
pub const EMAILS_MAX: usize = 10;
/// Messages of a transcript; of more the newest.
pub const MESSAGES_MAX: u32 = 500;
/// Bytes of what they say as HTML; of more the newest.
pub const BYTES_MAX: usize = 1 << 20;
/// The template.
const TEMPLATE: &str = "transcript";

/// Whom to send it to.
#[derive(Clone, Deserialize, ToSchema)]
pub struct TranscriptInput {
    /// 1 to 10 addresses. Each gets a mail of its own.
    #[schema(example = json!(["ada@example.com"]))]
    emails: Vec<String>,
}

/// Mails that are on their way.
#[derive(Serialize, ToSchema)]
pub struct TranscriptAnswer {
    /// Always true.
    success: bool,
}

/// Send a transcript
///
/// Sends what was said in the ticket by email: the newest 500 messages, up to 1 MiB, without notes. The mails are in the language of the session.
#[utoipa::path(
    post, path = "/v3/tickets/{ticketId}/send-transcript", operation_id = "SendTicketTranscript", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = TranscriptInput,
    responses(
        (status = 200, description = "The mails are on their way", body = TranscriptAnswer),
        (status = 409, description = "The server has no mail server", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn send(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    Json(body): Json<TranscriptInput>,
) -> Result<Json<TranscriptAnswer>, ApiError> {
    let id = parse_id(&ticket_id)?;
    let emails = addresses(&body.emails)?;
    if !app.mail.is_set_up() {
        return Err(ApiError::conflict(
            "mail_not_set_up",
            "This server sends no mail: ask its operator to set smtp.host.",
        ));
    }
    let viewer = Viewer::of(&app, &member).await?;
    let by = By::User(member.user);
    let mailer = app.clone();
    let write = app.store.write(member.project, move |tx| {
        let ticket = find_for_update(tx, id)?;
        let session = match ticket.doc.session {
            Some(session) => tx.get::<Session>(session)?,
            None => None,
        };
        let mail = write(&mailer, tx, &ticket, session.as_ref(), &viewer)?;
        for address in &emails {
            let email = Email {
                html: Some(mail.html.clone()),
                session: ticket.doc.session,
                ..Email::new(Person::at(address), mail.subject.clone(), mail.text.clone())
            };
            mail::enqueue(tx, &email)?;
        }
        record(tx, id, by, &emails)
    });
    write.await?;
    Ok(Json(TranscriptAnswer { success: true }))
}

fn addresses(emails: &[String]) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    if !(1..=EMAILS_MAX).contains(&emails.len()) {
        faults.push(format!("emails: must be 1 to {EMAILS_MAX} addresses"));
    }
    for (number, email) in emails.iter().enumerate().take(EMAILS_MAX) {
        if email.trim().parse::<Address>().is_err() {
            faults.push(format!("emails[{number}]: must be an email address"));
        }
    }
    if faults.is_empty() {
        let mut emails: Vec<_> = emails.iter().map(|email| email.trim().to_owned()).collect();
        emails.sort_unstable();
        emails.dedup();
        return Ok(emails);
    }
    Err(ApiError::unprocessable("invalid_field", faults))
}

/// The history says to whom.
fn record(tx: &mut Tx<'_>, ticket: ObjectId, by: By, emails: &[String]) -> Result<(), ApiError> {
    let told = Difference {
        from: None,
        to: Some(to_raw_value(emails).map_err(ApiError::internal)?),
    };
    let fields = IndexMap::from([("emails".to_owned(), told)]);
    history::record(tx, ticket, ChangeKind::TranscriptSent, by, fields)?;
    Ok(())
}

/// A message as the template shows it.
#[derive(Serialize)]
struct Said {
    /// Empty for a program without a name, and a session of which nothing is known.
    who: String,
    is_session: bool,
    date: String,
    text: String,
    html: String,
    files: Vec<Attachment>,
}

fn write(
    app: &App,
    tx: &Tx<'_>,
    ticket: &Row<Ticket>,
    session: Option<&Row<Session>>,
    viewer: &Viewer,
) -> Result<Rendered, ApiError> {
    #[derive(Serialize)]
    struct Values {
        number: u64,
        title: String,
        messages: Vec<Said>,
        /// Whether earlier ones are left out.
        is_cut: bool,
    }
    let is_note = Filter::Eq(FieldPath::known("type"), Scalar::Text("NOTE".into()));
    let query = Query {
        filter: Filter::And(vec![of(ticket.id), Filter::Not(Box::new(is_note))]),
        sort: in_order(true),
        limit: MESSAGES_MAX,
        ..Query::default()
    };
    let page = tx.page::<Message>(&query)?;
    let (mut messages, mut bytes) = (Vec::new(), 0);
    for row in &page.rows {
        let message = said(row.parse()?, tx, viewer)?;
        bytes += message.html.len();
        if bytes > BYTES_MAX && !messages.is_empty() {
            break;
        }
        messages.push(message);
    }
    let is_cut = page.next.is_some() || messages.len() < page.rows.len();
    messages.reverse();
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let title = ticket.doc.title.as_deref().unwrap_or_default();
    let values = Values {
        number: ticket.doc.bug_id,
        title: title.chars().map(shown).collect(),
        messages,
        is_cut,
    };
    let language = session.map_or("", |session| session.doc.lang.as_str());
    let mail = app.mail.templates.render(language, TEMPLATE, values);
    mail.map_err(ApiError::internal)
}

fn said(message: Message, tx: &Tx<'_>, viewer: &Viewer) -> Result<Said, ApiError> {
    let document: Node =
        serde_json::from_str(message.data.content.get()).map_err(ApiError::internal)?;
    let other = message.fallback_user.and_then(|other| other.username);
    let who = match (other, message.session) {
        (Some(name), _) => name,
        (None, Some(session)) => {
            let session = tx.get::<Session>(session)?;
            let name = session.and_then(|row| row.doc.name.or(row.doc.email));
            name.unwrap_or_default()
        }
        (None, None) => viewer.voice(message.user).name,
    };
    Ok(Said {
        who,
        is_session: message.kind.is_of_session(),
        date: date(message.created_at),
        text: message.data.text,
        html: html(&document),
        files: message.attachments,
    })
}

/// `2026-01-31 08:05 UTC`: nobody knows where the mail is read.
fn date(at: Millis) -> String {
    let at = at.to_string();
    let (day, time) = at.split_once('T').unwrap_or((&at, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or_default())
}
