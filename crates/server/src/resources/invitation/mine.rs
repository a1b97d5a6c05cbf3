//! The invitations of the caller.

use axum::extract::{Path, State};
use serde::Deserialize;
use store::{ObjectId, Snapshot, Tx};
use utoipa::ToSchema;

use super::body::{InvitationBody, open, parse_id, unknown};
use crate::accounts::SCOPE;
use crate::accounts::invitation::{self, Invitation};
use crate::accounts::user::User;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::{Done, ErrorResponses};
use crate::identity;

/// The answer to an invitation.
#[derive(Deserialize, ToSchema)]
pub struct InvitationAnswerBody {
    /// Whether the caller becomes a member; otherwise the invitation ends.
    accept: bool,
}

/// List the invitations of the caller
///
/// Those that wait for an answer, by the address of the account, oldest first.
#[utoipa::path(
    get, path = "/v3/invitations", operation_id = "GetMyInvitations", tag = "Invitation",
    responses((status = 200, description = "The invitations", body = [InvitationBody]), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<InvitationBody>>, ApiError> {
    let now = app.now();
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, store::Error>(match address(snapshot, caller.user)? {
            Some(address) => open(snapshot, &invitation::of_address(&address), now)?,
            None => Vec::new(),
        })
    });
    Ok(Json(read.await?))
}

/// Answer an invitation
///
/// As the user whose address was invited. Who is a member already keeps the role.
#[utoipa::path(
    put, path = "/v3/invitations/{invitationId}", operation_id = "UpdateInvitation", tag = "Invitation",
    params(("invitationId" = String, Path, description = "The id of the invitation")),
    request_body = InvitationAnswerBody,
    responses((status = 200, description = "`true`: it is done", body = Done), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn answer(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(invitation_id): Path<String>,
    Json(InvitationAnswerBody { accept }): Json<InvitationAnswerBody>,
) -> Result<Json<Done>, ApiError> {
    let id = parse_id(&invitation_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let address = address(tx, caller.user)?.ok_or_else(unknown)?;
        let row = tx.get_for_update::<Invitation>(id)?;
        let is_mine = |doc: &Invitation| doc.email_key == address && doc.is_open(tx.now());
        let row = row.filter(|row| is_mine(&row.doc)).ok_or_else(unknown)?;
        if accept {
            invitation::accept(tx, &row, caller.user)?;
        } else {
            invitation::end(tx, &row)?;
        }
        Ok::<_, ApiError>(())
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(Done(true)))
}

/// The address of a person, as addresses are compared.
fn address(snapshot: &Snapshot<'_>, user: ObjectId) -> store::Result<Option<String>> {
    let user = snapshot.get::<User>(user)?;
    let email = user.and_then(|user| user.doc.email);
    Ok(email.as_deref().and_then(identity::email_key))
}
