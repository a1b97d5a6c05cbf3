//! The session as clients see it: flat, no `null`, values as they were sent (wire note §3.2).

use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Number;
use serde_json::value::RawValue;
use store::Millis;
use utoipa::ToSchema;

use crate::http::Json;
use crate::resources::session::document::Session;

/// The session of a client, with the credential that opens it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SdkSession {
    /// The public half of the credential.
    pub gleap_id: String,
    /// The secret half.
    pub gleap_hash: String,
    /// The customer's own id of the user; absent for a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// What the customer is worth.
    #[schema(value_type = f64)]
    pub value: Number,
    /// The service level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub sla: Option<Number>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The customer's own id of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// The name of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The language.
    pub lang: String,
    /// When the user was made in the customer's system, or the session here.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Millis,
    /// Custom attributes in the order in which they were first seen.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[schema(value_type = Object)]
    pub custom_data: IndexMap<String, Box<RawValue>>,
}

impl From<Session> for SdkSession {
    fn from(session: Session) -> Self {
        Self {
            gleap_id: session.gleap_id,
            gleap_hash: session.gleap_hash,
            user_id: session.user_id,
            name: session.name,
            email: session.email,
            phone: session.phone,
            avatar: session.avatar,
            value: session.value,
            sla: session.sla,
            plan: session.plan,
            company_id: session.company_id,
            company_name: session.company_name,
            lang: session.lang,
            created_at: session.created_at,
            custom_data: session.custom_data,
        }
    }
}

impl IntoResponse for SdkSession {
    fn into_response(self) -> Response {
        // It holds a credential.
        let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
        (no_store, Json(self)).into_response()
    }
}
