//! What became of a ticket, for those who have to show it.

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use store::{Millis, ObjectId, RawRow};
use utoipa::ToSchema;

use super::history::{By, ChangeKind, Difference, TicketChange, newest_first};
use super::show::{find, parse_id};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// The history of a ticket.
#[derive(Serialize, ToSchema)]
pub struct AuditBody {
    /// The id of the ticket.
    #[schema(value_type = String)]
    ticket: ObjectId,
    /// What happened, the oldest first; the last 1,000.
    changes: Vec<AuditEntry>,
}

/// Something that happened to a ticket.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    /// The id of the entry.
    #[schema(value_type = String)]
    id: ObjectId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    date: Millis,
    /// What.
    r#type: ChangeKind,
    /// Who.
    by: AuditActor,
    /// The fields that changed; of what was filled in, the name alone.
    #[schema(value_type = HashMap<String, AuditDifference>)]
    fields: IndexMap<String, Difference>,
}

/// A field before and after.
#[derive(Serialize, ToSchema)]
pub struct AuditDifference {
    /// What it was.
    #[schema(value_type = Value, required = false)]
    from: Option<Value>,
    /// What it became.
    #[schema(value_type = Value, required = false)]
    to: Option<Value>,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
pub struct AuditActor {
    /// `user` (a member, or a program), `session` or `system`.
    r#type: &'static str,
    /// The id of the user or the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    id: Option<ObjectId>,
}

/// Export the history of a ticket
///
/// Every change with its date, who made it, and the fields before and after; the oldest first.
#[utoipa::path(
    get, path = "/v3/tickets/{ticketId}/audit-export", operation_id = "ExportTicketAuditEndpoint", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The history", body = AuditBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn export(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
) -> Result<Json<AuditBody>, ApiError> {
    let id = parse_id(&ticket_id)?;
    let read = app.store.read(member.project, move |snapshot| {
        find(snapshot, id)?;
        let rows = snapshot.page::<TicketChange>(&newest_first(id))?.rows;
        rows.iter()
            .rev()
            .map(entry)
            .collect::<Result<Vec<_>, ApiError>>()
    });
    Ok(Json(AuditBody {
        ticket: id,
        changes: read.await?,
    }))
}

fn entry(row: &RawRow) -> Result<AuditEntry, ApiError> {
    let change: TicketChange = row.parse()?;
    let (kind, id) = match change.by {
        By::User(id) => ("user", Some(id)),
        By::Session(id) => ("session", Some(id)),
        By::System => ("system", None),
    };
    Ok(AuditEntry {
        id: row.id,
        date: change.at,
        r#type: change.kind,
        by: AuditActor { r#type: kind, id },
        fields: change.fields,
    })
}
