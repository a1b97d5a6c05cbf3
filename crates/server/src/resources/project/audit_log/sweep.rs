//! Old entries of the audit log are forgotten.

use anyhow::Result;
use store::Millis;

use super::document::AuditEntry;
use crate::accounts::{SCOPE, project};
use crate::app::App;
use crate::jobs::old;

/// Days for which entries are kept.
pub const AUDIT_DAYS: i64 = 400;
const DAY_MS: i64 = 86_400_000;

/// Deletes the entries of all projects that are older than [`AUDIT_DAYS`]; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> Result<u64> {
    let until = Millis(app.now().0 - AUDIT_DAYS * DAY_MS);
    let mut deleted = 0;
    for scope in project::ids(app).await?.into_iter().chain([SCOPE]) {
        deleted += old::delete::<AuditEntry>(app, scope, until).await?;
    }
    Ok(deleted)
}
