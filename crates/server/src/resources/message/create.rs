//! Saying something.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use store::{ObjectId, Row, Tx};

use super::body::Fields;
use super::conversation;
use super::document::Message;
use super::render::Shown;
use super::schema::{MessageBody, MessageInput};
use crate::app::{App, SharedApp};
use crate::auth::{Member, TicketsWrite};
use crate::files::token::FileToken;
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::live::{self, Activity};
use crate::resources::session::lookup;
use crate::resources::ticket::document::Attachment;
use crate::resources::ticket::history::By;
use crate::resources::ticket::render::Viewer;

/// Send a message
///
/// Says something in the conversation of a ticket: as a member, as a program (`bot`), as the session (`session`), or to the team alone (`isNote`). What a
/// member or a program says raises the number of unread messages of the session and is shown in its open pages and apps, or as soon as there are some. What
/// the session says opens a closed ticket again. To a ticket that was merged, it is said in the one that goes on.
#[utoipa::path(
    post, path = "/v3/messages", operation_id = "CreateMessage", tag = "Messages",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = MessageInput,
    responses((status = 200, description = "The message", body = MessageBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    body: Checked,
) -> Result<Response, ApiError> {
    let fields: Fields = body.parse()?;
    let (ticket, new) = fields.create(&app, member.project, member.user).await?;
    let viewer = Viewer::of(&app, &member).await?;
    let voice = viewer.voice(new.user);
    let files = named(&app, &new.attachments);
    let write = app.store.write(member.project, move |tx| {
        let mut ticket = conversation::open(tx, ticket)?;
        let mut new = new.clone();
        let by = match new.session {
            Some(session) => {
                // That of a session that was merged is the survivor.
                let author = lookup::find_for_update(tx, session)?.id;
                new.session = Some(author);
                By::Session(author)
            }
            None => By::User(member.user),
        };
        let message = conversation::add(tx, &mut ticket, new, by, &voice, &files)?;
        let shown = shown(tx, &message, &viewer)?;
        Ok::<_, ApiError>((message, shown))
    });
    let (message, shown) = write.await?;
    report(&app, member.project, &message);
    Ok(shown.into_response())
}

/// The files of this server that are attached.
#[must_use]
pub fn named(app: &App, attachments: &[Attachment]) -> Vec<FileToken> {
    let base = app.config.base_url();
    attachments
        .iter()
        .filter_map(|file| FileToken::of_url(&base, &file.url))
        .collect()
}

/// The message as it is now.
///
/// # Errors
/// Those of the store.
pub(super) fn shown(tx: &Tx<'_>, message: &Row<Message>, viewer: &Viewer) -> store::Result<Shown> {
    let row = tx.raw::<Message>(message.id)?.ok_or_else(|| tx.raced())?;
    Shown::of(tx, &row, viewer)
}

/// Tells those who watch the session.
pub(super) fn report(app: &App, project: ObjectId, message: &Row<Message>) {
    let Some(session) = message.doc.session else {
        return;
    };
    let told = json!({"message": message.id, "ticket": message.doc.ticket});
    let activity = Activity {
        kind: "message".into(),
        date: message.created_at,
        data: serde_json::value::to_raw_value(&told).ok(),
    };
    live::report(app, project, session, activity);
}
