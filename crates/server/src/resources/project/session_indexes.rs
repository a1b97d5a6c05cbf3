//! Custom attributes of sessions that a project has indexed, so that lists filter and sort by them quickly.

mod builder;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use store::filter::FieldPath;
use store::{DeclaredIndex, IndexState, Millis, Tx};
use utoipa::ToSchema;

pub use self::builder::{Builder, start};
use super::audit_log::document::Action;
use super::named;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;
use crate::resources::session::document::Session;

/// Custom attributes that a project may have indexed at once.
pub const INDEXES_MAX: usize = 20;

/// Custom attributes are under this key of a session.
const CUSTOM: &str = "customData.";

/// An index over a custom attribute.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionIndexBody {
    /// The custom attribute; a dot leads into an object.
    #[schema(example = "seats")]
    pub attribute: String,
    /// What lists call it.
    #[schema(example = "customData.seats")]
    pub field: String,
    /// Lists use it once it is `ready`.
    pub state: StateBody,
    /// Sessions that were added so far.
    pub sessions_done: u64,
    /// About how many there are to add; absent until they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions_total: Option<u64>,
    /// When it was declared.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
}

/// How far an index is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateBody {
    /// Sessions that were there before it are being added.
    Building,
    /// Complete.
    Ready,
    /// It is being removed.
    Dropping,
}

/// The indexes of a project.
#[derive(Serialize, ToSchema)]
pub struct SessionIndexesBody {
    /// In the order in which they were declared.
    pub indexes: Vec<SessionIndexBody>,
}

impl From<DeclaredIndex> for SessionIndexBody {
    fn from(index: DeclaredIndex) -> Self {
        let field = index.path.to_string();
        Self {
            attribute: field.strip_prefix(CUSTOM).unwrap_or(&field).to_owned(),
            state: match index.state {
                IndexState::Building => StateBody::Building,
                IndexState::Ready => StateBody::Ready,
                IndexState::Dropping => StateBody::Dropping,
            },
            field,
            sessions_done: index.done,
            sessions_total: index.total,
            created_at: index.declared_at,
        }
    }
}

/// List the indexes over custom attributes
///
/// With how far each of them is.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/session-indexes", operation_id = "GetSessionIndexes", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The indexes", body = SessionIndexesBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<SessionIndexesBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let read = app.store.read(project, |snapshot| {
        Ok::<_, ApiError>(snapshot.declared_indexes::<Session>()?)
    });
    let indexes = read.await?.into_iter().map(SessionIndexBody::from);
    Ok(Json(SessionIndexesBody {
        indexes: indexes.collect(),
    }))
}

/// Index a custom attribute
///
/// Filters (`customData.seats>5`) and `sort=customData.seats` use the index once it is `ready`; it is built beside all other work. At
/// most 20 attributes of a project. An attribute that is indexed already stays as it is.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/session-indexes/{attribute}", operation_id = "CreateSessionIndex", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("attribute" = String, Path, description = "The custom attribute; a dot leads into an object"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses(
        (status = 200, description = "The index", body = SessionIndexBody),
        (status = 409, description = "There are as many as there may be (`limit_reached`), or it is being removed (`index_dropping`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["project:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path((project_id, attribute)): Path<(String, String)>,
) -> Result<Json<SessionIndexBody>, ApiError> {
    let (project, path) = (named(&member, &project_id)?, path_of(&attribute)?);
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let declared = tx.declared_indexes::<Session>()?;
        let is_new = declared.iter().all(|known| known.path != path);
        let index = tx.declare_index::<Session>(&path, INDEXES_MAX)?;
        match index.state {
            IndexState::Dropping => Err(ApiError::conflict(
                "index_dropping",
                format!("The index of {path} is being removed. Try again in a while."),
            )),
            _ if is_new => {
                let details = json!({ "attribute": attribute });
                auditor.note(tx, Action::SessionIndexCreated, None, details)?;
                Ok(index)
            }
            _ => Ok(index),
        }
    };
    let index = app.store.write(project, unit).await?;
    app.session_indexes.wake();
    Ok(Json(index.into()))
}

/// Drop the index of a custom attribute
///
/// Lists do without it at once; what is stored of it is removed beside all other work.
#[utoipa::path(
    delete, path = "/v3/projects/{projectId}/session-indexes/{attribute}", operation_id = "DeleteSessionIndex", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("attribute" = String, Path, description = "The custom attribute"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 204, description = "It is no longer used"), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn remove(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path((project_id, attribute)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (project, path) = (named(&member, &project_id)?, path_of(&attribute)?);
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        if tx.drop_index::<Session>(&path)? {
            let details = json!({ "attribute": attribute });
            Ok(auditor.note(tx, Action::SessionIndexDeleted, None, details)?)
        } else {
            Err(ApiError::not_found(
                "session_index_not_found",
                format!("This project has no index of {path}."),
            ))
        }
    };
    app.store.write(project, unit).await?;
    app.session_indexes.wake();
    Ok(StatusCode::NO_CONTENT)
}

/// Where the values of a custom attribute are.
fn path_of(attribute: &str) -> Result<FieldPath, ApiError> {
    FieldPath::parse(&format!("{CUSTOM}{attribute}")).map_err(|error| {
        ApiError::bad_request(
            "invalid_attribute",
            format!("`{attribute}` names no custom attribute that lists can filter by: {error}."),
        )
    })
}
