//! Signing in a browser: `/v3/auth/cookie`.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use store::Millis;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::{Client, LoggedInBody, LoginBody, sign_in};
use super::user::UserBody;
use crate::app::{App, SharedApp};
use crate::auth::cookie;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The operations of signing in a browser.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new().routes(routes!(start, end))
}

/// Who signed in. The token is in the cookie, out of reach of scripts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BrowserSignInBody {
    /// When the sign-in ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Millis,
    /// Who signed in.
    pub user: UserBody,
}

/// Sign in a browser
///
/// As `POST /v3/auth/login`, but the token is set as a cookie (`HttpOnly`, `SameSite=Strict`) instead of being told. The cookie counts as a
/// bearer token in requests that carry the header `Hark-Dashboard`.
#[utoipa::path(
    post, path = "/v3/auth/cookie", operation_id = "SignInBrowser", tag = "User",
    request_body = LoginBody,
    responses((status = 200, description = "Signed in", body = BrowserSignInBody), ErrorResponses),
    security(()),
)]
pub async fn start(
    State(app): State<SharedApp>,
    client: Client,
    Json(body): Json<LoginBody>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<BrowserSignInBody>), ApiError> {
    let Json(signed_in) = sign_in(&app, client, &body.email, body.password).await?;
    Ok((
        [(SET_COOKIE, cookie_of(&app, &signed_in))],
        Json(BrowserSignInBody {
            expires_at: signed_in.expires_at,
            user: signed_in.user,
        }),
    ))
}

/// Forget the sign-in of a browser
///
/// Takes the cookie back. The sign-in itself is ended by `DELETE /v3/users/me/sign-ins/current`.
#[utoipa::path(
    delete, path = "/v3/auth/cookie", operation_id = "ForgetBrowser", tag = "User",
    responses((status = 204, description = "The browser has no cookie any more"), ErrorResponses),
    security(()),
)]
pub async fn end(State(app): State<SharedApp>) -> (StatusCode, [(HeaderName, HeaderValue); 1]) {
    let ended = cookie::set("", 0, is_secure(&app));
    (StatusCode::NO_CONTENT, [(SET_COOKIE, ended)])
}

/// The cookie of a sign-in.
#[must_use]
pub fn cookie_of(app: &App, signed_in: &LoggedInBody) -> HeaderValue {
    let seconds = (signed_in.expires_at.0 - app.now().0).div_euclid(1000);
    cookie::set(&signed_in.token, seconds, is_secure(app))
}

fn is_secure(app: &App) -> bool {
    app.config.base_url().starts_with("https:")
}
