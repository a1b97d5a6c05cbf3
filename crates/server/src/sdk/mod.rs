//! The SDK surface: what the official clients call (contract: wire note).

mod arrival;
mod body;
pub mod config;
mod events;
mod identify;
mod partial_update;
mod session_body;
mod sessions;

use axum::Extension;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::value::RawValue;
use store::{ObjectId, Row};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use self::arrival::Arrival;
use crate::app::{App, SharedApp};
use crate::auth::Visitor;
use crate::http::error::ApiError;
use crate::http::limits::BodyLimit;
use crate::live::Activity;
use crate::resources::session::credential;
use crate::resources::session::document::Session;

/// The operations of the surface.
pub fn routes() -> OpenApiRouter<SharedApp> {
    let batch = Extension(BodyLimit(events::BODY_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(sessions::start))
        .routes(routes!(identify::identify))
        .routes(routes!(partial_update::partial_update))
        .routes(routes!(events::events).layer(batch))
        .routes(routes!(events::ping).layer(batch))
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
    let found = read.await.map_err(|error| shield(visitor, error.into()))?;
    Ok(found.filter(|row| fits(&row.doc) && !arrival.give(&mut row.doc.clone(), app.now())))
}

/// Under overload a client that has a session gets 429, on which it keeps it; one without gets 503, on which it tries again
/// (decisions, Wire format).
fn shield(visitor: &Visitor, error: ApiError) -> ApiError {
    if error.status() == StatusCode::SERVICE_UNAVAILABLE && visitor.credential.is_some() {
        error.with_status(StatusCode::TOO_MANY_REQUESTS)
    } else {
        error
    }
}

/// 401: the credential opens no session.
fn no_session() -> ApiError {
    ApiError::unauthorized(
        "invalid_session",
        "Gleap-Id and Gleap-Hash open no session of this project. Start one with POST /sessions.",
    )
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use super::*;
    use crate::accounts::project::Verification;
    use crate::auth::{ClientCredential, SdkProject};

    fn visitor(gleap_id: Option<&str>) -> Visitor {
        Visitor {
            access: Arc::new(SdkProject {
                project: ObjectId::ZERO,
                organisation: ObjectId::ZERO,
                verification: Verification::Off,
                identity_secrets: Vec::new(),
                config: Default::default(),
            }),
            credential: ClientCredential::of(gleap_id, Some("hash")),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    #[test]
    fn under_overload_a_client_keeps_its_session_or_tries_again() {
        let overloaded = || ApiError::from(store::Error::Overloaded);
        let status = |gleap_id| shield(&visitor(gleap_id), overloaded()).status().as_u16();
        assert_eq!(status(Some("id")), 429);
        assert_eq!(status(None), 503);
        let other = shield(&visitor(Some("id")), no_session());
        assert_eq!(other.status().as_u16(), 401);
    }
}
