//! Proving an address by the code that went there.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use store::{ObjectId, Tx};
use utoipa::ToSchema;

use crate::accounts::SCOPE;
use crate::accounts::profile::Profile;
use crate::accounts::sign_up::{self, SignUp, proof};
use crate::accounts::user::{User, UserType, insert_user};
use crate::app::SharedApp;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::resources::login::{Client, LoggedInBody, open};

/// An address and what was sent there.
#[derive(Deserialize, ToSchema)]
pub struct VerifyBody {
    /// The address.
    email: String,
    /// The code of the mail.
    #[schema(example = "123456")]
    code: String,
    /// The id that signing up answered with: then the code of that sign-up alone counts.
    #[schema(value_type = String, required = false)]
    id: Option<ObjectId>,
}

/// Confirm a sign-up
///
/// Makes the account of the sign-up that the code belongs to, and signs it in. After five wrong codes another one has to be sent. Nothing tells why a code
/// does not fit.
#[utoipa::path(
    post, path = "/v3/users/verify", operation_id = "Verify", tag = "User",
    request_body = VerifyBody,
    responses((status = 200, description = "Signed in", body = LoggedInBody), ErrorResponses),
    security(()),
)]
pub async fn verify(
    State(app): State<SharedApp>,
    client: Client,
    Json(body): Json<VerifyBody>,
) -> Result<Json<LoggedInBody>, ApiError> {
    let email_key = identity::email_key(&body.email).unwrap_or_default();
    app.limits
        .logins
        .check(&app.store, &(&email_key, client.address))
        .await?;
    let key = email_key.clone();
    let unit = move |tx: &mut Tx<'_>| sign_up::attempt(tx, &key);
    let mut tried = app.store.write(SCOPE, unit).await?;
    tried.retain(|(id, _)| body.id.is_none_or(|wanted| wanted == *id));
    let proved = matching(&app, tried, body.code).await?;
    let (id, hash) = proved.ok_or_else(wrong_code)?;
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.get_for_update::<SignUp>(id)?;
        let is_proved = |doc: &SignUp| doc.code_hash.as_ref() == Some(&hash);
        let row = row
            .filter(|row| is_proved(&row.doc))
            .ok_or_else(wrong_code)?;
        if tx.owner(identity::ACCOUNT_EMAIL, &email_key)?.is_some() {
            return Err(wrong_code()); // it was made meanwhile
        }
        let user = insert_user(tx, account(row.doc))?;
        sign_up::forget(tx, &email_key)?;
        Ok(tx.get::<User>(user)?.ok_or_else(|| tx.raced())?)
    };
    let user = app.store.write(SCOPE, unit).await?;
    open(&app, client, user).await.map(Json)
}

fn account(sign_up: SignUp) -> User {
    User {
        email: Some(sign_up.email),
        password_hash: Some(sign_up.password_hash),
        name: sign_up.name,
        user_type: UserType::Default,
        profile: Profile::default(),
    }
}

/// The sign-up whose code it is. Hashing takes its time on a thread that may block, also when there is none.
async fn matching(
    app: &SharedApp,
    tried: Vec<(ObjectId, String)>,
    code: String,
) -> Result<Option<(ObjectId, String)>, ApiError> {
    let app = Arc::clone(app);
    let matching = tokio::task::spawn_blocking(move || {
        if tried.is_empty() {
            let _ = app.passwords.verify(&code, None);
        }
        let code = code.trim();
        let fits =
            |(id, hash): &(ObjectId, String)| app.passwords.verify(&proof(*id, code), Some(hash));
        tried.into_iter().find(fits)
    });
    matching.await.map_err(ApiError::internal)
}

/// The same for an address without a sign-up, a wrong code, an old one, and one too many.
fn wrong_code() -> ApiError {
    ApiError::unprocessable(
        "wrong_code",
        vec!["code: does not fit, has ended or was tried too often; have another one sent".into()],
    )
}
