//! Making, changing and deleting webhooks. Secrets and header values are for those who run the project, so all of it asks for
//! `project:write`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use store::{ObjectId, Row, Tx};

use super::body::{WEBHOOKS_MAX, WebhookBody, WebhookInput};
use super::deliver::{SECRET, SECRET_PREFIX};
use super::document::{Delivery, Webhook, Webhooks, of_project};
use crate::accounts::project::LIVE_SECRETS_MAX;
use crate::app::{App, SharedApp};
use crate::auth::{Member, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::{Action, Auditor};

/// List webhooks
///
/// Oldest first. Secrets are never shown again.
#[utoipa::path(
    get, path = "/v3/webhooks", operation_id = "GetWebhooks", tag = "Webhook",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The webhooks", body = Vec<WebhookBody>), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
) -> Result<Json<Vec<WebhookBody>>, ApiError> {
    let read = app.store.lookup(member.project, of_project);
    let webhooks = read.await?;
    let shown = webhooks.iter().flat_map(|webhooks| {
        let show = |hook| WebhookBody::of(&app, webhooks, hook, member.project);
        webhooks.hooks.iter().map(show)
    });
    Ok(Json(shown.collect()))
}

/// Create a webhook
///
/// The answer has the secret of its signatures, which is shown this once. Requests are signed as Standard Webhooks are.
#[utoipa::path(
    post, path = "/v3/webhooks", operation_id = "CreateWebhook", tag = "Webhook",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = WebhookInput,
    responses(
        (status = 200, description = "The webhook", body = WebhookBody),
        (status = 409, description = "There are as many as there may be", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["project:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Json(input): Json<WebhookInput>,
) -> Result<Json<WebhookBody>, ApiError> {
    let mut faults = input.faults(&app);
    for (name, given) in [("name", &input.name), ("url", &input.url)] {
        if given.is_none() {
            faults.push(format!("{name}: is required"));
        }
    }
    refuse(faults)?;
    let (secret, sealed) = new_secret(&app);
    let (of_unit, organisation) = (Arc::clone(&app), member.organisation);
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let mut hook = blank(tx, &sealed);
        input.apply(&of_unit, &mut hook);
        let (id, details) = (hook.id, json!({ "name": hook.name }));
        let webhooks = insert(tx, hook, organisation)?;
        auditor.note(tx, Action::WebhookCreated, Some(id), details)?;
        Ok::<_, ApiError>(webhooks)
    };
    let webhooks = app.store.write(member.project, unit).await?;
    let hook = webhooks
        .hooks
        .last()
        .ok_or_else(|| ApiError::internal("no webhook"))?;
    Ok(Json(WebhookBody {
        secret: Some(secret),
        ..WebhookBody::of(&app, &webhooks, hook, member.project)
    }))
}

fn blank(tx: &Tx<'_>, sealed: &str) -> Webhook {
    Webhook {
        id: tx.new_id(),
        name: String::new(),
        url: String::new(),
        enabled: true,
        events: Vec::new(),
        headers: Vec::new(),
        ticket_types: Vec::new(),
        secrets: vec![sealed.to_owned()],
        created_at: tx.now(),
        updated_at: tx.now(),
        failing_since: None,
        disabled_at: None,
    }
}

fn insert(tx: &mut Tx<'_>, hook: Webhook, organisation: ObjectId) -> Result<Webhooks, ApiError> {
    let project = tx.project();
    let Some(mut row) = tx.get_for_update::<Webhooks>(project)? else {
        let webhooks = Webhooks {
            organisation,
            hooks: vec![hook],
        };
        return Ok(tx.insert(project, webhooks)?.doc);
    };
    if row.doc.hooks.len() >= WEBHOOKS_MAX {
        return Err(ApiError::conflict(
            "too_many_webhooks",
            format!("The project has {WEBHOOKS_MAX} webhooks already: delete one first."),
        ));
    }
    row.doc.hooks.push(hook);
    tx.put(&mut row)?;
    Ok(row.doc)
}

/// Get a webhook
///
/// With the state that it is in; its secret is never shown again.
#[utoipa::path(
    get, path = "/v3/webhooks/{webhookId}", operation_id = "GetWebhook", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The webhook", body = WebhookBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(webhook_id): Path<String>,
) -> Result<Json<WebhookBody>, ApiError> {
    let id = parse_id(&webhook_id)?;
    let read = app.store.lookup(member.project, of_project);
    let webhooks = read.await?.ok_or_else(|| unknown(id))?;
    let hook = webhooks.find(id).ok_or_else(|| unknown(id))?;
    Ok(Json(WebhookBody::of(&app, &webhooks, hook, member.project)))
}

/// Change a webhook
///
/// What is given replaces, the rest stays. Switching it on forgets that it failed.
#[utoipa::path(
    put, path = "/v3/webhooks/{webhookId}", operation_id = "UpdateWebhook", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = WebhookInput,
    responses((status = 200, description = "The webhook", body = WebhookBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(webhook_id): Path<String>,
    Json(input): Json<WebhookInput>,
) -> Result<Json<WebhookBody>, ApiError> {
    let id = parse_id(&webhook_id)?;
    refuse(input.faults(&app))?;
    let of_unit = Arc::clone(&app);
    let act = move |hook: &mut Webhook| input.apply(&of_unit, hook);
    let noted = (member.auditor(), Action::WebhookChanged);
    change(&app, noted, id, act).await.map(Json)
}

/// Delete a webhook
///
/// With its log of deliveries. What was still to be delivered is not.
#[utoipa::path(
    delete, path = "/v3/webhooks/{webhookId}", operation_id = "DeleteWebhook", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 204, description = "It is gone"), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(webhook_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let (id, auditor) = (parse_id(&webhook_id)?, member.auditor());
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        let name = row.doc.find(id).map(|hook| hook.name.clone());
        row.doc.hooks.retain(|hook| hook.id != id);
        tx.put(&mut row)?;
        tx.delete_where::<Delivery>("webhook", id)?;
        let details = json!({ "name": name });
        auditor.note(tx, Action::WebhookDeleted, Some(id), details)?;
        Ok::<_, ApiError>(())
    };
    app.store.write(member.project, unit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new secret
///
/// The one before goes on signing beside it, so that receivers can change without a gap; older ones end. The answer has the new one, this once.
#[utoipa::path(
    post, path = "/v3/webhooks/{webhookId}/rotate-secret", operation_id = "RotateWebhookSecret", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The webhook", body = WebhookBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn rotate(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(webhook_id): Path<String>,
) -> Result<Json<WebhookBody>, ApiError> {
    let id = parse_id(&webhook_id)?;
    let (secret, sealed) = new_secret(&app);
    let act = move |hook: &mut Webhook| {
        hook.secrets.insert(0, sealed.clone());
        hook.secrets.truncate(LIVE_SECRETS_MAX);
    };
    let noted = (member.auditor(), Action::WebhookRotated);
    let shown = change(&app, noted, id, act).await?;
    Ok(Json(WebhookBody {
        secret: Some(secret),
        ..shown
    }))
}

async fn change(
    app: &App,
    (auditor, action): (Auditor, Action),
    id: ObjectId,
    act: impl Fn(&mut Webhook) + Send + 'static,
) -> Result<WebhookBody, ApiError> {
    let project = auditor.project;
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        let hook = row.doc.find_mut(id).ok_or_else(|| unknown(id))?;
        let before = hook.clone();
        act(hook);
        if *hook != before {
            hook.updated_at = tx.now();
            let details = json!({ "name": hook.name });
            auditor.note(tx, action, Some(id), details)?;
            tx.put(&mut row)?;
        }
        Ok::<_, ApiError>(row.doc)
    };
    let webhooks = app.store.write(project, unit).await?;
    let hook = webhooks.find(id).ok_or_else(|| unknown(id))?;
    Ok(WebhookBody::of(app, &webhooks, hook, project))
}

fn find(tx: &mut Tx<'_>, id: ObjectId) -> Result<Row<Webhooks>, ApiError> {
    let row = tx.get_for_update::<Webhooks>(tx.project())?;
    row.filter(|row| row.doc.find(id).is_some())
        .ok_or_else(|| unknown(id))
}

/// A secret of signatures, and the same sealed.
fn new_secret(app: &App) -> (String, String) {
    let key = app.random.bytes::<32>();
    let secret = format!("{SECRET_PREFIX}{}", STANDARD.encode(key));
    let sealed = app.key.seal(&app.random, SECRET, &secret);
    (secret, sealed)
}

fn refuse(faults: Vec<String>) -> Result<(), ApiError> {
    match faults.is_empty() {
        true => Ok(()),
        false => Err(ApiError::unprocessable("invalid_field", faults)),
    }
}

/// 404 for a webhook.
pub(super) fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "webhook_not_found",
        format!("This project has no webhook with id {id}."),
    )
}

/// The id in a path.
pub(super) fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The ids in the path must be 24 hexadecimal characters.",
        )
    })
}
