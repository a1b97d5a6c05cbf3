//! What is remembered of a user: short named notes (decisions, Memory). Writes that are refused say so in a 200, as the contract has it.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Tx};
use utoipa::ToSchema;

use super::document::{MemoryEntry, Session};
use super::lookup::{find_for_update, find_id, not_found, parse_id};
use super::schema::MemoryEntryBody;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Entries of a session.
pub const ENTRIES_MAX: usize = 100;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// Bytes of a content.
pub const CONTENT_BYTES_MAX: usize = 16 * 1024;

/// Who writes, when a member or an API key does.
const ACTOR: &str = "admin";

/// An entry as lists show it: without its content.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryListItem {
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Who wrote it.
    pub actor: String,
    /// The member who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub actor_user_id: Option<ObjectId>,
    /// When it was last written.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// A new entry, or one under a name that is there.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MemoryEntryInput {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// What is remembered: 1 byte to 16 KiB.
    pub content: String,
    /// What it is about, at most 1,000 characters.
    #[serde(default)]
    pub description: Option<String>,
}

/// New words for an entry.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MemoryEntryUpdate {
    /// What is remembered: 1 byte to 16 KiB.
    pub content: String,
    /// What it is about; stays as it is when absent.
    #[serde(default)]
    pub description: Option<String>,
}

/// What became of a write.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct MemoryWriteResult {
    /// Whether it was done.
    pub ok: bool,
    /// Why not: `no_userId` (guests have no memory), `invalid_input`, `session_not_found`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// How many entries there are now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
}

fn refused(reason: &'static str) -> MemoryWriteResult {
    MemoryWriteResult {
        reason: Some(reason),
        ..MemoryWriteResult::default()
    }
}

/// List what is remembered
///
/// Names and descriptions, without the contents.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/memory", operation_id = "Contactmemory_ListEntries", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The entries", body = Vec<MemoryListItem>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
) -> Result<Json<Vec<MemoryListItem>>, ApiError> {
    let entries = read(&app, &member, &session_id).await?;
    let items = entries.into_iter().map(|entry| MemoryListItem {
        name: entry.name,
        description: entry.description,
        actor: entry.actor,
        actor_user_id: entry.actor_user_id,
        updated_at: entry.updated_at,
    });
    Ok(Json(items.collect()))
}

/// Get an entry
///
/// With its content.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/memory/{entryName}", operation_id = "Contactmemory_GetEntry", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("entryName" = String, Path, description = "The name of the entry, percent-encoded"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The entry", body = MemoryEntryBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path((session_id, name)): Path<(String, String)>,
) -> Result<Json<MemoryEntry>, ApiError> {
    let entries = read(&app, &member, &session_id).await?;
    let found = entries.into_iter().find(|entry| entry.name == name);
    found.map(Json).ok_or_else(|| {
        ApiError::not_found(
            "memory_entry_not_found",
            format!("The session has no memory entry {name:?}."),
        )
    })
}

async fn read(
    app: &SharedApp,
    member: &Member<SessionsRead>,
    session_id: &str,
) -> Result<Vec<MemoryEntry>, ApiError> {
    let id = parse_id(session_id)?;
    let read = app.store.read(member.project, move |snapshot| {
        let found = snapshot.get::<Session>(find_id(snapshot, id)?)?;
        found.ok_or_else(|| not_found("id", &id.to_string()))
    });
    Ok(read.await?.doc.memory)
}

/// Remember something
///
/// An entry of the same name is replaced. Only users have a memory: not guests.
#[utoipa::path(
    post, path = "/v3/sessions/{sessionId}/memory", operation_id = "CreateEntry", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = MemoryEntryInput,
    responses((status = 200, description = "What became of it", body = MemoryWriteResult), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    Json(input): Json<MemoryEntryInput>,
) -> Result<Json<MemoryWriteResult>, ApiError> {
    let author = member.user;
    write(&app, &member, &session_id, move |session, now| {
        let known = session
            .memory
            .iter()
            .position(|entry| entry.name == input.name);
        let name_fits = (1..=NAME_CHARS_MAX).contains(&input.name.chars().count());
        let is_one_too_many = known.is_none() && session.memory.len() >= ENTRIES_MAX;
        if !name_fits || is_one_too_many || !fits(&input.content, input.description.as_deref()) {
            return Err("invalid_input");
        }
        let entry = MemoryEntry {
            name: input.name.clone(),
            description: input.description.clone().unwrap_or_default(),
            content: input.content.clone(),
            actor: ACTOR.into(),
            actor_user_id: Some(author),
            created_at: known.map_or(now, |at| session.memory[at].created_at),
            updated_at: now,
        };
        match known {
            Some(at) => session.memory[at] = entry,
            None => session.memory.push(entry),
        }
        Ok(())
    })
    .await
}

/// Change an entry
///
/// The entry must be there.
#[utoipa::path(
    put, path = "/v3/sessions/{sessionId}/memory/{entryName}", operation_id = "UpdateEntry", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("entryName" = String, Path, description = "The name of the entry, percent-encoded"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = MemoryEntryUpdate,
    responses((status = 200, description = "What became of it", body = MemoryWriteResult), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path((session_id, name)): Path<(String, String)>,
    Json(input): Json<MemoryEntryUpdate>,
) -> Result<Json<MemoryWriteResult>, ApiError> {
    let author = member.user;
    write(&app, &member, &session_id, move |session, now| {
        let known = session.memory.iter_mut().find(|entry| entry.name == name);
        let fitting = known.filter(|_| fits(&input.content, input.description.as_deref()));
        let entry = fitting.ok_or("invalid_input")?;
        entry.content.clone_from(&input.content);
        if let Some(description) = &input.description {
            entry.description.clone_from(description);
        }
        entry.actor = ACTOR.into();
        entry.actor_user_id = Some(author);
        entry.updated_at = now;
        Ok(())
    })
    .await
}

/// Forget an entry
///
/// `invalid_input` when there is none of that name.
#[utoipa::path(
    delete, path = "/v3/sessions/{sessionId}/memory/{entryName}", operation_id = "DeleteEntry", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("entryName" = String, Path, description = "The name of the entry, percent-encoded"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "What became of it", body = MemoryWriteResult), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn remove(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path((session_id, name)): Path<(String, String)>,
) -> Result<Json<MemoryWriteResult>, ApiError> {
    write(&app, &member, &session_id, move |session, _| {
        let before = session.memory.len();
        session.memory.retain(|entry| entry.name != name);
        if session.memory.len() == before {
            return Err("invalid_input");
        }
        Ok(())
    })
    .await
}

/// Forget everything
///
/// Fine when there was nothing.
#[utoipa::path(
    delete, path = "/v3/sessions/{sessionId}/memory", operation_id = "ClearAll", tag = "ContactMemory",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "What became of it", body = MemoryWriteResult), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn clear(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
) -> Result<Json<MemoryWriteResult>, ApiError> {
    write(&app, &member, &session_id, |session, _| {
        session.memory.clear();
        Ok(())
    })
    .await
}

fn fits(content: &str, description: Option<&str>) -> bool {
    (1..=CONTENT_BYTES_MAX).contains(&content.len())
        && description.is_none_or(|text| text.chars().count() <= DESCRIPTION_CHARS_MAX)
}

/// Whether an entry that comes from elsewhere is within the limits.
#[must_use]
pub fn is_whole(entry: &MemoryEntry) -> bool {
    (1..=NAME_CHARS_MAX).contains(&entry.name.chars().count())
        && fits(&entry.content, Some(&entry.description))
}

/// Changes the memory of a session; `change` says why it cannot.
async fn write(
    app: &SharedApp,
    member: &Member<SessionsWrite>,
    session_id: &str,
    change: impl Fn(&mut Session, Millis) -> Result<(), &'static str> + Send + 'static,
) -> Result<Json<MemoryWriteResult>, ApiError> {
    let id = parse_id(session_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = match find_for_update(tx, id) {
            Err(error) if error.status() == axum::http::StatusCode::NOT_FOUND => {
                return Ok(refused("session_not_found"));
            }
            found => found?,
        };
        if row.doc.user_id.is_none() {
            return Ok(refused("no_userId"));
        }
        if let Err(reason) = change(&mut row.doc, tx.now()) {
            return Ok(refused(reason));
        }
        tx.put(&mut row)?;
        Ok::<_, ApiError>(MemoryWriteResult {
            ok: true,
            reason: None,
            entries: Some(row.doc.memory.len()),
        })
    };
    app.store.write(member.project, unit).await.map(Json)
}
