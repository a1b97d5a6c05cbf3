//! Signing in with a password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::user::UserBody;
use crate::accounts::SCOPE;
use crate::accounts::user::User;
use crate::app::{App, SharedApp};
use crate::auth::token::{Claims, TokenKind};
use crate::http::Json;
use crate::http::client_address::ClientAddress;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;

/// A sign-in ends after this long.
const LOGIN_MS: i64 = 7 * 86_400_000;

/// The operations of signing in.
pub fn routes() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(basic))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub struct LoginBody {
    /// The address of the account.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// Its password.
    pub password: String,
}

/// A token to send as `Authorization: Bearer`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedInBody {
    /// The token.
    pub token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Millis,
    /// Who signed in.
    pub user: UserBody,
}

/// Sign in
///
/// Gives a token for the account with this address and password. Ten attempts a minute, for each account and client address.
#[utoipa::path(
    post, path = "/v3/auth/login", operation_id = "Login", tag = "User",
    request_body = LoginBody,
    responses((status = 200, description = "Signed in", body = LoggedInBody), ErrorResponses),
    security(()),
)]
pub async fn login(
    State(app): State<SharedApp>,
    ClientAddress(address): ClientAddress,
    Json(body): Json<LoginBody>,
) -> Result<Json<LoggedInBody>, ApiError> {
    sign_in(&app, address, &body.email, body.password).await
}

/// Sign in with HTTP Basic
///
/// The same for older clients, which send address and password as `Authorization: Basic`.
#[utoipa::path(
    get, path = "/auth", operation_id = "BasicLogin", tag = "User",
    responses((status = 200, description = "Signed in", body = LoggedInBody), ErrorResponses),
    security(("basic" = [])),
)]
pub async fn basic(
    State(app): State<SharedApp>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> Result<Json<LoggedInBody>, ApiError> {
    let missing = || {
        ApiError::unauthorized(
            "missing_credentials",
            "Send address and password as `Authorization: Basic`.",
        )
    };
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(missing)?;
    let encoded = value
        .strip_prefix("Basic ")
        .or_else(|| value.strip_prefix("basic "))
        .ok_or_else(missing)?;
    let decoded = base64(encoded.trim())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(missing)?;
    let (email, password) = decoded.split_once(':').ok_or_else(missing)?;
    sign_in(&app, address, email, password.to_owned()).await
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

async fn sign_in(
    app: &SharedApp,
    address: IpAddr,
    email: &str,
    password: String,
) -> Result<Json<LoggedInBody>, ApiError> {
    let key = identity::email_key(email).unwrap_or_default();
    app.limits.logins.check(&(&key, address))?;
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, ApiError>(snapshot.find::<User>(identity::ACCOUNT_EMAIL, &key)?)
    });
    let user = read.await?;
    let user = verify(Arc::clone(app), user, password)
        .await?
        .ok_or_else(|| {
            // The same for an unknown address and a wrong password, after the same time.
            ApiError::unauthorized(
                "wrong_credentials",
                "There is no account with this address and password.",
            )
        })?;
    let (token, expires_at) = token_for(app, user.id);
    Ok(Json(LoggedInBody {
        token,
        expires_at,
        user: user.into(),
    }))
}

/// The user, when the password is right. Hashing takes its time on a thread that may block.
async fn verify(
    app: SharedApp,
    user: Option<Row<User>>,
    password: String,
) -> Result<Option<Row<User>>, ApiError> {
    let verified = tokio::task::spawn_blocking(move || {
        let stored = user
            .as_ref()
            .and_then(|row| row.doc.password_hash.as_deref());
        let right = app.passwords.verify(&password, stored);
        user.filter(|_| right)
    });
    verified.await.map_err(ApiError::internal)
}

fn token_for(app: &App, user: ObjectId) -> (String, Millis) {
    let now = app.now();
    let expires_at = Millis((now.0 + LOGIN_MS).div_euclid(1000) * 1000);
    let claims = Claims {
        sub: user,
        jti: ObjectId::from_bytes(app.random.bytes()),
        iat: now.0.div_euclid(1000),
        exp: Some(expires_at.0 / 1000),
        project: None,
        scope: None,
        kind: TokenKind::Login,
    };
    (app.signer.sign(&claims), expires_at)
}
