//! Identity verification as the operator works on it: `hark identity`.

use serde_json::json;
use store::{ObjectId, Tx};

use super::project::{Project, Verification, identity_secrets, unknown_project};
use super::{AccountError, SCOPE};
use crate::app::App;
use crate::auth::token::user_hash;
use crate::identity;
use crate::resources::project::audit_log::document::{Action, Auditor};

/// The proof that a client may act as a user, made with the newest identity secret of the project.
pub async fn sign(app: &App, project: ObjectId, user_id: &str) -> Result<String, AccountError> {
    if !identity::is_user_id(user_id) {
        return Err(AccountError::Refused(format!(
            "USER_ID: {user_id:?} is the id of no user: give 1 to {} characters, and no word for nobody such as \"null\"",
            identity::USER_ID_CHARS_MAX
        )));
    }
    let read = app.store.read(SCOPE, move |snapshot| {
        snapshot
            .get::<Project>(project)?
            .ok_or_else(|| unknown_project(project))
    });
    let secrets = identity_secrets(app, &read.await?.doc);
    let newest = secrets.first().ok_or_else(|| {
        AccountError::Refused(
            "the identity secret cannot be read with this server key: put the old key back, or make a secret with \
             `hark project rotate --identity-secret`"
                .into(),
        )
    })?;
    Ok(user_hash(newest, user_id))
}

/// `hark identity mode`.
pub async fn set_mode(
    app: &App,
    project: ObjectId,
    mode: Verification,
) -> Result<(), AccountError> {
    let auditor = Auditor::operator(project);
    let unit = move |tx: &mut Tx<'_>| match set(tx, auditor, mode)? {
        true => Ok(()),
        false => Err(unknown_project(project)),
    };
    app.store.write(SCOPE, unit).await
}

/// Sets whether clients of a project must prove who their user is; returns whether there is such a project.
///
/// # Errors
/// Those of the store.
pub fn set(tx: &mut Tx<'_>, auditor: Auditor, mode: Verification) -> store::Result<bool> {
    let Some(mut row) = tx.get_for_update::<Project>(auditor.project)? else {
        return Ok(false);
    };
    if row.doc.identity_verification != mode {
        row.doc.identity_verification = mode;
        tx.put(&mut row)?;
        let details = json!({ "mode": mode });
        auditor.note(tx, Action::IdentityVerificationChanged, None, details)?;
    }
    Ok(true)
}
