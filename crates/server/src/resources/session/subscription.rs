//! Who wants no engagement messages, and who wants them again.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::activity::{self, ActivityKind};
use super::document::Session;
use super::lookup::{find_for_update, parse_id};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Contacts of one call.
pub const CONTACTS_MAX: usize = 1000;
/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 256;

/// Who is unsubscribed, and why.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UnsubscribeBody {
    /// At most 1,000.
    pub sessions: Vec<ContactKey>,
    /// Why, at most 256 characters.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a contact is known by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactKey {
    /// The id under which your own system knows the user.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The email address, looked at when there is no user id.
    #[serde(default)]
    pub email: Option<String>,
}

/// What became of the call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnsubscribedBody {
    /// Always true: what could not be done is answered with an error.
    pub success: bool,
    /// Sessions that were found; each is unsubscribed now.
    pub found: u64,
}

/// Unsubscribe contacts
///
/// Contacts that are not there are passed over. One that is unsubscribed already keeps its date and reason.
#[utoipa::path(
    post, path = "/v3/sessions/unsubscribe", operation_id = "UnsubscribeSessions", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = UnsubscribeBody,
    responses((status = 200, description = "The contacts are unsubscribed", body = UnsubscribedBody), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn unsubscribe(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Json(body): Json<UnsubscribeBody>,
) -> Result<Json<UnsubscribedBody>, ApiError> {
    check(&body)?;
    let by = member.user;
    let write = app.store.write(member.project, move |tx| {
        let mut found = 0;
        for contact in &body.sessions {
            found += u64::from(unsubscribe_one(tx, contact, body.reason.as_deref(), by)?);
        }
        Ok::<_, store::Error>(found)
    });
    Ok(Json(UnsubscribedBody {
        success: true,
        found: write.await?,
    }))
}

fn check(body: &UnsubscribeBody) -> Result<(), ApiError> {
    let mut faults = Vec::new();
    if body.sessions.len() > CONTACTS_MAX {
        faults.push(format!(
            "sessions: are more than {CONTACTS_MAX}; send them in parts"
        ));
    }
    for (number, contact) in body.sessions.iter().enumerate() {
        if contact.user_id.is_none() && contact.email.is_none() {
            faults.push(format!("sessions[{number}]: needs a userId or an email"));
        }
    }
    if body
        .reason
        .as_ref()
        .is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX)
    {
        faults.push(format!(
            "reason: is longer than {REASON_CHARS_MAX} characters"
        ));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(ApiError::unprocessable("invalid_field", faults))
}

fn unsubscribe_one(
    tx: &mut Tx<'_>,
    contact: &ContactKey,
    reason: Option<&str>,
    by: ObjectId,
) -> store::Result<bool> {
    let email = contact.email.as_deref().and_then(identity::email_key);
    let found = match (&contact.user_id, email) {
        (Some(user_id), _) => tx.find_for_update::<Session>(identity::USER_ID, user_id)?,
        (None, Some(key)) => tx.find_for_update::<Session>(identity::EMAIL, &key)?,
        (None, None) => None,
    };
    let Some(mut row) = found else {
        return Ok(false);
    };
    unsubscribe_row(tx, &mut row, reason, Some(by))?;
    Ok(true)
}

/// Unsubscribes a session; one that is unsubscribed already stays as it is. `by` is the member who does it, none when the person does.
///
/// # Errors
/// Those of the store.
pub fn unsubscribe_row(
    tx: &mut Tx<'_>,
    row: &mut Row<Session>,
    reason: Option<&str>,
    by: Option<ObjectId>,
) -> store::Result<()> {
    if row.doc.unsubscribed {
        return Ok(());
    }
    row.doc.unsubscribed = true;
    row.doc.unsubscribed_at = Some(tx.now());
    row.doc.unsubscribe_reason = reason.map(ToOwned::to_owned);
    tx.put(row)?;
    activity::record(tx, row.id, ActivityKind::Unsubscribed, by, Vec::new())?;
    Ok(())
}

/// Whether anything changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resubscribed(bool);

/// Subscribe a contact again
///
/// `true` when the contact was unsubscribed before the call, `false` when there was nothing to do.
#[utoipa::path(
    put, path = "/v3/sessions/{sessionId}/resubscribe", operation_id = "ResubscribeSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "Whether anything changed", body = Resubscribed), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn resubscribe(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
) -> Result<Json<Resubscribed>, ApiError> {
    let (id, by) = (parse_id(&session_id)?, member.user);
    let write = app.store.write(member.project, move |tx| {
        let mut row = find_for_update(tx, id)?;
        let was = std::mem::take(&mut row.doc.unsubscribed);
        if was {
            (row.doc.unsubscribed_at, row.doc.unsubscribe_reason) = (None, None);
            tx.put(&mut row)?;
            let kind = ActivityKind::Resubscribed;
            activity::record(tx, row.id, kind, Some(by), Vec::new())?;
        }
        Ok::<_, ApiError>(was)
    });
    Ok(Json(Resubscribed(write.await?)))
}
