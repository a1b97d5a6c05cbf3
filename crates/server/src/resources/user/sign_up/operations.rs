//! Asking for an account, and for its code once more.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::{ObjectId, Tx};
use utoipa::ToSchema;

use super::mail;
use crate::accounts::SCOPE;
use crate::accounts::sign_up::{
    LASTS_MS, MAIL_PAUSE_MS, MAILS_MAX, PER_ADDRESS_MAX, SignUp, of_address,
};
use crate::app::SharedApp;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::{Done, ErrorResponses};
use crate::identity;
use crate::mail::is_address;
use crate::resources::login::Client;
use crate::resources::user::NAME_CHARS_MAX;

/// Who signs up.
#[derive(Deserialize, ToSchema)]
pub struct SignUpBody {
    /// The address, which the code goes to.
    #[schema(example = "ada@example.com")]
    email: String,
    /// The password: 10 characters or more.
    password: String,
    /// The name to show: at most 200 characters. Otherwise the part of the address before the `@`.
    #[schema(value_type = String, required = false)]
    name: Option<String>,
}

/// What is to be confirmed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedUpBody {
    /// The id of the sign-up, to have the code sent once more.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    id: ObjectId,
    /// The address that the code goes to.
    email: String,
    /// The name to show.
    first_name: String,
    /// Always false: the code is still to come.
    confirmed: bool,
}

/// Which sign-up.
#[derive(Deserialize, ToSchema)]
pub struct ResendBody {
    /// The id that signing up answered with.
    #[schema(value_type = String)]
    id: ObjectId,
}

/// Sign up
///
/// Sends a code to the address, with which `POST /v3/users/verify` makes the account within an hour. Only where the operator lets everybody sign up
/// (`accounts.sign_up`); elsewhere people are invited. The answer is the same for an address that has an account, whose owner is told by mail.
#[utoipa::path(
    post, path = "/v3/users", operation_id = "User_Create", tag = "User",
    request_body = SignUpBody,
    responses((status = 200, description = "A code is on its way", body = SignedUpBody), ErrorResponses),
    security(()),
)]
pub async fn create(
    State(app): State<SharedApp>,
    client: Client,
    Json(body): Json<SignUpBody>,
) -> Result<Json<SignedUpBody>, ApiError> {
    if !app.config.accounts.sign_up {
        return Err(ApiError::forbidden(
            "sign_up_closed",
            "Nobody signs up here by themselves. Ask somebody who runs a project for an invitation.",
        ));
    }
    app.limits
        .logins
        .check(&app.store, &("sign-up", client.address))
        .await?;
    let (email, name, email_key) = checked(&body)?;
    let hashed = app.passwords.hash_apart(&app.random, body.password).await;
    let password_hash = hashed
        .map_err(ApiError::internal)?
        .map_err(|error| refused(vec![error.to_string()]))?;
    let now = app.now();
    let sign_up = SignUp {
        email: email.clone(),
        email_key,
        name: name.clone(),
        password_hash,
        code_hash: None,
        attempts: 0,
        mails: 1,
        mailed_at: now,
        expires_at: store::Millis(now.0 + LASTS_MS),
    };
    let unit = move |tx: &mut Tx<'_>| {
        let id = tx.new_id();
        // Of too many nothing is said, or it would tell that others signed up with the address.
        if of_address(tx, &sign_up.email_key, tx.now())?.len() < PER_ADDRESS_MAX {
            tx.insert(id, sign_up.clone())?;
            mail::ask(tx, id)?;
        }
        Ok::<_, store::Error>(id)
    };
    let id = app.store.write(SCOPE, unit).await?;
    Ok(Json(SignedUpBody {
        _id: id,
        id,
        email,
        first_name: name,
        confirmed: false,
    }))
}

/// Address, name, and the address as it is compared.
fn checked(body: &SignUpBody) -> Result<(String, String, String), ApiError> {
    let email = body.email.trim().to_owned();
    let given = body.name.as_deref().map(str::trim);
    let name = given.filter(|name| !name.is_empty());
    let name = name.unwrap_or(email.split('@').next().unwrap_or_default());
    let key = identity::email_key(&email).filter(|_| is_address(&email));
    let mut faults = Vec::new();
    if key.is_none() {
        faults.push("email: is no address that mail can be sent to".to_owned());
    }
    if name.chars().count() > NAME_CHARS_MAX {
        faults.push(format!("name: at most {NAME_CHARS_MAX} characters"));
    }
    match key {
        Some(key) if faults.is_empty() => Ok((email.clone(), name.to_owned(), key)),
        _ => Err(refused(faults)),
    }
}

fn refused(faults: Vec<String>) -> ApiError {
    ApiError::unprocessable("invalid_account", faults)
}

/// Send the code once more
///
/// Another one: that of the mail before fits no longer. Once a minute, five mails at the most; an id of no sign-up is answered as one of which all is well.
#[utoipa::path(
    post, path = "/v3/users/resend", operation_id = "Resend", tag = "User",
    request_body = ResendBody,
    responses((status = 200, description = "`true`: a code is on its way, if there is a sign-up", body = Done), ErrorResponses),
    security(()),
)]
pub async fn resend(
    State(app): State<SharedApp>,
    client: Client,
    Json(ResendBody { id }): Json<ResendBody>,
) -> Result<Json<Done>, ApiError> {
    app.limits
        .logins
        .check(&app.store, &("sign-up", client.address))
        .await?;
    let unit = move |tx: &mut Tx<'_>| {
        let now = tx.now();
        let row = tx.get_for_update::<SignUp>(id)?;
        let Some(mut row) = row.filter(|row| row.doc.expires_at > now) else {
            return Ok(());
        };
        let rest_ms = MAIL_PAUSE_MS - (now.0 - row.doc.mailed_at.0);
        if rest_ms > 0 {
            return Err(too_soon(rest_ms));
        }
        if row.doc.mails >= MAILS_MAX {
            return Err(too_soon(row.doc.expires_at.0 - now.0));
        }
        row.doc.mails += 1;
        row.doc.mailed_at = now;
        tx.put(&mut row)?;
        Ok(mail::ask(tx, id)?)
    };
    app.store.write(SCOPE, unit).await?;
    Ok(Json(Done(true)))
}

fn too_soon(rest_ms: i64) -> ApiError {
    let seconds = rest_ms.unsigned_abs().div_ceil(1000);
    ApiError::too_many(
        "too_many_mails",
        format!("Mails of this sign-up were sent already. Try again in {seconds} s."),
        seconds,
    )
}
