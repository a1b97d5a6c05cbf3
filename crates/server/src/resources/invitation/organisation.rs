//! The invitations to all projects of an organisation, for those who run all of them.

use std::sync::Arc;

use axum::extract::{Path, State};
use store::{ObjectId, Snapshot, Tx};

use super::body::{Host, InvitationBody, InviteBody, invite, open, parse_id};
use crate::accounts::SCOPE;
use crate::accounts::invitation::{projects_of, to};
use crate::app::SharedApp;
use crate::auth::roles::{Role, Scope};
use crate::auth::{Credential, SignedIn};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;

/// List the invitations to an organisation
///
/// Those that wait for an answer, oldest first. Asks for `members:write` in all of its projects.
#[utoipa::path(
    get, path = "/v3/invitations/organisations/{organisationId}", operation_id = "GetOrganisationInvitations", tag = "Invitation",
    params(("organisationId" = String, Path, description = "The id of the organisation")),
    responses((status = 200, description = "The invitations", body = [InvitationBody]), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(organisation_id): Path<String>,
) -> Result<Json<Vec<InvitationBody>>, ApiError> {
    let organisation = parse_id(&organisation_id)?;
    let now = app.now();
    let read = app.store.read(SCOPE, move |snapshot| {
        role_in(snapshot, organisation, &caller)?;
        Ok::<_, ApiError>(open(snapshot, &to(organisation, None), now)?)
    });
    Ok(Json(read.await?))
}

/// Invite people to an organisation
///
/// To all projects that it has when they accept. Otherwise as `POST /v3/invitations/projects`. Asks for `members:write` in all of its projects.
#[utoipa::path(
    post, path = "/v3/invitations/organisations/{organisationId}", operation_id = "CreateOrganisationInvitation", tag = "Invitation",
    params(("organisationId" = String, Path, description = "The id of the organisation")),
    request_body = InviteBody,
    responses(
        (status = 200, description = "The invitations", body = [InvitationBody]),
        (status = 409, description = "No mail server is set up (`mail_not_set_up`), or too many wait (`too_many_invitations`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = [])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(organisation_id): Path<String>,
    Json(body): Json<InviteBody>,
) -> Result<Json<Vec<InvitationBody>>, ApiError> {
    let organisation = parse_id(&organisation_id)?;
    let of_read = Arc::clone(&caller);
    let read = app.store.read(SCOPE, move |snapshot| {
        role_in(snapshot, organisation, &of_read)
    });
    let host = Host {
        user: caller.user,
        organisation,
        project: None,
        is_owner: read.await? == Role::Owner,
    };
    let invitations = body.invitations(&app, host)?;
    let unit = move |tx: &mut Tx<'_>| invite(tx, &invitations);
    Ok(Json(app.store.write(SCOPE, unit).await?))
}

/// The role of the caller in all projects of an organisation: owner, when it is that everywhere.
///
/// # Errors
/// 404 when the caller may not invite to one of them.
fn role_in(
    snapshot: &Snapshot<'_>,
    organisation: ObjectId,
    caller: &Credential,
) -> Result<Role, ApiError> {
    let projects = projects_of(snapshot, organisation)?;
    let mut role = Role::Owner;
    for project in &projects {
        let access = caller.projects.get(project);
        let access = access.filter(|access| access.scopes.contains(Scope::MembersWrite));
        if access.ok_or_else(unknown)?.role != Role::Owner {
            role = Role::Admin;
        }
    }
    if projects.is_empty() {
        return Err(unknown());
    }
    Ok(role)
}

fn unknown() -> ApiError {
    ApiError::not_found(
        "organisation_not_found",
        "There is no such organisation of which you may invite people to all projects.",
    )
}
