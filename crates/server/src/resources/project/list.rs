//! The projects of the caller.

use axum::extract::State;
use serde::Serialize;
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;

use crate::accounts::SCOPE;
use crate::accounts::project::Project;
use crate::app::SharedApp;
use crate::auth::roles::{Role, Scopes};
use crate::auth::{Access, SignedIn};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// A project, as its members see it. Never a secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectBody {
    /// The id of the project.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The organisation of the project.
    #[schema(value_type = String)]
    pub organisation: ObjectId,
    /// The name to show.
    pub name: String,
    /// The public key, which client SDKs send.
    pub sdk_key: String,
    /// As what the caller is a member.
    pub role: Role,
    /// What the caller may do in it.
    #[schema(value_type = Vec<String>)]
    pub permissions: Scopes,
    /// Where client SDKs and servers reach it.
    pub url: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// The latest change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
}

/// List the projects of the caller
///
/// Those that the token opens, by name.
#[utoipa::path(
    get, path = "/v3/projects", operation_id = "GetProjects", tag = "Project",
    responses((status = 200, description = "The projects", body = [ProjectBody]), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    SignedIn(credential): SignedIn,
) -> Result<Json<Vec<ProjectBody>>, ApiError> {
    let url = app.config.base_url();
    let read = app.store.read(SCOPE, move |snapshot| {
        let mut projects = Vec::new();
        for (id, access) in &credential.projects {
            let project = snapshot.get::<Project>(*id)?;
            projects.extend(project.map(|row| shown(row, *access, &url)));
        }
        projects.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok::<_, ApiError>(projects)
    });
    Ok(Json(read.await?))
}

fn shown(row: Row<Project>, access: Access, url: &str) -> ProjectBody {
    ProjectBody {
        _id: row.id,
        id: row.id,
        organisation: row.doc.organisation,
        name: row.doc.name,
        sdk_key: row.doc.sdk_key,
        role: access.role,
        permissions: access.scopes,
        url: url.to_owned(),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
