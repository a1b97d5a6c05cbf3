//! What a project calls the statuses and types of its tickets.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Tx;
use utoipa::ToSchema;

use super::audit_log::document::Action;
use super::named;
use crate::app::SharedApp;
use crate::auth::{Member, ProjectRead, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::load;
use crate::resources::ticket::settings::{
    self, ReplyMail, StatusSetting, TicketSettings, TypeSetting,
};

/// The statuses and types of the tickets of a project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketSettingsBody {
    /// The built-in ones, then those of the project: the columns of a board, in this order.
    statuses: Vec<StatusSetting>,
    /// The same of types.
    types: Vec<TypeSetting>,
    /// The mails with messages that their session has not seen.
    reply_mail: ReplyMail,
}

/// What to set. A list that is left out stays as it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketSettingsInput {
    /// The statuses of the project, at most 50. One with the key of a built-in one gives that another title.
    #[schema(value_type = Vec<StatusSetting>, required = false)]
    statuses: Option<Vec<StatusSetting>>,
    /// The types of the project, at most 50.
    #[schema(value_type = Vec<TypeSetting>, required = false)]
    types: Option<Vec<TypeSetting>>,
    /// The mails with messages that their session has not seen. Of what it leaves out, the defaults hold.
    #[schema(value_type = ReplyMail, required = false)]
    reply_mail: Option<ReplyMail>,
}

impl TicketSettingsInput {
    /// # Errors
    /// 422 naming each fault.
    fn apply(&self, own: &mut TicketSettings) -> Result<(), ApiError> {
        if let Some(statuses) = &self.statuses {
            own.statuses.clone_from(statuses);
        }
        if let Some(types) = &self.types {
            own.types.clone_from(types);
        }
        if let Some(reply_mail) = &self.reply_mail {
            own.reply_mail.clone_from(reply_mail);
        }
        match own.faults() {
            faults if faults.is_empty() => Ok(()),
            faults => Err(ApiError::unprocessable("invalid_setting", faults)),
        }
    }
}

impl From<TicketSettings> for TicketSettingsBody {
    fn from(own: TicketSettings) -> Self {
        let reply_mail = own.reply_mail.clone();
        let (statuses, types) = own.effective();
        Self {
            statuses,
            types,
            reply_mail,
        }
    }
}

/// Get the statuses and types of tickets
///
/// Those that are built in, and those of the project. Tickets may have others too: clients and programs name types as they like.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/ticket-settings", operation_id = "GetProjectTicketSettings", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    responses((status = 200, description = "The statuses and types", body = TicketSettingsBody), ErrorResponses),
    security(("jwt" = ["project:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<ProjectRead>,
    Path(project_id): Path<String>,
) -> Result<Json<TicketSettingsBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let read = app.store.read(project, settings::of);
    Ok(Json(read.await?.into()))
}

/// Set the statuses and types of tickets
///
/// A ticket whose status is `closed` counts as done: a tracker ticket that comes into one closes those linked to it.
#[utoipa::path(
    put, path = "/v3/projects/{projectId}/ticket-settings", operation_id = "UpdateProjectTicketSettings", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
    ),
    request_body = TicketSettingsInput,
    responses((status = 200, description = "The statuses and types now", body = TicketSettingsBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn put(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    Json(body): Json<TicketSettingsInput>,
) -> Result<Json<TicketSettingsBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let (before, own) = settings::change(tx, |own| body.apply(own))?;
        if own != before {
            auditor.note(tx, Action::TicketSettingsChanged, None, Value::Null)?;
        }
        if closed(&own) != closed(&before) {
            load::ask_to_recount(tx)?;
        }
        Ok::<_, ApiError>(own)
    };
    let own = app.store.write(project, unit).await?;
    Ok(Json(own.into()))
}

/// The statuses of the project in which nothing is to be done any more.
fn closed(own: &TicketSettings) -> BTreeSet<&str> {
    let closed = own.statuses.iter().filter(|status| status.closed);
    closed.map(|status| status.key.as_str()).collect()
}
