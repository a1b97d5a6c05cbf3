//! A ticket that a member writes on behalf of a contact.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use store::ObjectId;
use utoipa::ToSchema;

use super::contact::Contact;
use super::document::Ticket;
use super::fields::{Fields, Reference};
use super::history::By;
use super::render::Viewer;
use super::schema::TicketBody;
use super::write::{make, read, shown};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsWrite, token};
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::resources::message::body::plain_message;
use crate::resources::message::conversation;
use crate::resources::session::credential::NewCredential;
use crate::resources::session::write::origin;

/// What a member writes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "documents the body, of which `Fields` reads the most"
)]
pub struct ComposeBody {
    /// What it is about, in a line: 1 to 500 characters.
    title: String,
    /// `BUG`, `INQUIRY` … or what the project calls it: 1 to 100 characters.
    r#type: String,
    /// What you say first, at most 50,000 characters: the first message of the conversation.
    message: Option<String>,
    /// `LOW`, `MEDIUM` or `HIGH`.
    priority: Option<String>,
    /// `OPEN` unless said otherwise.
    status: Option<String>,
    /// The id of the member who works on it.
    processing_user: Option<String>,
    /// The id of the team that works on it.
    processing_team: Option<String>,
    /// Labels.
    tags: Option<Vec<String>>,
    /// The id of the session that it is of.
    session: Option<String>,
    /// Instead of `session`, the address of the contact that it is of: one is made when there is none.
    email: Option<String>,
    /// What was filled in, by field.
    #[schema(value_type = Option<Object>)]
    form_data: Option<serde_json::Value>,
}

/// What is no field of a ticket.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Own {
    message: Option<String>,
    email: Option<String>,
}

/// Compose a ticket
///
/// Makes a ticket with a first message to a session, or to the contact with an address.
#[utoipa::path(
    post, path = "/v3/tickets/compose", operation_id = "CreateTicketWithMessage", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = ComposeBody,
    responses((status = 200, description = "The ticket", body = TicketBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn compose(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    body: Checked,
) -> Result<Response, ApiError> {
    let fields = read(&app, &member, &body).await?;
    let own: Own = body.parse()?;
    check(&fields)?;
    let contact = match (&fields.session, &own.email) {
        (Some(Some(_)), _) | (_, None) => None,
        (_, Some(email)) => Some(Contact::read("email", email, None)?),
    };
    let message = match own.message.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(plain_message("message", member.user, text)?),
    };
    let viewer = Viewer::of(&app, &member).await?;
    let voice = viewer.voice(Some(member.user));
    let (by, origin) = (
        By::User(member.user),
        origin(&member, "POST", "/v3/tickets/compose"),
    );
    let (share_token, new) = (
        token::new_share_token(&app.random),
        NewCredential::new(&app.random),
    );
    let write = app.store.write(member.project, move |tx| {
        let mut fields = fields.clone();
        if let Some(contact) = &contact {
            let session: ObjectId = contact.find_or_make(tx, &new, &origin)?.id;
            fields.session = Some(Some(Reference::Id(session)));
        }
        let ticket = Ticket {
            share_token: share_token.clone(),
            ..Ticket::default()
        };
        let mut row = make(tx, ticket, &fields, &[], by)?;
        if let Some(message) = &message {
            conversation::add(tx, &mut row, message.clone(), by, &voice, &[])?;
        }
        shown(tx, row.id, &viewer)
    });
    Ok(write.await?.into_response())
}

fn check(fields: &Fields) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    for (name, value) in [("title", &fields.title), ("type", &fields.r#type)] {
        if value.as_ref().is_none_or(Option::is_none) {
            faults.push(format!("{name}: is required"));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(ApiError::unprocessable("invalid_field", faults))
}
