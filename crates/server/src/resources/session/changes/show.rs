//! Changes as the API shows them.

use serde::Serialize;
use store::{Fate, FeedEntry, FeedPage, Millis, ObjectId};
use utoipa::ToSchema;

use super::super::render::wire;
use super::super::schema::SessionBody;

/// What became of a session.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionChangeType {
    /// It is new or changed.
    Changed,
    /// It is gone, and lives on in another.
    Merged,
    /// It is gone.
    Deleted,
}

/// A session that changed: once, however often it did, and as it is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionChange {
    /// What became of it.
    pub r#type: SessionChangeType,
    /// The id of the session.
    #[schema(value_type = String)]
    pub session_id: ObjectId,
    /// The session that it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub into: Option<ObjectId>,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime)]
    pub date: Millis,
    /// The session, of one that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionBody>,
}

/// Changes of sessions, and where to go on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what is written by hand")]
pub struct SessionChanges {
    /// The changes, those that were made first in front. Each session is there once.
    pub changes: Vec<SessionChange>,
    /// The `since` of the next call.
    pub cursor: String,
    /// Whether there may be more already: call again without waiting.
    pub more: bool,
}

/// The answer to one call.
pub(super) fn page(
    page: &FeedPage,
    project: ObjectId,
    organisation: ObjectId,
) -> serde_json::Result<Vec<u8>> {
    let mut body = b"{\"changes\":[".to_vec();
    for (n, change) in page.entries.iter().enumerate() {
        if n > 0 {
            body.push(b',');
        }
        body.append(&mut entry(change, project, organisation)?);
    }
    let more = page.is_more || page.is_unnumbered;
    let end = format!("],\"cursor\":\"{}\",\"more\":{more}}}", page.next);
    body.extend_from_slice(end.as_bytes());
    Ok(body)
}

/// One change. A session is put in as it is stored, and not read.
pub(super) fn entry(
    entry: &FeedEntry,
    project: ObjectId,
    organisation: ObjectId,
) -> serde_json::Result<Vec<u8>> {
    let (into, shown) = match &entry.fate {
        Fate::Present(row) => (None, Some(wire(row, project, organisation))),
        Fate::ReplacedBy(heir) => (Some(*heir), None),
        Fate::Deleted => (None, None),
    };
    let mut json = serde_json::to_vec(&SessionChange {
        r#type: kind(entry),
        session_id: entry.id,
        into,
        date: entry.at,
        session: None,
    })?;
    if let Some(shown) = shown {
        json.pop();
        json.extend_from_slice(b",\"session\":");
        json.extend_from_slice(&shown);
        json.push(b'}');
    }
    Ok(json)
}

/// What became of the session of an entry.
pub(super) fn kind(entry: &FeedEntry) -> SessionChangeType {
    match entry.fate {
        Fate::Present(_) => SessionChangeType::Changed,
        Fate::ReplacedBy(_) => SessionChangeType::Merged,
        Fate::Deleted => SessionChangeType::Deleted,
    }
}
