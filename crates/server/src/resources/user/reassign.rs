//! Handing the caller's tickets over.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use store::{ObjectId, Tx};
use utoipa::ToSchema;

use super::permissions::named_project;
use crate::accounts::SCOPE;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::roles::Scope;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::team::leave;

/// That it is being done.
#[derive(Serialize, ToSchema)]
pub struct HandedOverBody {
    /// Always true: what could not be done is answered with an error.
    success: bool,
}

/// Hand the caller's tickets over
///
/// The open tickets of teams that the caller has go to others of those teams, or wait there; tickets of no team stay. In the project of the `project`
/// header; without it, in all projects of the caller. Say first that you take no tickets (`available`), or you may be given some of them again.
#[utoipa::path(
    post, path = "/v3/users/me/reassign-tickets", operation_id = "ReassignTickets", tag = "User",
    params(("project" = Option<String>, Header, description = "The id of a project")),
    responses((status = 200, description = "They are handed over after this answer", body = HandedOverBody), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn reassign(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
) -> Result<Json<HandedOverBody>, ApiError> {
    let wanted = named_project(&headers)?;
    let of_caller = caller.projects.iter().filter(|(project, access)| {
        wanted.is_none_or(|wanted| wanted == **project)
            && access.scopes.contains(Scope::TicketsWrite)
    });
    let projects: Vec<ObjectId> = of_caller.map(|(project, _)| *project).collect();
    let unit = move |tx: &mut Tx<'_>| {
        for project in &projects {
            leave::ask_to_hand_over(tx, caller.user, *project)?;
        }
        Ok::<_, store::Error>(())
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(HandedOverBody { success: true }))
}
