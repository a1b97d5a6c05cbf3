//! A mail that came back: noted at the messages that it took.

use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, Tx};

use super::place;
use super::report::Bounce;
use super::take::InboundMailBody;
use crate::app::SharedApp;
use crate::http::error::ApiError;
use crate::resources::message::by_mail::{ReplyToken, note};
use crate::resources::message::conversation::{of, open};
use crate::resources::message::document::{MailStatus, Message};

/// Notes a bounce. A report of which nobody knows the mail is passed over: nobody is to be told of it in another mail.
///
/// # Errors
/// Those of the store.
pub async fn take(
    app: &SharedApp,
    bounce: Bounce,
    mut tokens: Vec<ReplyToken>,
) -> Result<InboundMailBody, ApiError> {
    tokens.extend(bounce.tokens.iter().cloned());
    let place = match place::find(app, &tokens).await {
        Ok((_, place)) => place,
        Err(error) if error.status().is_client_error() => {
            return Ok(InboundMailBody::ignored("unknown_mail"));
        }
        Err(error) => return Err(error),
    };
    let unit = move |tx: &mut Tx<'_>| {
        // The ticket first, as everybody does who writes in its conversation.
        let ticket = open(tx, place.ticket)?;
        let sent = with_mail(tx, ticket.id, &bounce.id)?;
        for id in &sent {
            note(tx, *id, MailStatus::Bounced, Some(bounce.reason.clone()))?;
        }
        Ok::<_, ApiError>((ticket.id, !sent.is_empty()))
    };
    let (ticket, is_known) = match app.store.write(place.project, unit).await {
        Ok(noted) => noted,
        // It was deleted meanwhile, or is full: nothing is added to it here.
        Err(error) if error.status().is_client_error() => {
            return Ok(InboundMailBody::ignored("unknown_mail"));
        }
        Err(error) => return Err(error),
    };
    Ok(if is_known {
        InboundMailBody::bounced(ticket)
    } else {
        InboundMailBody::ignored("unknown_mail")
    })
}

/// The messages of a conversation that a mail brought here or took away.
///
/// # Errors
/// Those of the store.
pub fn with_mail(tx: &Tx<'_>, ticket: ObjectId, id: &str) -> store::Result<Vec<ObjectId>> {
    let is_mail = Filter::Eq(FieldPath::known("emailId"), Scalar::Text(id.into()));
    let query = Query {
        filter: Filter::And(vec![is_mail, of(ticket)]),
        limit: u32::MAX,
        ..Query::default()
    };
    let rows = tx.page::<Message>(&query)?.rows;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
