//! What a merge does, or would do.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;
use store::ObjectId;
use utoipa::ToSchema;

use super::super::document::Session;
use super::{Merged, Moved};

type Members = IndexMap<String, Box<RawValue>>;

/// What is each session's own, whatever happens.
const NOT_MERGED: [&str; 5] = [
    "gleapId",
    "gleapHash",
    "createdAt",
    "updatedAt",
    "customData",
];

/// What a merge does, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MergePlan {
    /// The session that lives on.
    #[schema(value_type = String)]
    pub session: ObjectId,
    /// The session that goes.
    #[schema(value_type = String)]
    pub with: ObjectId,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The id of the record of the merge, when it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub merge_id: Option<ObjectId>,
    /// Why the merge would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// What moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moves: Option<Moved>,
    /// What becomes of each attribute that the session that goes has.
    pub attributes: Vec<AttributePlan>,
}

/// Why a merge would be refused: code and message of the error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Refused {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// What becomes of an attribute.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttributePlan {
    /// Its name; custom ones as `customData.seats`.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of an attribute of the session that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The other has none, and takes it over.
    Taken,
    /// Both have the same.
    Same,
    /// Both have one: that of the session that lives on is kept.
    Kept,
    /// Both are put together: sums, dates, tags and the like.
    Joined,
}

impl MergePlan {
    /// The plan of a merge that was done.
    ///
    /// # Errors
    /// When a session is no JSON.
    pub fn of(merged: &Merged, with: ObjectId) -> serde_json::Result<Self> {
        let (before, gone) = (&merged.before, &merged.gone);
        Ok(Self {
            session: merged.survivor.id,
            with,
            dry_run: false,
            merge_id: Some(merged.id),
            refused: None,
            moves: Some(merged.moved),
            attributes: attributes(before, gone, &merged.survivor.doc)?,
        })
    }

    /// The plan of a merge that would be refused.
    #[must_use]
    pub fn refused(session: ObjectId, with: ObjectId, refused: Refused) -> Self {
        Self {
            session,
            with,
            dry_run: true,
            merge_id: None,
            refused: Some(refused),
            moves: None,
            attributes: Vec::new(),
        }
    }
}

fn attributes(
    before: &Session,
    gone: &Session,
    after: &Session,
) -> serde_json::Result<Vec<AttributePlan>> {
    let nothing = members(&Session::default())?;
    let (before, gone, after) = (members(before)?, members(gone)?, members(after)?);
    let text =
        |members: &Members, name: &str| members.get(name).map(|value| value.get().to_owned());
    let plan = |name: &String| {
        let (own, theirs) = (text(&before, name), text(&gone, name));
        let kept = text(&after, name);
        let outcome = match () {
            () if own == theirs => Outcome::Same,
            () if own == kept => Outcome::Kept,
            () if kept == theirs && own == text(&nothing, name) => Outcome::Taken,
            () => Outcome::Joined,
        };
        let name = name.clone();
        AttributePlan { name, outcome }
    };
    let says_something = |name: &&String| text(&gone, name) != text(&nothing, name);
    Ok(gone.keys().filter(says_something).map(plan).collect())
}

fn members(session: &Session) -> serde_json::Result<Members> {
    let mut members: Members = serde_json::from_slice(&serde_json::to_vec(session)?)?;
    members.retain(|name, _| !NOT_MERGED.contains(&name.as_str()));
    let custom = session.custom_data.iter();
    members.extend(custom.map(|(key, value)| (format!("customData.{key}"), value.clone())));
    Ok(members)
}
