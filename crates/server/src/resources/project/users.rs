//! The people of a project, and what they may do in it.

use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::audit_log::document::Action;
use crate::accounts::SCOPE;
use crate::accounts::member::{self, Member as Membership};
use crate::app::SharedApp;
use crate::auth::roles::Role;
use crate::auth::{Member, MembersRead, MembersWrite};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::{Done, ErrorResponses};
use crate::resources::team::{attendance, leave};
use crate::resources::user::UserBody;

/// A role to be given.
#[derive(Deserialize, ToSchema)]
pub struct RoleBody {
    /// The role.
    pub role: Role,
}

/// List the users of a project
///
/// Its people with their roles, the first member first. The service accounts of API keys are not among them.
#[utoipa::path(
    get, path = "/v3/projects/users", operation_id = "GetUsers", tag = "Project",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The users", body = [UserBody]), ErrorResponses),
    security(("jwt" = ["members:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<MembersRead>,
) -> Result<Json<Vec<UserBody>>, ApiError> {
    let project = member.project;
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, ApiError>(member::people(snapshot, project)?)
    });
    let people = read.await?;
    let ids: Vec<_> = people.iter().map(|(user, _)| user.id).collect();
    let read = app
        .store
        .read(project, move |snapshot| attendance::of(snapshot, &ids));
    let seen = read.await?;
    let shown = |(user, role): (Row<_>, Role)| UserBody {
        role: Some(role),
        last_seen: seen.get(&user.id).and_then(|seen| seen.last_seen),
        ..UserBody::from(user)
    };
    Ok(Json(people.into_iter().map(shown).collect()))
}

/// Change the role of a user
///
/// In the project of the header. Only an owner makes or unmakes owners, and the last owner of a project stays one.
#[utoipa::path(
    put, path = "/v3/projects/users/{userId}", operation_id = "UpdateUser", tag = "Project",
    params(
        ("userId" = String, Path, description = "The id of the user"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = RoleBody,
    responses(
        (status = 200, description = "`true`: the user has the role", body = Done),
        (status = 409, description = "The user is the last owner (`last_owner`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["members:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    caller: Member<MembersWrite>,
    Path(user_id): Path<String>,
    Json(RoleBody { role }): Json<RoleBody>,
) -> Result<Json<Done>, ApiError> {
    let user = parsed(&user_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let mut membership = found(tx, user, caller.project)?;
        if role != membership.doc.role {
            may_change(&caller, &membership, Some(role))?;
            keeps_an_owner(tx, &membership, Some(role))?;
            membership.doc.role = role;
            tx.put(&mut membership)?;
            leave::changed(tx, user, caller.project)?;
            let details = json!({ "role": role });
            let auditor = caller.auditor();
            auditor.note(tx, Action::MemberChanged, Some(user), details)?;
        }
        Ok::<_, ApiError>(())
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(Done(true)))
}

/// Remove a user from a project
///
/// The user's tickets of the project go back to their teams, and nothing of it is open to the user from then on. Only an owner removes owners, and the
/// last one stays.
#[utoipa::path(
    delete, path = "/v3/projects/users/{userId}", operation_id = "DeleteUser", tag = "Project",
    params(
        ("userId" = String, Path, description = "The id of the user"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses(
        (status = 200, description = "`true`: the user is no member any more", body = Done),
        (status = 409, description = "The user is the last owner (`last_owner`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["members:write"])),
)]
pub async fn remove(
    State(app): State<SharedApp>,
    caller: Member<MembersWrite>,
    Path(user_id): Path<String>,
) -> Result<Json<Done>, ApiError> {
    let user = parsed(&user_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let membership = found(tx, user, caller.project)?;
        may_change(&caller, &membership, None)?;
        keeps_an_owner(tx, &membership, None)?;
        member::remove(tx, &membership)?;
        let details = json!({ "role": membership.doc.role });
        let auditor = caller.auditor();
        auditor.note(tx, Action::MemberRemoved, Some(user), details)?;
        Ok::<_, ApiError>(leave::changed(tx, user, caller.project)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(Done(true)))
}

fn parsed(user_id: &str) -> Result<ObjectId, ApiError> {
    user_id.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The user id in the path must be 24 hexadecimal characters.",
        )
    })
}

fn found(tx: &Tx<'_>, user: ObjectId, project: ObjectId) -> Result<Row<Membership>, ApiError> {
    member::of_person(tx, user, project)?.ok_or_else(|| {
        ApiError::not_found(
            "user_not_found",
            format!(
                "The project has no user {user}. GET /v3/projects/users lists those that it has."
            ),
        )
    })
}

/// Admins manage everybody but owners: otherwise each of them could make itself one.
fn may_change(
    caller: &Member<MembersWrite>,
    membership: &Row<Membership>,
    role: Option<Role>,
) -> Result<(), ApiError> {
    let concerns_owners = membership.doc.role == Role::Owner || role == Some(Role::Owner);
    if concerns_owners && caller.role != Role::Owner {
        return Err(ApiError::forbidden(
            "owners_only",
            "Only an owner of the project makes, changes or removes owners. Ask one of them.",
        ));
    }
    Ok(())
}

/// A project without an owner could not be given to anybody.
fn keeps_an_owner(
    tx: &Tx<'_>,
    membership: &Row<Membership>,
    role: Option<Role>,
) -> Result<(), ApiError> {
    let Membership { user, project, .. } = membership.doc;
    if membership.doc.role != Role::Owner || role == Some(Role::Owner) {
        return Ok(());
    }
    // Locked, so that two owners do not leave at once.
    let mut others = false;
    for (person, role) in member::people(tx, project)? {
        if role == Role::Owner && person.id != user {
            others |= member::of_person(tx, person.id, project)?
                .is_some_and(|locked| locked.doc.role == Role::Owner);
        }
    }
    if others {
        Ok(())
    } else {
        Err(ApiError::conflict(
            "last_owner",
            "The user is the last owner of the project. Make somebody else an owner first.",
        ))
    }
}
