//! The SDK surface: what the official clients call (contract: wire note).

mod arrival;
mod body;
mod bugs;
pub mod config;
mod events;
mod identify;
mod partial_update;
mod session_body;
mod sessions;
mod uploads;

use axum::Extension;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::value::RawValue;
use store::{ObjectId, Row};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use self::arrival::Arrival;
use crate::app::{App, SharedApp};
use crate::auth::{Visitor, shield};
use crate::http::error::ApiError;
use crate::http::limits::BodyLimit;
use crate::live::Activity;
use crate::resources::session::credential;
use crate::resources::session::document::Session;

/// The operations of the surface.
pub fn routes(app: &SharedApp) -> OpenApiRouter<SharedApp> {
    let report = Extension(BodyLimit(app.config.sdk.report_bytes_max));
    let batch = Extension(BodyLimit(events::BODY_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(sessions::start))
        .routes(routes!(identify::identify))
        .routes(routes!(partial_update::partial_update))
        .routes(routes!(events::events).layer(batch))
        .routes(routes!(events::ping).layer(batch))
        .routes(routes!(bugs::report).layer(report))
        .routes(routes!(uploads::capture))
        .routes(routes!(uploads::steps))
        .routes(routes!(uploads::attachments))
        .routes(routes!(config::config))
        .routes(routes!(config::tooltips))
        // Android's spelling. A redirect would fail the preflight of a browser.
        .route("/config/{sdkKey}/", get(config::config))
}

/// The session of a client when it is there, fits, and the call would change nothing of it: most calls are such, and they
/// need not wait for the writer.
///
/// # Errors
/// Those of the store, softened for clients.
async fn peek(
    app: &SharedApp,
    visitor: &Visitor,
    arrival: &Arrival,
    fits: impl Fn(&Session) -> bool,
) -> Result<Option<Row<Session>>, ApiError> {
    let Some(given) = visitor.credential.clone() else {
        return Ok(None);
    };
    let read = app.store.lookup(visitor.access.project, move |snapshot| {
        credential::look_up(snapshot, &given)
    });
    let found = read
        .await
        .map_err(|error| shield(visitor.credential.is_some(), error.into()))?;
    Ok(found.filter(|row| fits(&row.doc) && !arrival.give(&mut row.doc.clone(), app.now())))
}

/// Counts a call that may make a session.
///
/// # Errors
/// 503 when its address made too many: on 429 a client without a session would never try again.
async fn expect_guest(app: &SharedApp, visitor: &Visitor) -> Result<(), ApiError> {
    if let Some(given) = visitor.credential.clone() {
        let read = app.store.lookup(visitor.access.project, move |snapshot| {
            credential::look_up(snapshot, &given)
        });
        if read
            .await
            .map_err(|error: store::Error| shield(true, error.into()))?
            .is_some()
        {
            return Ok(());
        }
    }
    let allowed = app.limits.guests.check(&visitor.address);
    allowed.map_err(|error| error.with_status(StatusCode::SERVICE_UNAVAILABLE))
}

/// Tells those who watch a session what it did.
fn report(
    app: &App,
    visitor: &Visitor,
    session: ObjectId,
    kind: &'static str,
    data: Option<Box<RawValue>>,
) {
    let date = app.now();
    let activity = Activity { kind, date, data };
    app.live.report(visitor.access.project, session, activity);
}

/// Tells those who watch a session, who may be its developers, what was left out of a call.
fn report_refused(app: &App, visitor: &Visitor, session: ObjectId, refused: &[String]) {
    if !refused.is_empty() {
        let told = serde_json::json!({ "errors": refused });
        let data = serde_json::value::to_raw_value(&told).ok();
        report(app, visitor, session, "refused", data);
    }
}
