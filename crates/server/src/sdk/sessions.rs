//! A client starts: it gets a new session, or takes up the one that it has (wire note §4.1).

use axum::extract::State;
use store::{Row, Tx};

use super::arrival::Arrival;
use super::body::Members;
use super::session_body::SdkSession;
use super::{Peeked, expect_guest, peek};
use crate::app::SharedApp;
use crate::auth::{ClientCredential, Visitor, shield};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::credential::{self, NewCredential};
use crate::resources::session::document::Session;
use crate::resources::session::identify;

/// What a client says of itself when it starts.
const FACTS: [&str; 3] = ["lang", "deviceType", "platform"];

/// Start or resume a session
///
/// With the credential of a session: that session. Without one, or with one that opens nothing: a new guest, with 200, because
/// clients throw their session away on any error. The credential of a guest that was merged opens the user's session.
#[utoipa::path(
    post, path = "/sessions", operation_id = "SdkStartSession", tag = "SDK",
    params(
        ("Gleap-Id" = Option<String>, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = Option<String>, Header, description = "The secret half"),
    ),
    request_body(content = Option<StartBody>, description = "All optional; no body at all is fine"),
    responses((status = 200, description = "The session", body = SdkSession), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn start(
    State(app): State<SharedApp>,
    visitor: Visitor,
    body: Result<Members, ApiError>,
) -> Result<SdkSession, ApiError> {
    // A body that cannot be read says nothing; an error would cost the client its session.
    let (mut facts, _) = body.unwrap_or_default().sound();
    facts.retain(|key, _| FACTS.contains(&key.as_str()));
    let (arrival, _) = Arrival::read(&app, &visitor, "/sessions", &facts);
    match peek(&app, &visitor, &arrival, |_| true).await? {
        Peeked::Unchanged(session) => return Ok((*session).into()),
        Peeked::Known => {}
        Peeked::Nobody => expect_guest(&app, &visitor).await?,
    }
    let given = visitor.credential.clone();
    let new = NewCredential::new(&app.random);
    let write = app.store.write(visitor.access.project, move |tx| {
        resume_or_make(tx, given.as_ref(), &arrival, &new)
    });
    let row = write
        .await
        .map_err(|error| shield(visitor.credential.is_some(), error.into()))?;
    super::report(&app, &visitor, row.id, "started", None);
    Ok(row.doc.into())
}

/// What a client says of itself.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "documents the body, which is read leniently")]
pub struct StartBody {
    /// The language, such as `en-us`.
    pub lang: Option<String>,
    /// `desktop`, `mobile` or `tablet`.
    pub device_type: Option<String>,
    /// `web`, `android` or `iOS`.
    pub platform: Option<String>,
}

fn resume_or_make(
    tx: &mut Tx<'_>,
    given: Option<&ClientCredential>,
    arrival: &Arrival,
    new: &NewCredential,
) -> store::Result<Row<Session>> {
    match given
        .map(|given| credential::resolve(tx, given))
        .transpose()?
        .flatten()
    {
        Some(mut row) => {
            arrival.update(tx, &mut row, |_, _| Ok(false))?;
            Ok(row)
        }
        None => arrival.insert(tx, identify::blank(new, tx.now())),
    }
}
