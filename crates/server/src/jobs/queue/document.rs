//! A job as it is stored: it is there as long as it is not done.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Collection, Column, ColumnKind, Document, Identity, Index, Millis, ObjectId, Value};

use crate::identity;

/// Something that is to be done after the unit of work that asked for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueuedJob {
    /// The name of its [kind](super::Kind).
    pub kind: String,
    /// What its handler needs to know.
    pub payload: Box<RawValue>,
    /// When it is looked at next: it is to run, or, while it runs, its lease is over. Absent: it is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// It is not to run before this, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Millis>,
    /// Runs that were begun.
    pub attempts: u32,
    /// Whether a run has it.
    pub running: bool,
    /// It was asked for again while it ran: it runs once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// Only one unfinished job has this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// The key that it had when it was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_unique: Option<String>,
    /// Jobs of a lane run one after another. Absent also when the job is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// The place in the lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The session whose data the payload holds: the job goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<ObjectId>,
    /// Why the last run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_at: Option<Millis>,
}

const fn column(name: &'static str, path: &'static str, kind: ColumnKind) -> Column {
    Column { name, path, kind }
}

const fn index(name: &'static str, columns: &'static [&'static str]) -> Index {
    Index {
        name,
        columns,
        not_null: Some(columns[0]),
    }
}

/// The table of jobs.
pub static QUEUED_JOBS: Collection = Collection {
    table: "job",
    columns: &[
        column("kind", "kind", ColumnKind::Text),
        column("due_at", "dueAt", ColumnKind::Instant),
        column("lane", "lane", ColumnKind::Text),
        column("position", "position", ColumnKind::Int),
        column("session", "session", ColumnKind::Id),
        column("dead_at", "deadAt", ColumnKind::Instant),
    ],
    indexes: &[
        index("job_by_due", &["due_at"]),
        index("job_by_lane", &["lane", "position"]),
        index("job_by_session", &["session"]),
        index("job_by_death", &["dead_at"]),
    ],
    cluster: &[],
    references: &[],
};

impl Document for QueuedJob {
    const COLLECTION: &'static Collection = &QUEUED_JOBS;

    fn promoted(&self) -> Vec<Value> {
        vec![
            self.kind.as_str().into(),
            self.due_at.into(),
            self.lane.as_deref().into(),
            self.position.map_or(Value::Null, Value::Int),
            self.session.into(),
            self.dead_at.into(),
        ]
    }

    fn identities(&self) -> Vec<Identity> {
        let key = |key: &String| Identity {
            kind: identity::JOB,
            key: key.clone(),
            owner: None,
            required: true,
        };
        self.unique.iter().map(key).collect()
    }
}
