//! Your server says who a user is.

use axum::extract::{RawQuery, State};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::origin;
use crate::app::SharedApp;
use crate::auth::ProvisionalToken;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::live::{self, Activity};
use crate::resources::session::attributes::Attributes;
use crate::resources::session::credential::NewCredential;
use crate::resources::session::identify::{self, Identified, Identify, Overflow, Refusal};
use crate::resources::session::not_identifying::NotIdentifying;

/// What to say of a user: `userId` and any attributes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"userId": "user-1", "name": "Ada Lovelace", "email": "ada@example.com", "plan": "pro", "seats": 3}))]
#[expect(
    dead_code,
    reason = "documents the body, whose further keys are custom attributes"
)]
pub struct IdentifyBody {
    /// The id under which your own system knows the user: exact, at most 256 characters.
    pub user_id: String,
    /// The name to show.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The phone number, with its country code.
    pub phone: Option<String>,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// What the customer is worth to you.
    pub value: Option<f64>,
    /// The service level.
    pub sla: Option<f64>,
    /// The plan.
    pub plan: Option<String>,
    /// Your id of the company.
    pub company_id: Option<String>,
    /// The name of the company.
    pub company_name: Option<String>,
    /// The language.
    pub lang: Option<String>,
    /// When the user was made in your system.
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// Custom attributes; any further key of the body is one too. `null` removes an attribute.
    pub custom_data: Option<std::collections::HashMap<String, serde_json::Value>>,
}

/// The session that was made or changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentifiedBody {
    /// Always true: what could not be done is answered with an error.
    pub success: bool,
    /// The id of the session.
    #[schema(value_type = String)]
    pub session_id: store::ObjectId,
    /// Whether the call made the session.
    pub created: bool,
}

/// Identify a user
///
/// Makes the session of the `userId`, or finds it, and gives it the attributes of the body. Standard attributes have names
/// of their own; every other key is a custom attribute, merged key by key. Repeating a call changes nothing but `lastActivity`.
#[utoipa::path(
    post, path = "/admin/identify", operation_id = "AdminIdentify", tag = "Admin",
    params(("preventLastActivityUpdate" = Option<bool>, Query, description = "`true`: the call is no activity of the user")),
    request_body = IdentifyBody,
    responses((status = 200, description = "The session was made or changed", body = IdentifiedBody, headers(("Hark-Not-Identifying" = String, description = "The fields that are kept, but identify nobody"))), ErrorResponses),
    security(("apiToken" = [])),
)]
pub async fn identify(
    State(app): State<SharedApp>,
    token: ProvisionalToken,
    RawQuery(query): RawQuery,
    body: Checked,
) -> Result<(NotIdentifying, Json<IdentifiedBody>), ApiError> {
    let body: IndexMap<String, Box<RawValue>> = body.parse()?;
    let user_id = user_id(body.get("userId").map(AsRef::as_ref))?;
    let (attributes, refused) = Attributes::read(&body);
    if !refused.is_empty() {
        return Err(unacceptable(refused));
    }
    let call = Identify {
        user_id,
        attributes,
        limits: app.attribute_limits(),
        overflow: Overflow::Refuse,
        is_activity: !query.is_some_and(|query| {
            query
                .split('&')
                .any(|part| part == "preventLastActivityUpdate=true")
        }),
        activity_debounce_ms: app.activity_debounce_ms(),
        origin: origin("/admin/identify"),
        credential: NewCredential::new(&app.random),
    };
    let project = token.project();
    let unit = move |tx: &mut store::Tx<'_>| {
        let identified = identify::identify(tx, &call).map_err(refusal)?;
        let Identified {
            row,
            created,
            not_identifying,
        } = identified;
        Ok::<_, ApiError>((row.id, created, not_identifying))
    };
    let (session_id, created, not_identifying) = token.write(&app, unit).await?;
    let activity = Activity {
        kind: "updated".into(),
        date: app.now(),
        data: None,
    };
    live::report(&app, project, session_id, activity);
    let body = IdentifiedBody {
        success: true,
        session_id,
        created,
    };
    Ok((not_identifying, Json(body)))
}

/// The user id of a body; numbers are ids too.
///
/// # Errors
/// 422 when there is none.
pub fn user_id(raw: Option<&RawValue>) -> Result<String, ApiError> {
    let text = raw.and_then(identity::user_id_text);
    text.filter(|text| identity::is_user_id(text)).ok_or_else(|| {
        unacceptable(vec![format!(
            "userId: must be the id of a user in your system, as text of 1 to {} characters; words such as \"null\" or \"guest\" are none",
            identity::USER_ID_CHARS_MAX
        )])
    })
}

fn unacceptable(errors: Vec<String>) -> ApiError {
    ApiError::unprocessable("invalid_attributes", errors)
}

fn refusal(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Attributes(errors) => ApiError::unprocessable("attribute_limit", errors),
        Refusal::Store(error) => error.into(),
    }
}
