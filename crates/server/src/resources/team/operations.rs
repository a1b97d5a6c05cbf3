//! Making, changing and deleting teams.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use serde_json::json;
use store::{ObjectId, Tx};

use super::attendance;
use super::body::{TEAMS_MAX, TeamBody, TeamInput};
use super::document::{self, Team};
use super::{leave, queue};
use crate::accounts::SCOPE;
use crate::app::{App, SharedApp};
use crate::auth::{Member, MembersRead, MembersWrite};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::Action;
use crate::resources::ticket::load;

/// List teams
///
/// All of the project, oldest first.
#[utoipa::path(
    get, path = "/v3/teams", operation_id = "GetTeams", tag = "Team",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The teams", body = Vec<TeamBody>), ErrorResponses),
    security(("jwt" = ["members:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<MembersRead>,
) -> Result<Json<Vec<TeamBody>>, ApiError> {
    let teams = app.store.read(member.project, document::all).await?;
    let shown = |team| TeamBody::of(team, member.project, member.organisation);
    Ok(Json(teams.into_iter().map(shown).collect()))
}

/// Create a team
///
/// A ticket that is given to it goes to one of its members: to anybody (`random`), to who has the fewest open tickets (`balanced`), in turn (`circular`) or
/// to nobody by itself (`manual`). It waits (`queued`) while nobody has room for it, and outside of the operating hours.
#[utoipa::path(
    post, path = "/v3/teams", operation_id = "CreateTeam", tag = "Team",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = TeamInput,
    responses(
        (status = 200, description = "The team", body = TeamBody),
        (status = 409, description = "There are as many as there may be (`too_many_teams`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["members:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
    Json(input): Json<TeamInput>,
) -> Result<Json<TeamBody>, ApiError> {
    let mut faults = input.missing();
    faults.extend(input.faults());
    let known = known(&app, member.project, &input, faults).await?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let teams = document::all(tx)?;
        if teams.len() >= TEAMS_MAX as usize {
            return Err(ApiError::conflict(
                "too_many_teams",
                format!("The project has {TEAMS_MAX} teams already: delete one first."),
            ));
        }
        let mut team = TeamInput::blank(tx.now());
        input.apply(&mut team);
        set_available(tx, &known)?;
        if teams.is_empty() {
            // Tickets of the time before there were teams were not counted.
            load::ask_to_recount(tx)?;
        }
        let team = tx.insert(tx.new_id(), team)?;
        let details = json!({ "name": team.doc.name });
        auditor.note(tx, Action::TeamCreated, Some(team.id), details)?;
        Ok(team)
    };
    let team = app.store.write(member.project, unit).await?;
    Ok(Json(TeamBody::of(
        team,
        member.project,
        member.organisation,
    )))
}

/// Change a team
///
/// What is given replaces, the rest stays. Tickets stay with who has them; those that wait are given away by the new rules.
#[utoipa::path(
    put, path = "/v3/teams/{teamId}", operation_id = "Team_UpdateTeam", tag = "Team",
    params(
        ("teamId" = String, Path, description = "The id of the team: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = TeamInput,
    responses((status = 200, description = "The team", body = TeamBody), ErrorResponses),
    security(("jwt" = ["members:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
    Path(team_id): Path<String>,
    Json(input): Json<TeamInput>,
) -> Result<Json<TeamBody>, ApiError> {
    let id = parse_id(&team_id)?;
    let known = known(&app, member.project, &input, input.faults()).await?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = tx.get_for_update::<Team>(id)?.ok_or_else(|| unknown(id))?;
        let before = row.doc.clone();
        input.apply(&mut row.doc);
        if row.doc != before {
            row.doc.changed_at = tx.now();
            tx.put(&mut row)?;
            let details = json!({ "name": row.doc.name });
            auditor.note(tx, Action::TeamChanged, Some(id), details)?;
        }
        set_available(tx, &known)?;
        queue::wake(tx)?;
        Ok::<_, ApiError>(row)
    };
    let team = app.store.write(member.project, unit).await?;
    Ok(Json(TeamBody::of(
        team,
        member.project,
        member.organisation,
    )))
}

/// Delete a team
///
/// Its tickets are of no team afterwards and stay with the members who have them.
#[utoipa::path(
    delete, path = "/v3/teams/{teamId}", operation_id = "DeleteTeam", tag = "Team",
    params(
        ("teamId" = String, Path, description = "The id of the team: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The team as it was", body = TeamBody), ErrorResponses),
    security(("jwt" = ["members:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<MembersWrite>,
    Path(team_id): Path<String>,
) -> Result<Json<TeamBody>, ApiError> {
    let (id, auditor) = (parse_id(&team_id)?, member.auditor());
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get_for_update::<Team>(id)?.ok_or_else(|| unknown(id))?;
        tx.delete::<Team>(id)?;
        leave::team_is_gone(tx, id)?;
        let details = json!({ "name": row.doc.name });
        auditor.note(tx, Action::TeamDeleted, Some(id), details)?;
        Ok::<_, ApiError>(row)
    };
    let team = app.store.write(member.project, unit).await?;
    Ok(Json(TeamBody::of(
        team,
        member.project,
        member.organisation,
    )))
}

/// Whether each of the members that a body names takes tickets now.
///
/// # Errors
/// 422 with `faults`, and with those who may not work on tickets of the project.
async fn known(
    app: &App,
    project: ObjectId,
    input: &TeamInput,
    mut faults: Vec<String>,
) -> Result<BTreeMap<ObjectId, bool>, ApiError> {
    let mut known = BTreeMap::new();
    // A list that is too long is not looked up.
    let members = input.members.clone().filter(|_| faults.is_empty());
    let members = members.unwrap_or_default();
    let read = app.store.read(SCOPE, move |snapshot| {
        let look = |user: ObjectId| Ok((user, leave::takes_tickets(snapshot, user, project)?));
        members
            .into_iter()
            .map(look)
            .collect::<store::Result<Vec<_>>>()
    });
    for (number, (user, takes)) in read.await?.into_iter().enumerate() {
        match takes {
            Some(available) => drop(known.insert(user, available)),
            None => faults.push(format!(
                "members[{number}]: {user} is nobody who may work on tickets of the project; GET /v3/projects/users lists its people"
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(known),
        false => Err(ApiError::unprocessable("invalid_field", faults)),
    }
}

fn set_available(tx: &mut Tx<'_>, known: &BTreeMap<ObjectId, bool>) -> store::Result<()> {
    for (user, available) in known {
        attendance::set_available(tx, *user, *available)?;
    }
    Ok(())
}

fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The team id in the path must be 24 hexadecimal characters.",
        )
    })
}

fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "team_not_found",
        format!("This project has no team with id {id}. GET /v3/teams lists those that are."),
    )
}
