//! The session that an id names: its own, or the one that it was merged into.

use store::{ObjectId, Row, Snapshot, Tx};

use crate::http::ApiError;
use crate::identity;
use crate::resources::session::document::Session;
use crate::resources::session::lookup;

/// To look at it.
///
/// # Errors
/// Those of the store.
pub(super) fn find(snapshot: &Snapshot<'_>, id: ObjectId) -> store::Result<Option<Row<Session>>> {
    match snapshot.get::<Session>(id)? {
        None => snapshot.find(identity::MERGED_ID, &id.to_string()),
        found => Ok(found),
    }
}

/// To change it, or what belongs to it.
///
/// # Errors
/// 404 when there is none; those of the store.
pub(super) fn find_for_update(tx: &Tx<'_>, id: ObjectId) -> Result<Row<Session>, ApiError> {
    let found = match tx.get_for_update::<Session>(id)? {
        None => tx.find_for_update(identity::MERGED_ID, &id.to_string())?,
        found => found,
    };
    found.ok_or_else(|| unknown(id))
}

/// 404: no session has this id.
pub(super) fn unknown(id: ObjectId) -> ApiError {
    lookup::not_found("id", &id.to_string())
}
