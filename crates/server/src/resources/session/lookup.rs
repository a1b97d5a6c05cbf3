//! One session, by the customer's own id or by ours: exact, never stale, and from memory when it was asked for before.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use store::{ObjectId, Probe, Row, Snapshot, Tx};

use super::document::Session;
use super::render::{IdentityKeyRef, Known, Rendered, render};
use super::schema::SessionBody;
use crate::app::{App, SharedApp};
use crate::auth::{Provisional, SessionsRead};
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
    member: Provisional<SessionsRead>,
    Path(user_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let key = IdentityKeyRef(member.project(), identity::USER_ID, &user_id);
    let read = match current(&app, app.sessions.by_key(&key)) {
        Ok(read) => read,
        Err(known) => {
            refuse_nul(&user_id)?;
            read_by_key(&app, &member, &key, known).await?
        }
    };
    member.confirm(&app, read.writes).await?;
    let found = read.answer.ok_or_else(|| not_found("userId", &user_id))?;
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
    member: Provisional<SessionsRead>,
    Path(session_id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let mut read = match current(&app, app.sessions.answers.get(&(member.project(), id))) {
        Ok(read) => read,
        Err(known) => read_by_id(&app, &member, id, known).await?,
    };
    if read.answer.is_none() {
        read = survivor(&app, &member, &session_id.to_lowercase()).await?;
    }
    member.confirm(&app, read.writes).await?;
    let found = read.answer.ok_or_else(|| not_found("id", &session_id))?;
    Ok(answer(&found, &headers))
}

/// What a lookup found out.
struct Read {
    answer: Option<Arc<Rendered>>,
    /// The writes of accounts, when the database told of them.
    writes: Option<i64>,
}

impl Read {
    const NOTHING: Self = Self {
        answer: None,
        writes: None,
    };
}

/// What the session with this id was merged into.
async fn survivor(
    app: &SharedApp,
    member: &Provisional<SessionsRead>,
    id: &str,
) -> Result<Read, ApiError> {
    let key = IdentityKeyRef(member.project(), identity::MERGED_ID, id);
    match current(app, app.sessions.by_key(&key)) {
        Ok(read) => Ok(read),
        Err(known) => read_by_key(app, member, &key, known).await,
    }
}

/// An answer in memory that needs no look into the database: where no other node writes, it is current, and otherwise it may be a
/// little old. What is known beyond that goes back, to be asked for its version.
fn current(
    app: &SharedApp,
    known: Option<Known<Arc<Rendered>>>,
) -> Result<Read, Option<Known<Arc<Rendered>>>> {
    let is_current = |known: &Known<Arc<Rendered>>| {
        !app.store.is_shared() || known.asked.elapsed() < app.max_stale()
    };
    match known {
        Some(known) if is_current(&known) => Ok(Read {
            answer: Some(known.value),
            writes: None,
        }),
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

/// Where other nodes write too, an answer that is `known` is asked for its version, in the same statement that reads it when it is old,
/// and that asks for the writes of accounts.
async fn read_by_key(
    app: &App,
    member: &Provisional<SessionsRead>,
    key: &IdentityKeyRef<'_>,
    known: Option<Known<Arc<Rendered>>>,
) -> Result<Read, ApiError> {
    let before = known.map(|known| known.value);
    let version = before.as_ref().map_or(NONE, |it| (it.id, it.version));
    let ticket = app.sessions.ids.ticket();
    let find = app
        .store
        .find_unless::<Session>(key.0, key.1, key.2, version);
    let (read, kept) = ask(app, member, before, find).await?;
    if let (Some(answer), Some(asked)) = (&read.answer, kept) {
        let value = answer.id;
        let known = Known { value, asked };
        app.sessions.ids.keep(ticket, key.to_owned(), known);
    }
    Ok(read)
}

async fn read_by_id(
    app: &App,
    member: &Provisional<SessionsRead>,
    id: ObjectId,
    known: Option<Known<Arc<Rendered>>>,
) -> Result<Read, ApiError> {
    let before = known.map(|known| known.value);
    let version = before.as_ref().map_or(NONE.1, |it| it.version);
    let get = app
        .store
        .get_unless::<Session>(member.project(), id, version);
    let (read, _) = ask(app, member, before, get).await?;
    Ok(read)
}

/// A version that no session has.
const NONE: (ObjectId, i64) = (ObjectId::ZERO, 0);

/// Asks for a session of which `before` is in memory, and keeps the answer there when that makes a difference: then it gives also
/// the instant from which it is known.
async fn ask(
    app: &App,
    member: &Provisional<SessionsRead>,
    before: Option<Arc<Rendered>>,
    question: impl Future<Output = store::Result<Option<Probe>>>,
) -> Result<(Read, Option<Instant>), ApiError> {
    let answers = &app.sessions.answers;
    let (ticket, asked) = (answers.ticket(), Instant::now());
    let Some(probe) = question.await? else {
        return Ok((Read::NOTHING, None));
    };
    let project = member.project();
    let answer = match (probe.changed, &before) {
        (None, Some(before)) => Arc::clone(before),
        (None, None) => {
            return Err(store::Error::Corrupt("a session without a document".into()).into());
        }
        (Some(row), _) => Arc::new(render(&row, project, member.organisation())),
    };
    let is_new = !before.is_some_and(|before| Arc::ptr_eq(&before, &answer));
    let is_kept = is_new || !app.max_stale().is_zero();
    if is_kept {
        let value = Arc::clone(&answer);
        answers.keep(ticket, (project, answer.id), Known { value, asked });
    }
    let read = Read {
        answer: Some(answer),
        writes: app.store.is_shared().then_some(probe.writes),
    };
    Ok((read, is_kept.then_some(asked)))
}
