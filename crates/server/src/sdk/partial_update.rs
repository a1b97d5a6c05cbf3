//! A client changes attributes of its session (wire note §4.3).

use axum::extract::State;
use utoipa::ToSchema;

use super::arrival::Arrival;
use super::body::Members;
use super::session_body::SdkSession;
use super::{Peeked, peek};
use crate::app::SharedApp;
use crate::auth::{Visitor, shield};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::credential::{self, no_session};

/// What to change.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body, whose data is read leniently")]
pub struct PartialUpdateBody {
    /// Attributes, custom ones flat or under `customData`. A user id is not among them.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// Change attributes of a client's session
///
/// Guests and users alike. Attributes that do not fit are left out; the user id cannot be changed here.
#[utoipa::path(
    post, path = "/sessions/partialupdate", operation_id = "SdkPartialUpdate", tag = "SDK",
    params(
        ("Gleap-Id" = Option<String>, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = Option<String>, Header, description = "The secret half"),
    ),
    request_body = PartialUpdateBody,
    responses((status = 200, description = "The session", body = SdkSession), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn partial_update(
    State(app): State<SharedApp>,
    visitor: Visitor,
    body: Members,
) -> Result<SdkSession, ApiError> {
    let given = visitor.credential.clone().ok_or_else(no_session)?;
    let (data, mut refused) = data(&body).sound();
    let (arrival, more) = Arrival::read(&app, &visitor, "/sessions/partialupdate", &data);
    refused.extend(more);
    match peek(&app, &visitor, &arrival, |_| true).await? {
        Peeked::Unchanged(session) => return Ok((*session).into()),
        Peeked::Known => {}
        Peeked::Nobody => return Err(no_session()),
    }
    let unit = move |tx: &mut store::Tx<'_>| {
        let Some(mut row) = credential::resolve(tx, &given)? else {
            return Ok::<_, store::Error>(None);
        };
        arrival.update(tx, &mut row, |_, _| Ok(false))?;
        Ok(Some(row))
    };
    let write = app.store.write(visitor.access.project, unit).await;
    let row = write
        .map_err(|error| shield(visitor.credential.is_some(), error.into()))?
        .ok_or_else(no_session)?;
    super::report(&app, &visitor, row.id, "updated", None);
    super::report_refused(&app, &visitor, row.id, &refused);
    Ok(row.doc.into())
}

fn data(body: &Members) -> Members {
    let data = body.0.get("data");
    let parsed = data.and_then(|raw| serde_json::from_str(raw.get()).ok());
    Members(parsed.unwrap_or_default())
}
