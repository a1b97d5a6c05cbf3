//! The lists that a team keeps: what of a list is asked for, under a name.

use serde::{Deserialize, Serialize};
use store::{Collection, Document, Millis, ObjectId, Snapshot, Value};
use utoipa::ToSchema;

/// Saved views of a project.
pub const SAVED_VIEWS_MAX: usize = 100;
/// Characters of the name of a saved view.
pub const NAME_CHARS_MAX: usize = 100;
/// Bytes of the address of a saved view.
pub const ADDRESS_BYTES_MAX: usize = 4_096;

/// What a saved view lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Listed {
    /// End users.
    Sessions,
    /// What they report.
    Tickets,
}

/// One list, under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedView {
    pub id: ObjectId,
    pub name: String,
    pub listed: Listed,
    /// What is asked for, as a query string.
    pub address: String,
    /// Who saved it.
    pub created_by: ObjectId,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// All that a project has; its id is that of the project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedViews {
    pub views: Vec<SavedView>,
}

/// The table of saved views: one row for each project.
pub static SAVED_VIEWS: Collection = Collection {
    table: "saved_view",
    columns: &[],
    indexes: &[],
    cluster: &[],
    references: &[],
};

impl Document for SavedViews {
    const COLLECTION: &'static Collection = &SAVED_VIEWS;

    fn promoted(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// The saved views of the project, in the order in which they were saved.
///
/// # Errors
/// Those of the store.
pub fn of_project(snapshot: &Snapshot<'_>) -> store::Result<Vec<SavedView>> {
    let row = snapshot.get::<SavedViews>(snapshot.project())?;
    Ok(row.map(|row| row.doc.views).unwrap_or_default())
}
