//! Lists that a team keeps under a name. Who looks on uses them; who works with sessions and tickets makes them.

pub mod document;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row, Tx};
use utoipa::ToSchema;

use self::document::{
    ADDRESS_BYTES_MAX, Listed, NAME_CHARS_MAX, SAVED_VIEWS_MAX, SavedView, SavedViews, of_project,
};
use super::named;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, SessionsWrite};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;

/// A saved view.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SavedViewBody {
    /// The id of the view: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// What it is called.
    pub name: String,
    /// What it lists.
    pub listed: Listed,
    /// What is asked for, as a query string: how it is read is up to those who saved it.
    #[schema(example = "filter=[]&sort=-lastActivity")]
    pub address: String,
    /// The id of the user who saved it.
    #[schema(value_type = String)]
    pub created_by: ObjectId,
    /// When it was saved.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

impl From<SavedView> for SavedViewBody {
    fn from(view: SavedView) -> Self {
        Self {
            _id: view.id,
            id: view.id,
            name: view.name,
            listed: view.listed,
            address: view.address,
            created_by: view.created_by,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

/// A list to keep.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SavedViewInput {
    /// What to call it: 1 to 100 characters. Two views of the same list have different names.
    name: String,
    /// What it lists.
    listed: Listed,
    /// What is asked for, as a query string: at most 4,096 bytes.
    address: String,
}

impl SavedViewInput {
    fn check(&self) -> Result<(), ApiError> {
        let mut faults = Vec::new();
        let characters = self.name.trim().chars().count();
        if characters == 0 || characters > NAME_CHARS_MAX {
            faults.push(format!("name: must be 1 to {NAME_CHARS_MAX} characters"));
        }
        if self.address.len() > ADDRESS_BYTES_MAX {
            faults.push(format!(
                "address: must be at most {ADDRESS_BYTES_MAX} bytes"
            ));
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(ApiError::unprocessable("invalid_field", faults))
    }

    /// Two of one name could not be told apart.
    fn check_name(&self, others: &SavedViews, own: Option<ObjectId>) -> Result<(), ApiError> {
        let is_taken = |view: &SavedView| {
            Some(view.id) != own && view.listed == self.listed && view.name == self.name.trim()
        };
        if !others.views.iter().any(is_taken) {
            return Ok(());
        }
        Err(ApiError::conflict(
            "name_taken",
            "Another saved view of this list has that name: choose another one, or change that view.",
        ))
    }

    fn apply(&self, view: &mut SavedView, now: Millis) {
        self.name.trim().clone_into(&mut view.name);
        view.listed = self.listed;
        self.address.clone_into(&mut view.address);
        view.updated_at = now;
    }
}

/// List saved views
///
/// Those of the whole team, in the order in which they were saved.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/views", operation_id = "GetSavedViews", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The saved views", body = Vec<SavedViewBody>), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<Vec<SavedViewBody>>, ApiError> {
    let project = named(&member, &project_id)?;
    let views = app.store.read(project, of_project).await?;
    Ok(Json(views.into_iter().map(SavedViewBody::from).collect()))
}

/// Save a view
///
/// For the whole team.
#[utoipa::path(
    post, path = "/v3/projects/{projectId}/views", operation_id = "CreateSavedView", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = SavedViewInput,
    responses(
        (status = 200, description = "The saved view", body = SavedViewBody),
        (status = 409, description = "The name is taken (`name_taken`), or there are as many as there may be (`too_many_views`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(project_id): Path<String>,
    Json(input): Json<SavedViewInput>,
) -> Result<Json<SavedViewBody>, ApiError> {
    let project = named(&member, &project_id)?;
    input.check()?;
    let created_by = member.user;
    let unit = move |tx: &mut Tx<'_>| {
        let found = tx.get_for_update::<SavedViews>(project)?;
        let saved = found.as_ref().map(|row| row.doc.clone());
        let mut saved = saved.unwrap_or_default();
        if saved.views.len() >= SAVED_VIEWS_MAX {
            return Err(ApiError::conflict(
                "too_many_views",
                format!("The project has {SAVED_VIEWS_MAX} saved views already: delete one first."),
            ));
        }
        input.check_name(&saved, None)?;
        let now = tx.now();
        let mut view = SavedView {
            id: tx.new_id(),
            name: String::new(),
            listed: input.listed,
            address: String::new(),
            created_by,
            created_at: now,
            updated_at: now,
        };
        input.apply(&mut view, now);
        saved.views.push(view.clone());
        match found {
            Some(mut row) => {
                row.doc = saved;
                tx.put(&mut row)?;
            }
            None => {
                tx.insert(project, saved)?;
            }
        }
        Ok(view)
    };
    let view = app.store.write(project, unit).await?;
    Ok(Json(view.into()))
}

/// Change a saved view
///
/// All of it is replaced.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/views/{viewId}", operation_id = "UpdateSavedView", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("viewId" = String, Path, description = "The id of the saved view: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = SavedViewInput,
    responses(
        (status = 200, description = "The saved view", body = SavedViewBody),
        (status = 409, description = "The name is taken (`name_taken`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn update(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path((project_id, view_id)): Path<(String, String)>,
    Json(input): Json<SavedViewInput>,
) -> Result<Json<SavedViewBody>, ApiError> {
    let (project, id) = (named(&member, &project_id)?, parse_id(&view_id)?);
    input.check()?;
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        input.check_name(&row.doc, Some(id))?;
        let now = tx.now();
        let view = row.doc.views.iter_mut().find(|view| view.id == id);
        let view = view.ok_or_else(|| unknown(id))?;
        input.apply(view, now);
        let changed = view.clone();
        tx.put(&mut row)?;
        Ok::<_, ApiError>(changed)
    };
    let view = app.store.write(project, unit).await?;
    Ok(Json(view.into()))
}

/// Delete a saved view
///
/// For the whole team. What it lists stays.
#[utoipa::path(
    delete, path = "/v3/projects/{projectId}/views/{viewId}", operation_id = "DeleteSavedView", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("viewId" = String, Path, description = "The id of the saved view: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 204, description = "It is gone"), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path((project_id, view_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (project, id) = (named(&member, &project_id)?, parse_id(&view_id)?);
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        row.doc.views.retain(|view| view.id != id);
        tx.put(&mut row)?;
        Ok::<_, ApiError>(())
    };
    app.store.write(project, unit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The row that has the view.
fn find(tx: &mut Tx<'_>, id: ObjectId) -> Result<Row<SavedViews>, ApiError> {
    let row = tx.get_for_update::<SavedViews>(tx.project())?;
    row.filter(|row| row.doc.views.iter().any(|view| view.id == id))
        .ok_or_else(|| unknown(id))
}

fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "view_not_found",
        format!("This project has no saved view with id {id}."),
    )
}

fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The ids in the path must be 24 hexadecimal characters.",
        )
    })
}
