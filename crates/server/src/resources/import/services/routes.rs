//! Starting an import from another service.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::ObjectId;
use utoipa::ToSchema;

use super::super::create::{insert, new};
use super::super::document::{Import, Origin, Status};
use super::{Fetch, hubspot, intercom, zendesk};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Characters of a credential, and of the address of a service.
pub const CREDENTIAL_CHARS_MAX: usize = 2_048;

/// An account of Intercom.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntercomInput {
    /// The API of the region.
    #[schema(example = "https://api.intercom.io")]
    pub endpoint: String,
    /// The access token.
    pub api_key: String,
}

/// An account of HubSpot.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HubspotInput {
    /// The access token of a private app with the scope `crm.objects.contacts.read`.
    pub api_key: String,
}

/// An account of Zendesk.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ZendeskInput {
    /// What stands before `.zendesk.com`.
    #[schema(example = "example")]
    pub subdomain: String,
    /// The address of an agent.
    #[schema(example = "agent@example.com")]
    pub email: String,
    /// The API token.
    pub api_token: String,
}

/// The import that was started.
#[derive(Serialize, ToSchema)]
pub struct StartedImport {
    /// Its id: `GET /v3/imports/{importId}` tells how far it is.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// How far it is.
    pub status: Status,
}

/// Import the contacts of Intercom
///
/// Fetches all contacts, then imports them in the background: the answer names the import. Users are found by their `external_id`, leads by email
/// address or phone number; contacts without any of these are left out and counted. The token is neither stored nor logged.
#[utoipa::path(
    post, path = "/v3/sessions/importer/intercom", operation_id = "ImportSessionIntercom", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = IntercomInput,
    responses((status = 200, description = "The import", body = Vec<StartedImport>), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn from_intercom(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Json(input): Json<IntercomInput>,
) -> Result<Json<Vec<StartedImport>>, ApiError> {
    filled(&[("endpoint", &input.endpoint), ("apiKey", &input.api_key)])?;
    let own = &app.config.importers.intercom;
    let endpoint = if own.is_empty() { &input.endpoint } else { own };
    let account = intercom::Account {
        endpoint: checked(&app, "endpoint", endpoint)?,
        token: input.api_key,
    };
    start(&app, &member, Origin::Intercom, Fetch::Intercom(account)).await
}

/// Import the contacts of HubSpot
///
/// Fetches all contacts, then imports them in the background: the answer names the import. Contacts are found by email address or phone number;
/// those without are left out and counted. The token is neither stored nor logged.
#[utoipa::path(
    post, path = "/v3/sessions/importer/hubspot", operation_id = "ImportSessionHubspot", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = HubspotInput,
    responses((status = 200, description = "The import", body = Vec<StartedImport>), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn from_hubspot(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Json(input): Json<HubspotInput>,
) -> Result<Json<Vec<StartedImport>>, ApiError> {
    filled(&[("apiKey", &input.api_key)])?;
    let account = hubspot::Account {
        endpoint: checked(&app, "importers.hubspot", &app.config.importers.hubspot)?,
        token: input.api_key,
    };
    start(&app, &member, Origin::Hubspot, Fetch::Hubspot(account)).await
}

/// Import the users of Zendesk
///
/// Fetches all end users, then imports them in the background: the answer names the import. Users are found by their `external_id`, otherwise by
/// email address or phone number; those without are left out and counted. The token is neither stored nor logged.
#[utoipa::path(
    post, path = "/v3/sessions/importer/zendesk", operation_id = "ImportSessionZendesk", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = ZendeskInput,
    responses((status = 200, description = "The import", body = Vec<StartedImport>), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn from_zendesk(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Json(input): Json<ZendeskInput>,
) -> Result<Json<Vec<StartedImport>>, ApiError> {
    filled(&[
        ("subdomain", &input.subdomain),
        ("email", &input.email),
        ("apiToken", &input.api_token),
    ])?;
    let is_label = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
    if !input.subdomain.chars().all(is_label) || input.subdomain.len() > 63 {
        return Err(invalid("subdomain", "must be letters, digits and `-`"));
    }
    let endpoint = &app.config.importers.zendesk;
    let endpoint = endpoint.replace("{subdomain}", &input.subdomain);
    let account = zendesk::Account {
        endpoint: checked(&app, "importers.zendesk", &endpoint)?,
        email: input.email,
        token: input.api_token,
    };
    start(&app, &member, Origin::Zendesk, Fetch::Zendesk(account)).await
}

fn filled(fields: &[(&str, &str)]) -> Result<(), ApiError> {
    let faults: Vec<_> = fields
        .iter()
        .filter(|(_, value)| {
            !(1..=CREDENTIAL_CHARS_MAX).contains(&value.chars().count())
                || value.chars().any(char::is_control)
        })
        .map(|(name, _)| format!("{name}: must be 1 to {CREDENTIAL_CHARS_MAX} visible characters"))
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ApiError::unprocessable("invalid_field", faults))
    }
}

fn invalid(name: &str, wrong: &str) -> ApiError {
    ApiError::unprocessable("invalid_field", vec![format!("{name}: {wrong}")])
}

fn checked(app: &SharedApp, name: &str, address: &str) -> Result<reqwest::Url, ApiError> {
    let checked = app.outgoing.check(address);
    checked.map_err(|wrong| invalid(name, &wrong))
}

async fn start(
    app: &SharedApp,
    member: &Member<SessionsWrite>,
    source: Origin,
    fetch: Fetch,
) -> Result<Json<Vec<StartedImport>>, ApiError> {
    let import = Import {
        partial: true,
        ..new(app, source, member.user)
    };
    let row = insert(app, member.auditor(), import, Some(fetch)).await?;
    Ok(Json(vec![StartedImport {
        id: row.id,
        status: row.doc.status,
    }]))
}
