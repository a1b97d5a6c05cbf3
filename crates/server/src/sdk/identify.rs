//! A client says who its user is (wire note §4.2, §8; decisions, Identify).

use std::sync::Arc;

use axum::extract::State;
use serde_json::value::RawValue;
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::arrival::Arrival;
use super::body::Members;
use super::session_body::SdkSession;
use super::{Peeked, expect_guest, peek};
use crate::accounts::project::Verification;
use crate::app::{App, SharedApp};
use crate::auth::token::verify_user_hash;
use crate::auth::{ClientCredential, SdkProject, Visitor, shield};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::resources::session::blocked;
use crate::resources::session::credential::{self, NewCredential};
use crate::resources::session::document::Session;
use crate::resources::session::identify::blank;
use crate::resources::session::merge::{MergeRefusal, merge};

/// Who the user is: `userId`, `userHash` and any attributes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"userId": "user-1", "name": "Ada", "seats": 3, "lang": "en-us", "platform": "web"}))]
#[expect(
    dead_code,
    reason = "documents the body, whose further keys are custom attributes"
)]
pub struct SdkIdentifyBody {
    /// The customer's own id of the user, as text or a number. Words such as `null` or `guest` name nobody.
    pub user_id: Option<String>,
    /// Proof of the customer's server: lower-case hex HMAC-SHA256 of the user id. Looked at when the project requires it.
    pub user_hash: Option<String>,
}

/// Identify the user of a client
///
/// A guest becomes the user; when the user is known, the guest is merged into the user's session, and the answer has that session's
/// credential. A session of another user is never merged: the client switches. Attributes that do not fit are left out.
#[utoipa::path(
    post, path = "/sessions/identify", operation_id = "SdkIdentify", tag = "SDK",
    params(
        ("Gleap-Id" = Option<String>, Header, description = "The public half of the session's credential"),
        ("Gleap-Hash" = Option<String>, Header, description = "The secret half"),
    ),
    request_body = SdkIdentifyBody,
    responses((status = 200, description = "The session of the user", body = SdkSession), ErrorResponses),
    security(("sdkKey" = [])),
)]
pub async fn identify(
    State(app): State<SharedApp>,
    visitor: Visitor,
    body: Members,
) -> Result<SdkSession, ApiError> {
    let user_id = user_id(body.0.get("userId").map(|raw| &**raw))?;
    if let Some(user_id) = &user_id {
        verify(&visitor.access, user_id, body.text("userHash").as_deref())?;
    }
    let (attributes, mut refused) = body.sound();
    let (arrival, more) = Arrival::read(&app, &visitor, "/sessions/identify", &attributes);
    refused.extend(more);
    let is_same = |session: &Session| user_id.is_none() || session.user_id == user_id;
    match peek(&app, &visitor, &arrival, is_same).await? {
        Peeked::Unchanged(session) => return Ok((*session).into()),
        Peeked::Known => {}
        Peeked::Nobody => expect_guest(&app, &visitor).await?,
    }
    let call = Arc::new(Call {
        given: visitor.credential.clone(),
        arrival,
        new: NewCredential::new(&app.random),
        names_max: app.config.limits.event_names_max,
    });
    let project = visitor.access.project;
    let who = user_id.map_or(Who::Nobody, Who::User);
    let mut written = call.write(&app, project, who).await;
    if let Err(store::Error::Taken { holder, .. }) = written
        && holder == blocked::LIST
    {
        refused.push("userId: is on the list of values that identify nobody".into());
        written = call.write(&app, project, Who::Blocked).await;
    }
    let (row, gone) =
        written.map_err(|error| shield(visitor.credential.is_some(), error.into()))?;
    if let Some(gone) = gone {
        app.live.merged(visitor.access.project, gone, row.id);
    }
    super::report(&app, &visitor, row.id, "identified", None);
    super::report_refused(&app, &visitor, row.id, &refused);
    Ok(row.doc.into())
}

/// Somebody, or nobody: numbers are ids too, and words such as `null` name nobody.
///
/// # Errors
/// 422 when it is too long.
fn user_id(raw: Option<&RawValue>) -> Result<Option<String>, ApiError> {
    let Some(text) = raw.and_then(identity::user_id_text) else {
        return Ok(None);
    };
    if text.chars().count() > identity::USER_ID_CHARS_MAX {
        let fault = format!(
            "userId: is longer than {} characters",
            identity::USER_ID_CHARS_MAX
        );
        return Err(ApiError::unprocessable("invalid_attributes", vec![fault]));
    }
    Ok(Some(text).filter(|text| identity::is_user_id(text)))
}

/// # Errors
/// 401 when the project asks for proof, and there is none, or it is wrong. The guest's session stays valid.
fn verify(access: &SdkProject, user_id: &str, proof: Option<&str>) -> Result<(), ApiError> {
    if access.verification == Verification::Off {
        return Ok(());
    }
    let refused = |message| Err(ApiError::unauthorized("identity_not_verified", message));
    match proof {
        None | Some("") => refused(
            "This project asks for proof of who a user is: send the userHash that your server computed.",
        ),
        Some(proof) if verify_user_hash(&access.identity_secrets, user_id, proof) => Ok(()),
        Some(_) => refused(
            "The userHash is not the one of this userId. Compute the hex HMAC-SHA256 of the userId under the identity secret of the project.",
        ),
    }
}

/// Whom a client says that it is.
enum Who {
    Nobody,
    User(String),
    /// A user id that identifies nobody: a guest stays one, and of whoever was there before nothing is changed.
    Blocked,
}

/// The call as a unit of work.
struct Call {
    given: Option<ClientCredential>,
    arrival: Arrival,
    new: NewCredential,
    names_max: usize,
}

impl Call {
    /// The session after the call, and the guest that was merged into it.
    async fn write(
        self: &Arc<Self>,
        app: &App,
        project: ObjectId,
        who: Who,
    ) -> store::Result<(Row<Session>, Option<ObjectId>)> {
        let call = Arc::clone(self);
        let unit = move |tx: &mut Tx<'_>| call.run(tx, &who);
        app.store.write(project, unit).await
    }

    fn run(&self, tx: &mut Tx<'_>, who: &Who) -> store::Result<(Row<Session>, Option<ObjectId>)> {
        let current = match &self.given {
            Some(given) => credential::resolve(tx, given)?,
            None => None,
        };
        let mut row = match (current, who) {
            (Some(row), Who::Nobody) => row,
            (Some(guest), Who::Blocked) if guest.doc.user_id.is_none() => guest,
            (Some(row), Who::User(user_id)) if row.doc.user_id.as_ref() == Some(user_id) => row,
            (Some(guest), Who::User(user_id)) if guest.doc.user_id.is_none() => {
                return self.guest_is(tx, guest, user_id);
            }
            (_, Who::User(user_id)) => match tx.find_for_update(identity::USER_ID, user_id)? {
                Some(known) => known,
                None => return Ok((self.make(tx, Some(user_id))?, None)),
            },
            (_, Who::Nobody | Who::Blocked) => return Ok((self.make(tx, None)?, None)),
        };
        self.arrival.update(tx, &mut row, |_, _| Ok(false))?;
        Ok((row, None))
    }

    fn guest_is(
        &self,
        tx: &mut Tx<'_>,
        mut guest: Row<Session>,
        user_id: &str,
    ) -> store::Result<(Row<Session>, Option<ObjectId>)> {
        let Some(known) = tx.find_for_update::<Session>(identity::USER_ID, user_id)? else {
            self.arrival.update(tx, &mut guest, |_, guest| {
                guest.doc.user_id = Some(user_id.to_owned());
                Ok(true)
            })?;
            return Ok((guest, None));
        };
        let merged = merge(tx, known.id, guest.id, &self.arrival.origin, self.names_max);
        let merged = merged.map_err(|refusal| match refusal {
            MergeRefusal::Store(error) => error,
            // Both were there a moment ago, and one of them had no user id.
            _ => tx.raced(),
        })?;
        let mut row = merged.survivor;
        self.arrival.update(tx, &mut row, |_, _| Ok(false))?;
        Ok((row, Some(guest.id)))
    }

    fn make(&self, tx: &mut Tx<'_>, user_id: Option<&str>) -> store::Result<Row<Session>> {
        let session = Session {
            user_id: user_id.map(str::to_owned),
            ..blank(&self.new, tx.now())
        };
        self.arrival.insert(tx, session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<String> {
        user_id(serde_json::from_str(json).ok()).unwrap()
    }

    #[test]
    fn numbers_are_ids_and_words_for_nobody_are_none() {
        assert_eq!(read("\"u-1\"").as_deref(), Some("u-1"));
        assert_eq!(read("42").as_deref(), Some("42"));
        for nobody in [
            "null",
            "\"\"",
            "\"undefined\"",
            "0",
            "-1",
            "{}",
            "true",
            "\"guest\"",
        ] {
            assert_eq!(read(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn an_id_has_a_longest_length() {
        let of = |count| RawValue::from_string(format!("\"{}\"", "é".repeat(count))).unwrap();
        assert!(
            user_id(Some(&of(identity::USER_ID_CHARS_MAX)))
                .unwrap()
                .is_some()
        );
        assert!(user_id(Some(&of(identity::USER_ID_CHARS_MAX + 1))).is_err());
    }
}
