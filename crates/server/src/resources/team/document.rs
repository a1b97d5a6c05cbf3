//! The team, as it is stored.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Millis, ObjectId, Query, Row, Snapshot, Sort, Value};
use utoipa::ToSchema;

use super::body::TEAMS_MAX;
use super::hours::OperatingHours;

/// Members who share tickets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    pub name: String,
    pub assignment_method: AssignmentMethod,
    /// The order in which tickets go round.
    pub members: Vec<ObjectId>,
    pub select_only_online_members: bool,
    pub limit_ticket_amount: bool,
    /// Open tickets of a member, of whichever team, when they are limited.
    pub ticket_amount: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sla_options: Option<SlaOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_hours: Option<OperatingHours>,
    /// When somebody changed it: giving a ticket away does not.
    pub changed_at: Millis,
    /// Who got a ticket last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_assigned: Option<ObjectId>,
}

/// Who gets a ticket of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AssignmentMethod {
    /// Somebody, evenly.
    Random,
    /// Who has the fewest open tickets.
    Balanced,
    /// Nobody by itself.
    Manual,
    /// One after another.
    Circular,
}

/// How soon tickets are to be answered. Kept and shown; nothing is measured by it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SlaOptions {
    /// The time, in the unit of those who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = false)]
    pub default_sla: Option<f64>,
}

/// The table of teams.
pub static TEAMS: Collection = Collection {
    table: "team",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for Team {
    const COLLECTION: &'static Collection = &TEAMS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// The teams of the project, oldest first.
///
/// # Errors
/// Those of the store.
pub fn all(snapshot: &Snapshot<'_>) -> store::Result<Vec<Row<Team>>> {
    let query = Query {
        sort: vec![Sort {
            path: "id".into(),
            descending: false,
        }],
        limit: TEAMS_MAX,
        ..Query::default()
    };
    let rows = snapshot.page::<Team>(&query)?.rows;
    rows.iter().map(|row| row.typed()).collect()
}
