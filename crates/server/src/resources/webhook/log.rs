//! The log of deliveries: looking at it, sending again, and forgetting.

use anyhow::Result;
use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, Tx};

use super::body::DeliveryBody;
use super::deliver::job;
use super::document::{Delivery, DeliveryStatus, of_project};
use super::operations::{parse_id, unknown};
use crate::accounts::project;
use crate::app::{App, SharedApp};
use crate::auth::{Member, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;
use crate::jobs::{old, queue};
use crate::resources::session::list::{next_link, to_query};

const DAY_MS: i64 = 86_400_000;

/// List deliveries
///
/// What the webhook was told, newest first unless sorted otherwise, with the attempts and how the answers began; filters as in the list of
/// sessions, such as `status=failed`. Kept for `webhooks.log_days`.
#[utoipa::path(
    get, path = "/v3/webhooks/{webhookId}/deliveries", operation_id = "GetWebhookDeliveries", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
    ),
    responses((status = 200, description = "The deliveries", body = Vec<DeliveryBody>), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(webhook_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let (id, raw) = (parse_id(&webhook_id)?, raw.unwrap_or_default());
    let mut query = to_query(ListQuery::parse(&raw, &[])?)?;
    let of_webhook = Filter::Eq(FieldPath::known("webhook"), Scalar::Id(id));
    query.filter = Filter::And(vec![of_webhook, query.filter]);
    let read = app.store.read(member.project, move |snapshot| {
        let webhooks = of_project(snapshot)?;
        if webhooks.is_none_or(|webhooks| webhooks.find(id).is_none()) {
            return Err(unknown(id));
        }
        Ok(snapshot.page::<Delivery>(&query)?)
    });
    let page = read.await?;
    let rows = page
        .rows
        .iter()
        .map(|row| Ok(DeliveryBody::of(row.typed()?)));
    let rows = rows.collect::<store::Result<Vec<_>>>()?;
    let mut response = Json(rows).into_response();
    if let Some(next) = page.next {
        let link = next_link(&format!("/v3/webhooks/{id}/deliveries"), &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Send a delivery again
///
/// The same body under the same `webhook-id`, with a new signature. It is repeated like a new one, and waits for no other.
#[utoipa::path(
    post, path = "/v3/webhooks/{webhookId}/deliveries/{deliveryId}/resend", operation_id = "ResendWebhookDelivery", tag = "Webhook",
    params(
        ("webhookId" = String, Path, description = "The id of the webhook: 24 hexadecimal characters"),
        ("deliveryId" = String, Path, description = "The id of the delivery: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The delivery", body = DeliveryBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn resend(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path((webhook_id, delivery_id)): Path<(String, String)>,
) -> Result<Json<DeliveryBody>, ApiError> {
    let (webhook, id) = (parse_id(&webhook_id)?, parse_id(&delivery_id)?);
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get_for_update::<Delivery>(id)?;
        let of_webhook = row.filter(|row| row.doc.webhook == webhook);
        let mut row = of_webhook.ok_or_else(|| unknown_delivery(id))?;
        if row.doc.status != DeliveryStatus::Waiting {
            row.doc.status = DeliveryStatus::Waiting;
            tx.put(&mut row)?;
            queue::enqueue(tx, job(&row).unique(format!("webhook:{id}")))?;
        }
        Ok::<_, ApiError>(row)
    };
    let row = app.store.write(member.project, unit).await?;
    Ok(Json(DeliveryBody::of(row)))
}

fn unknown_delivery(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "delivery_not_found",
        format!("This webhook has no delivery with id {id}: it may be older than the log."),
    )
}

/// Deletes the deliveries of all projects that are older than `webhooks.log_days`; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> Result<u64> {
    let until = Millis(app.now().0 - i64::from(app.config.webhooks.log_days) * DAY_MS);
    let mut deleted = 0;
    for project in project::ids(app).await? {
        deleted += old::delete::<Delivery>(app, project, until).await?;
    }
    Ok(deleted)
}
