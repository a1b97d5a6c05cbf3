//! The invitations to a project, for those who run it.

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use utoipa::ToSchema;

use super::body::{Host, InvitationBody, InviteBody, invite, may_give, open, parse_id, unknown};
use crate::accounts::SCOPE;
use crate::accounts::invitation::{self, Invitation};
use crate::app::SharedApp;
use crate::auth::roles::{Role, Scope};
use crate::auth::{Member, MembersWrite, SignedIn};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::{Done, ErrorResponses};
use crate::resources::project::audit_log::document::{Action, Auditor};

/// A role to be offered.
#[derive(Deserialize, ToSchema)]
pub struct InvitationRoleBody {
    /// The role.
    role: Role,
}

/// List the invitations to a project
///
/// Those that wait for an answer, oldest first.
#[utoipa::path(
    get, path = "/v3/invitations/projects", operation_id = "GetProjectInvitations", tag = "Invitation",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The invitations", body = [InvitationBody]), ErrorResponses),
    security(("jwt" = ["members:write"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
) -> Result<Json<Vec<InvitationBody>>, ApiError> {
    let query = invitation::to(member.organisation, Some(member.project));
    let now = app.now();
    let read = app
        .store
        .read(SCOPE, move |snapshot| open(snapshot, &query, now));
    Ok(Json(read.await?))
}

/// Invite people to a project
///
/// Each gets a mail. Who was invited already is invited anew: under the role of this call, and with a new mail unless one went out in the last minute. Only
/// an owner invites owners.
#[utoipa::path(
    post, path = "/v3/invitations/projects", operation_id = "CreateProjectInvitation", tag = "Invitation",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = InviteBody,
    responses(
        (status = 200, description = "The invitations", body = [InvitationBody]),
        (status = 409, description = "No mail server is set up (`mail_not_set_up`), or too many wait (`too_many_invitations`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["members:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
    Json(body): Json<InviteBody>,
) -> Result<Json<Vec<InvitationBody>>, ApiError> {
    let host = Host {
        user: member.user,
        organisation: member.organisation,
        project: Some(member.project),
        is_owner: member.role == Role::Owner,
    };
    let invitations = body.invitations(&app, host)?;
    let unit = move |tx: &mut Tx<'_>| invite(tx, &invitations);
    Ok(Json(app.store.write(SCOPE, unit).await?))
}

/// Change the role of an invitation
///
/// Of one to the project of the header. Only an owner makes an invitation one for an owner, or changes such a one.
#[utoipa::path(
    put, path = "/v3/invitations/{invitationId}/role", operation_id = "UpdateInvitationRole", tag = "Invitation",
    params(
        ("invitationId" = String, Path, description = "The id of the invitation"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = InvitationRoleBody,
    responses((status = 200, description = "The invitation", body = InvitationBody), ErrorResponses),
    security(("jwt" = ["members:write"])),
)]
pub async fn change_role(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
    Path(invitation_id): Path<String>,
    Json(InvitationRoleBody { role }): Json<InvitationRoleBody>,
) -> Result<Json<InvitationBody>, ApiError> {
    let id = parse_id(&invitation_id)?;
    let (project, is_owner) = (member.project, member.role == Role::Owner);
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get_for_update::<Invitation>(id)?;
        let is_of_project =
            |doc: &Invitation| doc.project == Some(project) && doc.is_open(tx.now());
        let mut row = row
            .filter(|row| is_of_project(&row.doc))
            .ok_or_else(unknown)?;
        if row.doc.role != role {
            may_give(row.doc.role, is_owner)?;
            may_give(role, is_owner)?;
            row.doc.role = role;
            tx.put(&mut row)?;
            let details = json!({ "email": row.doc.email, "role": role });
            auditor.note(tx, Action::InvitationChanged, Some(id), details)?;
        }
        Ok::<_, ApiError>(InvitationBody::of(tx, row)?)
    };
    Ok(Json(app.store.write(SCOPE, unit).await?))
}

/// Withdraw an invitation
///
/// By somebody who may invite to the same. Its mail opens nothing from then on.
#[utoipa::path(
    delete, path = "/v3/invitations/{invitationId}", operation_id = "DeleteInvitation", tag = "Invitation",
    params(("invitationId" = String, Path, description = "The id of the invitation")),
    responses((status = 200, description = "`true`: it is gone", body = Done), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn withdraw(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(invitation_id): Path<String>,
) -> Result<Json<Done>, ApiError> {
    let id = parse_id(&invitation_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get_for_update::<Invitation>(id)?.ok_or_else(unknown)?;
        let projects = invitation::projects(tx, &row.doc)?;
        let may = |project| {
            let access = caller.projects.get(project);
            access.is_some_and(|access| {
                access.scopes.contains(Scope::MembersWrite)
                    && may_give(row.doc.role, access.role == Role::Owner).is_ok()
            })
        };
        if !projects.iter().all(may) {
            return Err(unknown());
        }
        invitation::end(tx, &row)?;
        let by = Some(caller.user);
        let details = json!({ "email": row.doc.email, "role": row.doc.role });
        for project in projects {
            let auditor = Auditor { project, by };
            auditor.note(tx, Action::InvitationWithdrawn, Some(id), details.clone())?;
        }
        Ok::<_, ApiError>(())
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(Done(true)))
}
