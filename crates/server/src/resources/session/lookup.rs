//! One session, by the customer's own id or by ours: exact, never stale, and from memory when it was asked for before.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use store::{Found, ObjectId, Row, Snapshot, Tx};

use super::document::Session;
use super::render::{IdentityKeyRef, Rendered, render};
use super::schema::SessionBody;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::conditional;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Get a session by user id
///
/// The session whose `userId` is exactly the one in the path, after percent-decoding: upper and lower case differ.
/// The id of a session that was merged finds the session that it was merged into.
/// `ETag` changes with every write; send it as `If-None-Match` to get 304 while nothing changed.
#[utoipa::path(
    get, path = "/v3/sessions/by-user-id/{userId}", operation_id = "FindSessionByUserId", tag = "Session",
    params(
        ("userId" = String, Path, description = "The id under which your own system knows the user, percent-encoded, at most 256 characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the answer that you have"),
    ),
    responses((status = 200, description = "The session", body = SessionBody), (status = 304, description = "Nothing changed since your `ETag`"), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn by_user_id(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(user_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = IdentityKeyRef(member.project, identity::USER_ID, &user_id);
    let found = match current(&app, app.sessions.by_key(&key)) {
        Ok(answer) => answer,
        Err(known) => {
            refuse_nul(&user_id)?;
            read_by_key(&app, &member, &key, known)
                .await?
                .ok_or_else(|| not_found("userId", &user_id))?
        }
    };
    Ok(answer(&found, &headers))
}

/// Get a session
///
/// The session with this id. The id of a session that was merged finds the session that it was merged into.
/// `ETag` changes with every write; send it as `If-None-Match` to get 304 while nothing changed.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}", operation_id = "GetSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the answer that you have"),
    ),
    responses((status = 200, description = "The session", body = SessionBody), (status = 304, description = "Nothing changed since your `ETag`"), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn by_id(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let found = match current(&app, app.sessions.answers.get(&(member.project, id))) {
        Ok(answer) => Some(answer),
        Err(known) => match read_by_id(&app, &member, id, known).await? {
            None => survivor(&app, &member, &session_id.to_lowercase()).await?,
            found => found,
        },
    };
    let found = found.ok_or_else(|| not_found("id", &session_id))?;
    Ok(answer(&found, &headers))
}

/// What the session with this id was merged into.
async fn survivor(
    app: &SharedApp,
    member: &Member<SessionsRead>,
    id: &str,
) -> Result<Option<Arc<Rendered>>, ApiError> {
    let key = IdentityKeyRef(member.project, identity::MERGED_ID, id);
    match current(app, app.sessions.by_key(&key)) {
        Ok(answer) => Ok(Some(answer)),
        Err(known) => read_by_key(app, member, &key, known).await,
    }
}

/// An answer in memory that needs no look into the database: where no other node writes, it is current. Otherwise what is known goes
/// back, to be asked for its version.
fn current(
    app: &SharedApp,
    known: Option<Arc<Rendered>>,
) -> Result<Arc<Rendered>, Option<Arc<Rendered>>> {
    match known {
        Some(answer) if !app.store.is_shared() => Ok(answer),
        known => Err(known),
    }
}

/// The session with this id, or the one that it was merged into.
///
/// # Errors
/// Those of the store.
pub fn find(snapshot: &Snapshot<'_>, id: ObjectId) -> store::Result<Option<Row<Session>>> {
    match snapshot.get::<Session>(id)? {
        None => snapshot.find(identity::MERGED_ID, &id.to_string()),
        found => Ok(found),
    }
}

/// The same, to change it or what belongs to it.
///
/// # Errors
/// 404 when there is none.
pub fn find_for_update(tx: &Tx<'_>, id: ObjectId) -> Result<Row<Session>, ApiError> {
    let found = match tx.get_for_update::<Session>(id)? {
        None => tx.find_for_update(identity::MERGED_ID, &id.to_string())?,
        found => found,
    };
    found.ok_or_else(|| unknown(id))
}

/// 404: no session has this id.
#[must_use]
pub fn unknown(id: ObjectId) -> ApiError {
    not_found("id", &id.to_string())
}

/// The id of the session with this id, or of the one that it was merged into.
///
/// # Errors
/// 404 when there is none.
pub fn find_id(snapshot: &Snapshot<'_>, id: ObjectId) -> Result<ObjectId, ApiError> {
    if snapshot.raw::<Session>(id)?.is_some() {
        return Ok(id);
    }
    let survivor = snapshot.owner(identity::MERGED_ID, &id.to_string())?;
    survivor.ok_or_else(|| unknown(id))
}

/// The id in a path.
///
/// # Errors
/// 400 when the text is none.
pub fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The session id in the path must be 24 hexadecimal characters.",
        )
    })
}

/// A user id in a path: any text without the NUL character, which no database keeps.
///
/// # Errors
/// 400 when it has one.
pub fn refuse_nul(user_id: &str) -> Result<(), ApiError> {
    if user_id.contains('\0') {
        return Err(ApiError::bad_request(
            "invalid_id",
            "The user id in the path contains the NUL character (%00): remove it.",
        ));
    }
    Ok(())
}

/// 404: the project has no session of which `what` is `value`.
#[must_use]
pub fn not_found(what: &str, value: &str) -> ApiError {
    ApiError::not_found(
        "session_not_found",
        format!("This project has no session with {what} {value:?}."),
    )
}

fn answer(found: &Rendered, headers: &HeaderMap) -> Response {
    conditional::json(
        found.body.clone(),
        &found.etag,
        &found.last_modified,
        headers,
    )
}

/// Where other nodes write too, an answer that is `known` is asked for its version, in the same statement that reads it when it is old.
async fn read_by_key(
    app: &SharedApp,
    member: &Member<SessionsRead>,
    key: &IdentityKeyRef<'_>,
    known: Option<Arc<Rendered>>,
) -> Result<Option<Arc<Rendered>>, ApiError> {
    let (shared, key, organisation) = (Arc::clone(app), key.to_owned(), member.organisation);
    let read = app.store.lookup(key.0, move |snapshot| {
        let (ids, answers) = (
            shared.sessions.ids.ticket(),
            shared.sessions.answers.ticket(),
        );
        let row = match &known {
            None => snapshot.find_raw::<Session>(key.1, &key.2)?,
            Some(known) => {
                let of = (known.id, known.version);
                match snapshot.find_unless::<Session>(key.1, &key.2, of)? {
                    Some(Found::Same) => return Ok(Some(Arc::clone(known))),
                    Some(Found::Row(row)) => Some(row),
                    None => None,
                }
            }
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let answer = Arc::new(render(&row, key.0, organisation));
        shared
            .sessions
            .answers
            .keep(answers, (key.0, row.id), Arc::clone(&answer));
        shared.sessions.ids.keep(ids, key, row.id);
        Ok::<_, ApiError>(Some(answer))
    });
    read.await
}

async fn read_by_id(
    app: &SharedApp,
    member: &Member<SessionsRead>,
    id: ObjectId,
    known: Option<Arc<Rendered>>,
) -> Result<Option<Arc<Rendered>>, ApiError> {
    let (shared, organisation) = (Arc::clone(app), member.organisation);
    let read = app.store.lookup(member.project, move |snapshot| {
        let ticket = shared.sessions.answers.ticket();
        let row = match &known {
            None => snapshot.raw::<Session>(id)?,
            Some(known) => match snapshot.raw_unless::<Session>(id, known.version)? {
                Some(Found::Same) => return Ok(Some(Arc::clone(known))),
                Some(Found::Row(row)) => Some(row),
                None => None,
            },
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let answer = Arc::new(render(&row, snapshot.project(), organisation));
        shared
            .sessions
            .answers
            .keep(ticket, (snapshot.project(), id), Arc::clone(&answer));
        Ok::<_, ApiError>(Some(answer))
    });
    read.await
}
