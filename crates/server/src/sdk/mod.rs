//! The SDK surface: what the official clients call (contract: wire note).

mod arrival;
mod body;
pub mod bugs;
mod clean;
pub mod config;
mod events;
mod identify;
mod partial_update;
mod session_body;
mod sessions;
mod uploads;

pub(crate) use self::events::Told;
use axum::Extension;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::value::RawValue;
use store::ObjectId;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use self::arrival::Arrival;
use crate::app::{App, SharedApp};
use crate::auth::{Visitor, shield};
use crate::http::error::ApiError;
use crate::http::limits::BodyLimit;
use crate::live::{self, Activity};
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

/// What a call of a client finds, before anything is written.
enum Peeked {
    /// A session that fits, and that the call would not change: most calls find one, and need not wait for the writer.
    Unchanged(Box<Session>),
    /// A session that is to be written.
    Known,
    /// No session: the call may make one.
    Nobody,
}

/// Looks whether a call changes anything.
///
/// # Errors
/// Those of the store, softened for clients.
async fn peek(
    app: &SharedApp,
    visitor: &Visitor,
    arrival: &Arrival,
    fits: impl Fn(&Session) -> bool,
) -> Result<Peeked, ApiError> {
    let Some(given) = visitor.credential.clone() else {
        return Ok(Peeked::Nobody);
    };
    let read = app.store.lookup(visitor.access.project, move |snapshot| {
        credential::look_up(snapshot, &given)
    });
    let found = read
        .await
        .map_err(|error: store::Error| shield(true, error.into()))?;
    Ok(match found {
        None => Peeked::Nobody,
        Some(row) if fits(&row.doc) && !arrival.give(&mut row.doc.clone(), app.now()) => {
            Peeked::Unchanged(Box::new(row.doc))
        }
        Some(_) => Peeked::Known,
    })
}

/// Counts a session that a client makes.
///
/// # Errors
/// 503 when its address made too many: on 429 a client without a session would never try again.
async fn expect_guest(app: &App, visitor: &Visitor) -> Result<(), ApiError> {
    let allowed = app.limits.guests.check(&app.store, &visitor.address).await;
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
    let activity = Activity {
        kind: kind.into(),
        date,
        data,
    };
    live::report(app, visitor.access.project, session, activity);
}

/// Tells those who watch a session, who may be its developers, what was left out of a call.
fn report_refused(app: &App, visitor: &Visitor, session: ObjectId, refused: &[String]) {
    if !refused.is_empty() {
        let told = serde_json::json!({ "errors": refused });
        let data = serde_json::value::to_raw_value(&told).ok();
        report(app, visitor, session, "refused", data);
    }
}
