//! What members did to a session over REST, for its timeline: small rows beside the session.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Millis, ObjectId, Query, Reference, Sort, Tx, Value,
};

use super::document::Session;
use super::history::Origin;
use super::merge::via::Via;

/// Activities of a session beyond this many are forgotten, oldest first.
pub const ACTIVITIES_KEPT_MAX: u64 = 1000;
/// A look at what is to be forgotten costs about as much as an activity, so it is taken at one of so many milliseconds.
const ACTIVITIES_PER_SWEEP: i64 = 16;

/// Fields that are no attributes of the person, or have an activity of their own.
const NOT_ATTRIBUTES: [&str; 9] = [
    "userId",
    "updatedAt",
    "lastActivity",
    "blocked",
    "unsubscribed",
    "unsubscribedAt",
    "unsubscribeReason",
    "gleapId",
    "gleapHash",
];

/// Something that a member, or a program of the team, did to a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Whose session.
    pub session: ObjectId,
    /// When.
    pub at: Millis,
    /// What.
    pub kind: ActivityKind,
    /// The member whose credential it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ObjectId>,
    /// The names of the attributes that changed. Their values are in the session alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The merges that brought it.
    #[serde(default, skip_serializing_if = "Via::is_own")]
    pub via: Via,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// It gets no engagement messages any more.
    Unsubscribed,
    /// It gets them again.
    Resubscribed,
    /// It may not write any more.
    Blocked,
    /// It may write again.
    Unblocked,
    /// It has other attributes.
    AttributeChanged,
}

/// The table of activities: those of a session lie together, oldest first.
pub static ACTIVITIES: Collection = Collection {
    table: "activity",
    columns: &[
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
        Column {
            name: "at",
            path: "at",
            kind: ColumnKind::Instant,
        },
    ],
    indexes: &[],
    cluster: &["session", "at"],
    references: &[Reference {
        column: "session",
        table: "session",
    }],
};

impl Document for Activity {
    const COLLECTION: &'static Collection = &ACTIVITIES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.session.into(), self.at.into()]
    }
}

/// Records one activity. Every so often the oldest beyond [`ACTIVITIES_KEPT_MAX`] are forgotten.
///
/// # Errors
/// Those of the store.
pub fn record(
    tx: &mut Tx<'_>,
    session: ObjectId,
    kind: ActivityKind,
    by: Option<ObjectId>,
    fields: Vec<String>,
) -> store::Result<()> {
    let activity = Activity {
        session,
        at: tx.now(),
        kind,
        by,
        fields,
        via: Via::default(),
    };
    tx.add(&activity)?;
    if activity.at.0 % ACTIVITIES_PER_SWEEP == 0 {
        forget_oldest(tx, session)?;
    }
    Ok(())
}

fn forget_oldest(tx: &mut Tx<'_>, session: ObjectId) -> store::Result<()> {
    let oldest = Query {
        filter: Filter::Eq(FieldPath::known("session"), Scalar::Id(session)),
        sort: vec![Sort {
            path: "at".into(),
            descending: true,
        }],
        skip: ACTIVITIES_KEPT_MAX,
        ..Query::default()
    };
    for row in tx.page::<Activity>(&oldest)?.rows {
        let activity: Activity = row.parse()?;
        tx.delete_at::<Activity>(&[session.into(), activity.at.into()], row.id)?;
    }
    Ok(())
}

/// Records what a write by a member changed. Other origins leave no activities: their changes are not those of the team.
///
/// # Errors
/// Those of the store.
pub fn record_change(
    tx: &mut Tx<'_>,
    session: ObjectId,
    before: &Session,
    after: &Session,
    origin: &Origin,
) -> store::Result<()> {
    if origin.source != "rest" {
        return Ok(());
    }
    let flags = [
        (
            before.unsubscribed,
            after.unsubscribed,
            ActivityKind::Unsubscribed,
            ActivityKind::Resubscribed,
        ),
        (
            before.blocked,
            after.blocked,
            ActivityKind::Blocked,
            ActivityKind::Unblocked,
        ),
    ];
    for (was, is, on, off) in flags {
        if was != is {
            let kind = if is { on } else { off };
            record(tx, session, kind, origin.user_id, Vec::new())?;
        }
    }
    let fields = changed_fields(before, after)?;
    if fields.is_empty() {
        return Ok(());
    }
    let kind = ActivityKind::AttributeChanged;
    record(tx, session, kind, origin.user_id, fields)
}

/// The names of the attributes that differ; custom ones as `customData.seats`.
fn changed_fields(before: &Session, after: &Session) -> serde_json::Result<Vec<String>> {
    type Members = IndexMap<String, Box<RawValue>>;
    let members = |session: &Session| -> serde_json::Result<Members> {
        let mut members: Members = serde_json::from_slice(&serde_json::to_vec(session)?)?;
        members.retain(|name, _| name != "customData" && !NOT_ATTRIBUTES.contains(&name.as_str()));
        let custom = session.custom_data.iter();
        members.extend(custom.map(|(key, value)| (format!("customData.{key}"), value.clone())));
        Ok(members)
    };
    let (before, after) = (members(before)?, members(after)?);
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let text =
        |members: &Members, name: &str| members.get(name).map(|value| value.get().to_owned());
    let differs = |name: &&String| text(&before, name) != text(&after, name);
    Ok(names.into_iter().filter(differs).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_differ_are_named_once() {
        let value = |text: &str| RawValue::from_string(text.into()).unwrap();
        let before = Session {
            name: Some("Ada".into()),
            custom_data: IndexMap::from([("a".into(), value("1")), ("b".into(), value("2"))]),
            ..Session::default()
        };
        let after = Session {
            name: None,
            blocked: true,
            plan: Some("pro".into()),
            custom_data: IndexMap::from([("a".into(), value("1")), ("c".into(), value("2"))]),
            ..Session::default()
        };
        let fields = changed_fields(&before, &after).unwrap();
        assert_eq!(fields, ["customData.b", "customData.c", "name", "plan"]);
    }
}
