//! One template: making, showing, changing and deleting it.

use axum::extract::{Path, State};
use axum::response::Response;
use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};
use store::{ObjectId, Query, RawRow, Row, Snapshot, Tx};

use super::body::{Change, Fields, TEMPLATES_MAX};
use super::document::MessageTemplate;
use super::schema::{MessageTemplateBody, MessageTemplateInput};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead, TicketsWrite};
use crate::files::{self, document as kept};
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::resources::message::create::named;
use crate::resources::ticket::show::json;

/// Create a message template
///
/// A project has 1,000 at the most. Its text is cleaned as that of a message is. Files of `POST /v3/files` that it names stay as long as it names them.
#[utoipa::path(
    post, path = "/v3/message-templates", operation_id = "CreateMessageTemplate", tag = "Message templates",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = MessageTemplateInput,
    responses(
        (status = 200, description = "The template", body = MessageTemplateBody),
        (status = 409, description = "There are as many as there may be", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    body: Checked,
) -> Result<Response, ApiError> {
    let fields: Fields = body.parse()?;
    let change = fields.create(&app, member.project).await?;
    let (user, organisation) = (member.user, member.organisation);
    let write = app.store.write(member.project, move |tx| {
        if tx.count::<MessageTemplate>(&Query::default(), TEMPLATES_MAX)? >= TEMPLATES_MAX {
            return Err(ApiError::conflict(
                "too_many_templates",
                format!(
                    "A project has at most {TEMPLATES_MAX} message templates: delete one first."
                ),
            ));
        }
        let mut template = MessageTemplate {
            created_at: tx.now(),
            ..MessageTemplate::default()
        };
        change.apply(&mut template, user);
        let row = tx.insert(tx.new_id(), template)?;
        change.keep_files(tx, row.id, &[])?;
        again(tx, row.id, organisation)
    });
    Ok(json(write.await?.get().to_owned()))
}

/// Get a message template
///
/// One that all members see, or the caller.
#[utoipa::path(
    get, path = "/v3/message-templates/{messageTemplateId}", operation_id = "FindMessageTemplateById", tag = "Message templates",
    params(
        ("messageTemplateId" = String, Path, description = "The id of the template: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The template", body = MessageTemplateBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(template_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&template_id)?;
    let (user, organisation) = (member.user, member.organisation);
    let read = app.store.read(member.project, move |snapshot| {
        let row = snapshot.raw::<MessageTemplate>(id)?;
        let row = row.ok_or_else(|| unknown(id))?;
        let template: MessageTemplate = row.parse()?;
        if !template.is_for(user) {
            return Err(unknown(id));
        }
        Ok(shown(snapshot, &row, organisation)?)
    });
    Ok(json(read.await?.get().to_owned()))
}

/// Change a message template
///
/// What is given replaces, what is left out stays.
#[utoipa::path(
    put, path = "/v3/message-templates/{messageTemplateId}", operation_id = "MessageTemplates_UpdateMessageTemplate", tag = "Message templates",
    params(
        ("messageTemplateId" = String, Path, description = "The id of the template: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = MessageTemplateInput,
    responses((status = 200, description = "The template", body = MessageTemplateBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(template_id): Path<String>,
    body: Checked,
) -> Result<Response, ApiError> {
    let id = parse_id(&template_id)?;
    let fields: Fields = body.parse()?;
    let change: Change = fields.update(&app, member.project).await?;
    let (user, organisation) = (member.user, member.organisation);
    let asked = app.clone();
    let write = app.store.write(member.project, move |tx| {
        let mut row = find_for_update(tx, id, user)?;
        let before = named(&asked, &row.doc.attachments);
        change.apply(&mut row.doc, user);
        tx.put(&mut row)?;
        change.keep_files(tx, id, &before)?;
        again(tx, id, organisation)
    });
    let shown = write.await?;
    files::remove_erased(&app, member.project).await;
    Ok(json(shown.get().to_owned()))
}

/// Delete a message template
///
/// What was written from it stays as it is, with the files that were sent with it; others are removed.
#[utoipa::path(
    delete, path = "/v3/message-templates/{messageTemplateId}", operation_id = "DeleteMessageTemplate", tag = "Message templates",
    params(
        ("messageTemplateId" = String, Path, description = "The id of the template: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The template as it was", body = MessageTemplateBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(template_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&template_id)?;
    let (user, organisation) = (member.user, member.organisation);
    let asked = app.clone();
    let write = app.store.write(member.project, move |tx| {
        let row = find_for_update(tx, id, user)?;
        let was = again(tx, id, organisation)?;
        for file in named(&asked, &row.doc.attachments) {
            kept::leave_template(tx, &file, id)?;
        }
        tx.delete::<MessageTemplate>(id)?;
        Ok::<_, ApiError>(was)
    });
    let was = write.await?;
    files::remove_erased(&app, member.project).await;
    Ok(json(was.get().to_owned()))
}

/// A template as the API shows it.
pub(super) fn shown(
    snapshot: &Snapshot<'_>,
    row: &RawRow,
    organisation: ObjectId,
) -> store::Result<Box<RawValue>> {
    let mut shown = IndexMap::<String, Box<RawValue>>::new();
    for (key, id) in [
        ("_id", row.id),
        ("id", row.id),
        ("project", snapshot.project()),
        ("organisation", organisation),
    ] {
        shown.insert(key.to_owned(), to_raw_value(&id)?);
    }
    let stored: IndexMap<String, Box<RawValue>> = serde_json::from_slice(&row.json)?;
    shown.extend(stored);
    Ok(to_raw_value(&shown)?)
}

/// The template as it is now.
fn again(tx: &Tx<'_>, id: ObjectId, organisation: ObjectId) -> Result<Box<RawValue>, ApiError> {
    let row = tx.raw::<MessageTemplate>(id)?.ok_or_else(|| unknown(id))?;
    Ok(shown(tx, &row, organisation)?)
}

/// One that the member may see; another's answers as one that is not there.
fn find_for_update(
    tx: &Tx<'_>,
    id: ObjectId,
    member: ObjectId,
) -> Result<Row<MessageTemplate>, ApiError> {
    let row = tx.get_for_update::<MessageTemplate>(id)?;
    row.filter(|row| row.doc.is_for(member))
        .ok_or_else(|| unknown(id))
}

fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The id of the template in the path must be 24 hexadecimal characters.",
        )
    })
}

fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "template_not_found",
        format!("This project has no message template with id {id} that you may see."),
    )
}
