//! Making and changing a session.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use store::{Kind, ObjectId, Row, Tx};

use super::activity;
use super::attributes::AttributeLimits;
use super::credential::NewCredential;
use super::document::Session;
use super::fields::Fields;
use super::history::{Identifiers, Origin};
use super::identify::{blank, expect_held, insert, save};
use super::lookup::{find_for_update, parse_id};
use super::not_identifying::NotIdentifying;
use super::render;
use super::schema::{SessionBody, SessionInput};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::live::{self, Activity};

/// Create a session, or change the one that is there
///
/// Finds the session by `userId`, otherwise by `email`, and merges the body into it; makes one when there is none. Keys that are no
/// fields of a session are dropped; custom attributes go under `customData`.
#[utoipa::path(
    post, path = "/v3/sessions", operation_id = "CreateSession", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = SessionInput,
    responses((status = 200, description = "The session", body = SessionBody, headers(("Hark-Not-Identifying" = String, description = "The fields that are kept, but identify nobody"))), (status = 409, description = "A key belongs to another session", body = crate::http::error::ErrorBody), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    body: Checked,
) -> Result<Response, ApiError> {
    let (fields, limits) = (read(&body)?, app.attribute_limits());
    let origin = origin(&member, "POST", "/v3/sessions");
    let new = NewCredential::new(&app.random);
    let write = app.store.write(member.project, move |tx| {
        upsert(tx, &fields, limits, &origin, &new)
    });
    let (row, not_identifying) = write.await?;
    report(&app, &member, row.id);
    Ok(answer(&row, not_identifying, &member))
}

/// Change a session
///
/// Merges the body into the session: what is given replaces, `null` removes, custom data key by key. With `If-Match` the session is
/// changed only when nobody else has changed it.
#[utoipa::path(
    put, path = "/v3/sessions/{sessionId}", operation_id = "UpdateSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that may be changed"),
    ),
    request_body = SessionInput,
    responses(
        (status = 200, description = "The session", body = SessionBody, headers(("Hark-Not-Identifying" = String, description = "The fields that are kept, but identify nobody"))),
        (status = 409, description = "A key belongs to another session", body = crate::http::error::ErrorBody),
        (status = 412, description = "The session is of another version than `If-Match` names", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
    body: Checked,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let (fields, limits) = (read(&body)?, app.attribute_limits());
    let origin = origin(&member, "PUT", "/v3/sessions/{sessionId}");
    let write = app.store.write(member.project, move |tx| {
        let mut row = find_for_update(tx, id)?;
        conditional::require_match(&headers, row.id, row.version)?;
        let not_identifying = change(tx, &mut row, &fields, limits, &origin)?;
        Ok::<_, ApiError>((row, not_identifying))
    });
    let (row, not_identifying) = write.await?;
    report(&app, &member, row.id);
    Ok(answer(&row, not_identifying, &member))
}

fn read(body: &Checked) -> Result<Fields, ApiError> {
    let all: IndexMap<String, Box<RawValue>> = body.parse()?;
    Fields::read(&all, body.parse()?)
        .map_err(|faults| ApiError::unprocessable("invalid_field", faults))
}

type Written = (Row<Session>, NotIdentifying);

fn upsert(
    tx: &mut Tx<'_>,
    fields: &Fields,
    limits: AttributeLimits,
    origin: &Origin,
    new: &NewCredential,
) -> Result<Written, ApiError> {
    let free = free_address(tx, fields)?;
    if let Some(mut row) = find_by_keys(tx, fields)? {
        let not_identifying = change(tx, &mut row, fields, limits, origin)?;
        return Ok((row, not_identifying));
    }
    let mut session = blank(new, tx.now());
    fields.give_credential(&mut session);
    fields
        .apply(&mut session, tx.now(), limits)
        .map_err(beyond_limits)?;
    refuse_taken(tx, &session, None)?;
    let row = insert(tx, session, origin)?;
    expect_held(tx, row.id, free.as_slice())?;
    let not_identifying = NotIdentifying::of(tx, &[], &row)?;
    Ok((row, not_identifying))
}

fn find_by_keys(tx: &mut Tx<'_>, fields: &Fields) -> store::Result<Option<Row<Session>>> {
    if let Some(user_id) = fields.user_id() {
        return tx.find_for_update(identity::USER_ID, user_id);
    }
    match fields.email().and_then(identity::email_key) {
        Some(key) => {
            let found = tx.find_for_update::<Session>(identity::EMAIL, &key)?;
            Ok(found.filter(|row| !row.doc.is_hearsay()))
        }
        None => Ok(None),
    }
}

/// The address that the session is looked for by, when nobody has it. It is asked for before the session is: what another makes in between
/// is then found, or noticed.
fn free_address(tx: &Tx<'_>, fields: &Fields) -> store::Result<Option<(Kind, String)>> {
    let email = fields.email().and_then(identity::email_key);
    let Some(key) = email.filter(|_| fields.user_id().is_none()) else {
        return Ok(None);
    };
    let holder = tx.owner(identity::EMAIL, &key)?;
    Ok(holder.is_none().then_some((identity::EMAIL, key)))
}

fn change(
    tx: &mut Tx<'_>,
    row: &mut Row<Session>,
    fields: &Fields,
    limits: AttributeLimits,
    origin: &Origin,
) -> Result<NotIdentifying, ApiError> {
    let (before, old_keys) = (Identifiers::of(&row.doc), row.doc.keys());
    let was = row.doc.clone();
    fields
        .apply(&mut row.doc, tx.now(), limits)
        .map_err(beyond_limits)?;
    let json = |session: &Session| serde_json::to_vec(session).map_err(ApiError::internal);
    if json(&row.doc)? == json(&was)? {
        return Ok(NotIdentifying::default());
    }
    refuse_taken(tx, &row.doc, Some(row.id))?;
    save(tx, row, &before, &old_keys, origin)?;
    activity::record_change(tx, row.id, &was, &row.doc, origin)?;
    Ok(NotIdentifying::of(tx, &old_keys, row)?)
}

fn beyond_limits(faults: Vec<String>) -> ApiError {
    ApiError::unprocessable("attribute_limit", faults)
}

/// 409 when a key that only one session may have is another's.
fn refuse_taken(tx: &Tx<'_>, session: &Session, own: Option<ObjectId>) -> Result<(), ApiError> {
    for (kind, key, required) in session.keys() {
        if let Some(holder) = tx.owner(kind, &key)?
            && required
            && Some(holder) != own
        {
            return Err(store::Error::Taken { kind, key, holder }.into());
        }
    }
    Ok(())
}

/// Where a change by a member comes from.
pub fn origin<R: crate::auth::Requires>(member: &Member<R>, method: &str, path: &str) -> Origin {
    Origin {
        source: "rest".into(),
        method: Some(method.into()),
        original_url: Some(path.into()),
        user_id: Some(member.user),
        has_api_key: false,
    }
}

fn report(app: &SharedApp, member: &Member<SessionsWrite>, session: ObjectId) {
    let activity = Activity {
        kind: "updated".into(),
        date: app.now(),
        data: None,
    };
    live::report(app, member.project, session, activity);
}

/// The session with its `ETag`.
fn answer(
    row: &Row<Session>,
    not_identifying: NotIdentifying,
    member: &Member<SessionsWrite>,
) -> Response {
    match render::of_row(row, member.project, member.organisation) {
        Ok(rendered) => (
            not_identifying,
            [
                (
                    header::CONTENT_TYPE,
                    header::HeaderValue::from_static("application/json"),
                ),
                (header::ETAG, rendered.etag),
                (header::LAST_MODIFIED, rendered.last_modified),
            ],
            rendered.body,
        )
            .into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
