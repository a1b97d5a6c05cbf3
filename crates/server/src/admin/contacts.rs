//! Your server forgets a user.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::app::SharedApp;
use crate::auth::ProjectToken;
use crate::files;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::erase;
use crate::resources::session::lookup::refuse_nul;

/// Delete a user
///
/// Erases the session of the `userId` with its events, history and credential. What was erased cannot be brought back.
#[utoipa::path(
    delete, path = "/admin/contacts/{userId}", operation_id = "AdminDeleteContact", tag = "Admin",
    params(("userId" = String, Path, description = "The id under which your own system knows the user, percent-encoded")),
    responses((status = 204, description = "Nothing is left of the user"), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn delete(
    State(app): State<SharedApp>,
    ProjectToken(access): ProjectToken,
    Path(user_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    refuse_nul(&user_id)?;
    let missing = ApiError::not_found(
        "session_not_found",
        format!("This project has no session with userId {user_id:?}."),
    );
    let erased = app
        .store
        .write(access.project, move |tx| erase::erase_user(tx, &user_id))
        .await?;
    if erased {
        files::remove_erased(&app, access.project).await;
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing)
    }
}
