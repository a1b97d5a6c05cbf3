//! Signing in with a password.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row, Tx};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::user::UserBody;
use crate::accounts::SCOPE;
use crate::accounts::sign_in::{self, SignIn};
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

/// From where somebody signs in.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address.
    pub address: IpAddr,
    /// What the client says it is.
    pub user_agent: Option<String>,
}

impl FromRequestParts<SharedApp> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        let user_agent = parts.headers.get(header::USER_AGENT);
        Ok(Self {
            address,
            user_agent: user_agent
                .and_then(|value| value.to_str().ok())
                .map(sign_in::shortened),
        })
    }
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
    client: Client,
    Json(body): Json<LoginBody>,
) -> Result<Json<LoggedInBody>, ApiError> {
    sign_in(&app, client, &body.email, body.password).await
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
    client: Client,
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
    sign_in(&app, client, email, password.to_owned()).await
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Signs somebody in by address and password.
///
/// # Errors
/// 401 when they are wrong, 429 after too many attempts.
pub async fn sign_in(
    app: &SharedApp,
    client: Client,
    email: &str,
    password: String,
) -> Result<Json<LoggedInBody>, ApiError> {
    let key = identity::email_key(email).unwrap_or_default();
    app.limits
        .logins
        .check(&app.store, &(&key, client.address))
        .await?;
    let read = app.store.read(SCOPE, move |snapshot| {
        Ok::<_, ApiError>(snapshot.find::<User>(identity::ACCOUNT_EMAIL, &key)?)
    });
    let user = read.await?;
    let user = verify(Arc::clone(app), user, password)
        .await?
        .ok_or_else(wrong_credentials)?;
    open(app, client, user).await.map(Json)
}

/// The same for an unknown address and a wrong password, after the same time.
fn wrong_credentials() -> ApiError {
    ApiError::unauthorized(
        "wrong_credentials",
        "There is no account with this address and password.",
    )
}

/// Signs a user in whose identity was proved: records the sign-in, and gives its token.
///
/// # Errors
/// 401 when the password was changed since `user` was read.
pub async fn open(
    app: &SharedApp,
    client: Client,
    user: Row<User>,
) -> Result<LoggedInBody, ApiError> {
    let id = ObjectId::from_bytes(app.random.bytes());
    let (token, expires_at) = token_for(app, id, user.id);
    let record = SignIn {
        user: user.id,
        expires_at,
        address: client.address.to_string(),
        user_agent: client.user_agent,
    };
    let (user_id, proved) = (user.id, user.doc.password_hash.clone());
    let unit = move |tx: &mut Tx<'_>| {
        let now = tx.get_for_update::<User>(user_id)?;
        if now.is_none_or(|now| now.doc.password_hash != proved) {
            return Err(wrong_credentials());
        }
        Ok(sign_in::insert(tx, id, &record)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(LoggedInBody {
        token,
        expires_at,
        user: user.into(),
    })
}

/// The user, when the password is right. Hashing takes its time on a thread that may block.
///
/// # Errors
/// When that thread fails.
pub async fn verify(
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

fn token_for(app: &App, id: ObjectId, user: ObjectId) -> (String, Millis) {
    let now = app.now();
    let expires_at = Millis((now.0 + LOGIN_MS).div_euclid(1000) * 1000);
    let claims = Claims {
        sub: user,
        jti: id,
        iat: now.0.div_euclid(1000),
        exp: Some(expires_at.0 / 1000),
        project: None,
        scope: None,
        kind: TokenKind::Login,
    };
    (app.signer.sign(&claims), expires_at)
}
