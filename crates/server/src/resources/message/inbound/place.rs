//! Which conversation an address is of, and whose.

use store::{ObjectId, Snapshot};

use crate::app::App;
use crate::http::error::ApiError;
use crate::resources::message::by_mail::ReplyToken;
use crate::resources::session::merge::Merge;
use crate::resources::ticket::document::Ticket;

/// Where what was answered is to be said.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub project: ObjectId,
    pub ticket: ObjectId,
    /// Whom the mail was written to; it may have been merged since.
    pub session: ObjectId,
}

/// The place of the first token that is true.
///
/// # Errors
/// 404 when none is, 410 when its conversation is gone.
pub async fn find(app: &App, tokens: &[ReplyToken]) -> Result<(ReplyToken, Place), ApiError> {
    let mut refusal = unknown();
    for token in tokens {
        let (key, asked) = (*app.key.reply_key(), token.clone());
        let read = app.store.read(token.project, move |snapshot| {
            look_up(snapshot, &key, &asked)
        });
        match read.await {
            Ok(place) => return Ok((token.clone(), place)),
            Err(error) if error.status().is_client_error() => refusal = error,
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

/// The place of a token.
///
/// # Errors
/// 404 when it is not one of this server for the session of its ticket, 410 when that is gone.
pub fn look_up(snapshot: &Snapshot<'_>, key: &[u8], token: &ReplyToken) -> Result<Place, ApiError> {
    let ticket = snapshot.get::<Ticket>(token.ticket)?.ok_or_else(gone)?;
    let owner = ticket.doc.session.ok_or_else(gone)?;
    let mut sessions = vec![owner];
    // Of a ticket that merges brought, the mail may have gone to one of those that were merged.
    for merge in ticket.doc.via.merges() {
        let merge = snapshot.get::<Merge>(*merge)?;
        sessions.extend(merge.map(|merge| merge.doc.merged));
    }
    if !sessions
        .into_iter()
        .any(|session| token.is_for(key, session))
    {
        return Err(unknown());
    }
    Ok(Place {
        project: token.project,
        ticket: ticket.id,
        session: owner,
    })
}

fn unknown() -> ApiError {
    ApiError::not_found(
        "reply_address_unknown",
        "The mail went to no address of a conversation of this server: see that the mail server hands it over with its recipient.",
    )
}

/// 410: the conversation or its session is no longer there.
pub fn gone() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::GONE,
        "conversation_gone",
        "The conversation that the mail answers is not there any more, or whose it was.",
    )
}
