//! The first accounts of an empty server: `/v3/setup`.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::ObjectId;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::Client;
use crate::accounts::AccountError;
use crate::accounts::setup::{SetupRequest, is_set_up, make};
use crate::app::SharedApp;
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Characters of a name at the most.
pub const NAME_CHARS_MAX: usize = 100;

/// The operations of the first start.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new().routes(routes!(state, create))
}

/// Whether somebody has set the server up.
#[derive(Serialize, ToSchema)]
pub struct SetupStateBody {
    /// Whether there is an organisation.
    pub done: bool,
}

/// What to make.
#[derive(Deserialize, ToSchema)]
pub struct SetupBody {
    /// The name of the organisation.
    #[schema(example = "Example Ltd")]
    pub organisation: String,
    /// The name of the first project.
    #[schema(example = "Shop")]
    pub project: String,
    /// The email address of the owner.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// The password of the owner: 10 characters or more.
    pub password: String,
}

/// What was made. The secrets are shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetupDoneBody {
    /// The organisation.
    #[schema(value_type = String)]
    pub organisation_id: ObjectId,
    /// The first project.
    #[schema(value_type = String)]
    pub project_id: ObjectId,
    /// Its public key, for client SDKs.
    pub sdk_key: String,
    /// Its secret token, for `/admin`.
    pub api_token: String,
    /// The secret with which your server proves who its users are.
    pub identity_secret: String,
    /// An API key with all rights in the project, for `/v3`.
    pub api_key: String,
    /// Where the server is reached.
    pub url: String,
}

/// Whether the server is set up
///
/// Until it is, whoever comes first may make the owner.
#[utoipa::path(
    get, path = "/v3/setup", operation_id = "GetSetup", tag = "Server",
    responses((status = 200, description = "Whether it is", body = SetupStateBody), ErrorResponses),
    security(()),
)]
pub async fn state(State(app): State<SharedApp>) -> Result<Json<SetupStateBody>, ApiError> {
    let done = is_set_up(&app).await.map_err(refused)?;
    Ok(Json(SetupStateBody { done }))
}

/// Set an empty server up
///
/// Makes organisation, project, owner and keys, as `hark setup` does. Refused once there is an organisation.
#[utoipa::path(
    post, path = "/v3/setup", operation_id = "SetUp", tag = "Server",
    request_body = SetupBody,
    responses(
        (status = 200, description = "What was made", body = SetupDoneBody),
        (status = 409, description = "The server is set up (`already_set_up`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(()),
)]
pub async fn create(
    State(app): State<SharedApp>,
    client: Client,
    Json(body): Json<SetupBody>,
) -> Result<Json<SetupDoneBody>, ApiError> {
    app.limits
        .logins
        .check(&app.store, &("setup", client.address))
        .await?;
    if is_set_up(&app).await.map_err(refused)? {
        return Err(already_set_up());
    }
    let request = checked(body)?;
    let made = make(&app, request).await.map_err(refused)?;
    let made = made.ok_or_else(already_set_up)?;
    Ok(Json(SetupDoneBody {
        organisation_id: made.organisation_id,
        project_id: made.project_id,
        sdk_key: made.sdk_key,
        api_token: made.api_token.unwrap_or_default(),
        identity_secret: made.identity_secret,
        api_key: made.api_key.unwrap_or_default(),
        url: made.url,
    }))
}

/// The request, with every fault of it named at once.
fn checked(body: SetupBody) -> Result<SetupRequest, ApiError> {
    let mut faults = Vec::new();
    for (field, name) in [
        ("organisation", &body.organisation),
        ("project", &body.project),
    ] {
        if !(1..=NAME_CHARS_MAX).contains(&name.trim().chars().count()) {
            faults.push(format!(
                "{field}: give it a name of 1 to {NAME_CHARS_MAX} characters"
            ));
        }
    }
    if identity::email_key(&body.email).is_none() {
        faults.push("email: this is no email address".into());
    }
    if !faults.is_empty() {
        return Err(ApiError::unprocessable("invalid_setup", faults));
    }
    Ok(SetupRequest {
        organisation: body.organisation.trim().to_owned(),
        project: body.project.trim().to_owned(),
        email: body.email.trim().to_owned(),
        password: Some(body.password),
    })
}

fn already_set_up() -> ApiError {
    ApiError::conflict(
        "already_set_up",
        "This server has an organisation. Sign in, or ask its owner for an invitation.",
    )
}

fn refused(error: AccountError) -> ApiError {
    match error {
        AccountError::Store(error) => error.into(),
        AccountError::Failed(cause) => ApiError::internal(cause),
        AccountError::Unknown(fault) | AccountError::Refused(fault) => {
            ApiError::unprocessable("invalid_setup", vec![fault])
        }
    }
}
