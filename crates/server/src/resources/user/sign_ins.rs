//! Where the caller is signed in.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use store::{Millis, ObjectId, RawRow, Tx};
use utoipa::ToSchema;

use crate::accounts::SCOPE;
use crate::accounts::sign_in::{self, SignIn};
use crate::app::SharedApp;
use crate::auth::{Credential, SignedIn};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// In the place of an id: the sign-in that calls.
const CURRENT: &str = "current";

/// A sign-in of the caller.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInBody {
    /// The id of the sign-in.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    pub _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// Whether it is the one that calls.
    pub current: bool,
    /// The address of the client that signed in.
    pub address: String,
    /// What that client says it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// The same instant: a sign-in does not change.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Millis,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Millis,
}

fn shown(row: &RawRow, caller: &Credential) -> store::Result<SignInBody> {
    let sign_in: SignIn = row.parse()?;
    Ok(SignInBody {
        _id: row.id,
        id: row.id,
        current: row.id == caller.token,
        address: sign_in.address,
        user_agent: sign_in.user_agent,
        created_at: row.created_at,
        updated_at: row.updated_at,
        expires_at: sign_in.expires_at,
    })
}

/// List the sign-ins of the caller
///
/// Those that have not ended, newest first. A program that calls with an API key has none.
#[utoipa::path(
    get, path = "/v3/users/me/sign-ins", operation_id = "GetSignIns", tag = "User",
    responses((status = 200, description = "The sign-ins", body = [SignInBody]), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Vec<SignInBody>>, ApiError> {
    let now = app.now();
    let read = app.store.read(SCOPE, move |snapshot| {
        let rows = sign_in::of_user(snapshot, caller.user)?;
        let bodies = rows.iter().map(|row| shown(row, &caller));
        Ok::<_, ApiError>(bodies.collect::<store::Result<Vec<_>>>()?)
    });
    let mut sign_ins = read.await?;
    sign_ins.retain(|sign_in| sign_in.expires_at > now);
    Ok(Json(sign_ins))
}

/// End all other sign-ins of the caller
///
/// Their tokens open nothing from then on; the one that calls goes on.
#[utoipa::path(
    delete, path = "/v3/users/me/sign-ins", operation_id = "EndOtherSignIns", tag = "User",
    responses((status = 204, description = "They have ended"), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn end_others(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
) -> Result<StatusCode, ApiError> {
    let unit = move |tx: &mut Tx<'_>| {
        sign_in::end_others(tx, caller.user, Some(caller.token)).map_err(ApiError::from)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a sign-in of the caller
///
/// Its token opens nothing from then on. `current` in the place of the id: sign out.
#[utoipa::path(
    delete, path = "/v3/users/me/sign-ins/{signInId}", operation_id = "EndSignIn", tag = "User",
    params(("signInId" = String, Path, description = "The id of the sign-in, or `current`")),
    responses((status = 204, description = "It has ended"), ErrorResponses),
    security(("jwt" = [])),
)]
pub async fn end(
    State(app): State<SharedApp>,
    SignedIn(caller): SignedIn,
    Path(sign_in_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id: ObjectId = if sign_in_id == CURRENT {
        caller.token
    } else {
        sign_in_id.parse().map_err(|_| {
            ApiError::bad_request(
                "invalid_id",
                "The id of a sign-in is 24 hexadecimal characters, or `current`.",
            )
        })?
    };
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get::<SignIn>(id)?;
        if row.is_none_or(|row| row.doc.user != caller.user) {
            return Err(not_found(id));
        }
        Ok(tx.delete::<SignIn>(id)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_found(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "sign_in_not_found",
        format!("You have no sign-in {id}. GET /v3/users/me/sign-ins lists those that are."),
    )
}
