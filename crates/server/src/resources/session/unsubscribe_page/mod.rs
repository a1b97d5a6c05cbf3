//! The page behind the link "unsubscribe" of a mail, and the one-click `POST` of mail clients (RFC 8058).

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::{ObjectId, Tx};

use super::lookup;
use super::subscription::unsubscribe_row;
use crate::app::{App, SharedApp};
use crate::http::ApiError;
use crate::http::responses::ErrorResponses;

/// What the tokens of links are sealed for.
const PURPOSE: &str = "unsubscribe";
/// The reason that the session gets.
const REASON: &str = "link in a mail";
const PAGE: &str = include_str!("page.html");
/// The page runs nothing and sends its one form here.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where a session unsubscribes without signing in. The address is good for as long as the session is there.
#[must_use]
pub fn link(app: &App, project: ObjectId, session: ObjectId) -> String {
    let token = app
        .key
        .seal(&app.random, PURPOSE, &format!("{project}{session}"));
    format!("{}/unsubscribe/{token}", app.config.base_url())
}

/// What the page shows.
enum Shown {
    Question,
    Done,
    Broken,
}

/// Show the page to unsubscribe
///
/// Asks for a confirmation and changes nothing: mail clients and virus scanners open links by themselves.
#[utoipa::path(
    get, path = "/unsubscribe/{token}", operation_id = "ShowUnsubscribePage", tag = "Server",
    params(("token" = String, Path, description = "What the link of a mail carries")),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        ErrorResponses,
        // Instead of that of an error.
        (status = 404, description = "The link is broken, or the contact is gone", content_type = "text/html", body = String),
    ),
    security(()),
)]
pub async fn show(
    State(app): State<SharedApp>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((project, session)) = opened(&app, &token) else {
        return Ok(page(&Shown::Broken));
    };
    let read = app
        .store
        .read(project, move |snapshot| lookup::find(snapshot, session));
    Ok(page(match read.await? {
        None => &Shown::Broken,
        Some(row) if row.doc.unsubscribed => &Shown::Done,
        Some(_) => &Shown::Question,
    }))
}

/// Unsubscribe by the link of a mail
///
/// What the button of the page and the one-click header of mails (RFC 8058) send. A second call changes nothing.
#[utoipa::path(
    post, path = "/unsubscribe/{token}", operation_id = "ConfirmUnsubscribe", tag = "Server",
    params(("token" = String, Path, description = "What the link of a mail carries")),
    responses(
        (status = 200, description = "The contact is unsubscribed", content_type = "text/html", body = String),
        ErrorResponses,
        // Instead of that of an error.
        (status = 404, description = "The link is broken, or the contact is gone", content_type = "text/html", body = String),
    ),
    security(()),
)]
pub async fn confirm(
    State(app): State<SharedApp>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((project, session)) = opened(&app, &token) else {
        return Ok(page(&Shown::Broken));
    };
    let unit = move |tx: &mut Tx<'_>| match lookup::find_for_update(tx, session) {
        Ok(mut row) => {
            unsubscribe_row(tx, &mut row, Some(REASON), None)?;
            Ok(Shown::Done)
        }
        Err(error) if error.status() == StatusCode::NOT_FOUND => Ok(Shown::Broken),
        Err(error) => Err(error),
    };
    Ok(page(&app.store.write(project, unit).await?))
}

fn opened(app: &App, token: &str) -> Option<(ObjectId, ObjectId)> {
    let ids = app.key.open(PURPOSE, token).ok()?;
    let (project, session) = ids.split_at_checked(ids.len() / 2)?;
    Some((project.parse().ok()?, session.parse().ok()?))
}

fn page(shown: &Shown) -> Response {
    let (status, marker) = match shown {
        Shown::Question => (StatusCode::OK, "question"),
        Shown::Done => (StatusCode::OK, "done"),
        Shown::Broken => (StatusCode::NOT_FOUND, "broken"),
    };
    let body = PAGE.replace("{{ shown }}", marker);
    let mut response = (status, body).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
