//! Settings of a project (/v3/projects).

mod api_keys;
pub mod audit_log;
mod blocked_identities;
mod identity_verification;
mod list;
pub mod retention;
pub mod saved_views;
mod sdk_config;
mod secrets;
pub mod session_indexes;
mod ticket_settings;
mod users;

use store::ObjectId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::project::Project;
use crate::accounts::{AccountError, SCOPE};
use crate::app::{App, SharedApp};
use crate::auth::{Member, Requires};
use crate::http::ApiError;

/// The operations.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(secrets::new_api_token))
        .routes(routes!(secrets::new_identity_secret))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(audit_log::list))
        .routes(routes!(blocked_identities::get, blocked_identities::put))
        .routes(routes!(sdk_config::get, sdk_config::put))
        .routes(routes!(
            identity_verification::get,
            identity_verification::put
        ))
        .routes(routes!(identity_verification::check))
        .routes(routes!(session_indexes::list))
        .routes(routes!(session_indexes::create, session_indexes::remove))
        .routes(routes!(ticket_settings::get, ticket_settings::put))
        .routes(routes!(saved_views::list, saved_views::create))
        .routes(routes!(saved_views::update, saved_views::delete))
        .routes(routes!(retention::get, retention::put))
        .routes(routes!(retention::preview))
        .routes(routes!(users::list))
        .routes(routes!(users::update, users::remove))
}

/// The project of a path, which has to be that of the `project` header.
///
/// # Errors
/// 400 when it is no id, 404 when it is another project.
fn named<R: Requires>(member: &Member<R>, path: &str) -> Result<ObjectId, ApiError> {
    let id: ObjectId = path.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The project id in the path must be 24 hexadecimal characters.",
        )
    })?;
    if id == member.project {
        Ok(id)
    } else {
        Err(not_found(id))
    }
}

async fn read(app: &App, id: ObjectId) -> Result<Project, ApiError> {
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, ApiError>(snapshot.get::<Project>(id)?)
    });
    let row = read.await?.ok_or_else(|| not_found(id))?;
    Ok(row.doc)
}

fn not_found(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "project_not_found",
        format!(
            "The project of the `project` header is not {id}, the one in the path: name the same in both."
        ),
    )
}

/// What the accounts refuse, as callers of the API are told.
fn refused(error: AccountError) -> ApiError {
    match error {
        AccountError::Store(error) => error.into(),
        AccountError::Failed(cause) => ApiError::internal(cause),
        AccountError::Unknown(fault) => ApiError::not_found("project_not_found", fault),
        AccountError::Refused(fault) => ApiError::unprocessable("refused", vec![fault]),
    }
}
