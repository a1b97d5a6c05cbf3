//! Accepting by the secret of the mail: for those who have no account yet.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row, Snapshot, Tx};
use utoipa::ToSchema;

use super::body::{name, unknown};
use crate::accounts::invitation::{self, Invitation, InvitationKind};
use crate::accounts::user::{User, insert_user, person};
use crate::accounts::{AccountError, SCOPE};
use crate::app::SharedApp;
use crate::auth::roles::Role;
use crate::auth::token::hash_api_token;
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::resources::login::{Client, LoggedInBody, open};
use crate::resources::user::NAME_CHARS_MAX;

/// The secret of an invitation.
#[derive(Deserialize, ToSchema)]
pub struct InvitationTokenBody {
    /// What stands behind the `#` of the link in the mail.
    token: String,
}

/// What an invitation offers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferBody {
    /// The id of the invitation.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    id: ObjectId,
    /// Who is invited.
    email: String,
    /// The name of the project or organisation.
    name: String,
    /// As what.
    role: Role,
    /// To what.
    r#type: InvitationKind,
    /// Whether there is an account with the address: then sign in, and answer with `PUT /v3/invitations/{invitationId}`.
    has_account: bool,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Millis,
}

/// Who accepts.
#[derive(Deserialize, ToSchema)]
pub struct AcceptBody {
    /// What stands behind the `#` of the link in the mail.
    token: String,
    /// The name to show: 1 to 200 characters.
    #[schema(example = "Ada")]
    name: String,
    /// The password of the new account: 10 characters or more.
    password: String,
}

/// Look at an invitation
///
/// By the secret of its mail, which nobody can guess.
#[utoipa::path(
    post, path = "/v3/invitations/look", operation_id = "LookAtInvitation", tag = "Invitation",
    request_body = InvitationTokenBody,
    responses((status = 200, description = "What it offers", body = OfferBody), ErrorResponses),
    security(()),
)]
pub async fn look(
    State(app): State<SharedApp>,
    client: Client,
    Json(InvitationTokenBody { token }): Json<InvitationTokenBody>,
) -> Result<Json<OfferBody>, ApiError> {
    app.limits
        .logins
        .check(&app.store, &("invitation", client.address))
        .await?;
    let (hash, now) = (hash_api_token(&token), app.now());
    let read = app.store.read(SCOPE, move |snapshot| {
        let row = found(snapshot.find(identity::INVITATION_TOKEN, &hash)?, now)?;
        Ok::<_, ApiError>(OfferBody {
            _id: row.id,
            id: row.id,
            name: name(snapshot, &row.doc)?,
            has_account: has_account(snapshot, &row.doc)?,
            email: row.doc.email,
            role: row.doc.role,
            r#type: row.doc.kind,
            expires_at: row.doc.expires_at,
        })
    });
    Ok(Json(read.await?))
}

/// Accept an invitation with a new account
///
/// Makes the account of the invited address, with a name and a password, and signs it in. Where there is one already, sign in and answer with
/// `PUT /v3/invitations/{invitationId}`.
#[utoipa::path(
    post, path = "/v3/invitations/accept", operation_id = "AcceptInvitation", tag = "Invitation",
    request_body = AcceptBody,
    responses(
        (status = 200, description = "Signed in", body = LoggedInBody),
        (status = 409, description = "The address has an account (`account_exists`)", body = ErrorBody),
        ErrorResponses,
    ),
    security(()),
)]
pub async fn accept(
    State(app): State<SharedApp>,
    client: Client,
    Json(body): Json<AcceptBody>,
) -> Result<Json<LoggedInBody>, ApiError> {
    app.limits
        .logins
        .check(&app.store, &("invitation", client.address))
        .await?;
    let user_name = body.name.trim().to_owned();
    if !(1..=NAME_CHARS_MAX).contains(&user_name.chars().count()) {
        let fault = format!("name: must be 1 to {NAME_CHARS_MAX} characters");
        return Err(refused(fault));
    }
    let (hash, now) = (hash_api_token(&body.token), app.now());
    let wanted = hash.clone();
    let read = app.store.read(SCOPE, move |snapshot| {
        let row = found(snapshot.find(identity::INVITATION_TOKEN, &wanted)?, now)?;
        is_new(snapshot, &row.doc)?;
        Ok::<_, ApiError>(row.doc.email)
    });
    let email = read.await?;
    let user = User {
        name: user_name,
        ..person(&app, &email, body.password).await.map_err(failed)?
    };
    let unit = move |tx: &mut Tx<'_>| {
        let row = tx.find_for_update(identity::INVITATION_TOKEN, &hash)?;
        let row = found(row, tx.now())?;
        is_new(tx, &row.doc)?;
        let id = insert_user(tx, user.clone())?;
        invitation::accept(tx, &row, id)?;
        Ok::<_, ApiError>(tx.get::<User>(id)?.ok_or_else(|| tx.raced())?)
    };
    let user = app.store.write(SCOPE, unit).await?;
    open(&app, client, user).await.map(Json)
}

/// The same for a secret that never was, and for one that has ended.
fn found(row: Option<Row<Invitation>>, now: Millis) -> Result<Row<Invitation>, ApiError> {
    row.filter(|row| row.doc.is_open(now)).ok_or_else(unknown)
}

fn has_account(snapshot: &Snapshot<'_>, invitation: &Invitation) -> store::Result<bool> {
    let owner = snapshot.owner(identity::ACCOUNT_EMAIL, &invitation.email_key)?;
    Ok(owner.is_some())
}

fn is_new(snapshot: &Snapshot<'_>, invitation: &Invitation) -> Result<(), ApiError> {
    if has_account(snapshot, invitation)? {
        return Err(ApiError::conflict(
            "account_exists",
            "This address has an account: sign in, and answer the invitation there.",
        ));
    }
    Ok(())
}

fn failed(error: AccountError) -> ApiError {
    match error {
        AccountError::Store(error) => error.into(),
        AccountError::Failed(cause) => ApiError::internal(cause),
        AccountError::Unknown(fault) | AccountError::Refused(fault) => refused(fault),
    }
}

fn refused(fault: String) -> ApiError {
    ApiError::unprocessable("invalid_account", vec![fault])
}
