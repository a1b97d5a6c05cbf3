//! Who did what in a project: settings, members, keys, what was taken out of it and what was erased.

pub mod document;
pub mod sweep;

use std::collections::BTreeMap;

use axum::extract::{Path, Query as QueryString, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Millis, ObjectId, Query, Row, Snapshot};
use utoipa::ToSchema;

use self::document::{Action, AuditEntry};
use super::named;
use crate::accounts::SCOPE;
use crate::accounts::user::{User, UserType};
use crate::app::{App, SharedApp};
use crate::auth::{Member, ProjectWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;

/// Entries of a page, unless asked otherwise, and at the most.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditLogBody {
    /// What was done, the newest first.
    entries: Vec<AuditLogEntry>,
    /// Whether there are older ones: ask with the id of the last as `before`.
    more: bool,
}

/// One thing that was done.
#[derive(Serialize, ToSchema)]
pub struct AuditLogEntry {
    /// The id of the entry.
    #[schema(value_type = String)]
    id: ObjectId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Millis,
    /// What.
    action: Action,
    /// Who. Absent: the operator of the server, on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<AuditLogActor>,
    /// To what: the id of the thing, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    /// What else is worth knowing, by name.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object, required = false)]
    details: Value,
}

/// Somebody who did something.
#[derive(Clone, Serialize, ToSchema)]
pub struct AuditLogActor {
    /// The id of the user or service account.
    #[schema(value_type = String)]
    id: ObjectId,
    /// The name, as it is now.
    name: String,
    /// The address of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether it is a program with an API key.
    #[serde(rename = "isProgram")]
    is_program: bool,
}

/// Which part of the log.
#[derive(Deserialize)]
pub struct Asked {
    before: Option<String>,
    limit: Option<u32>,
}

/// Get the audit log
///
/// Who changed settings, members, teams, keys and webhooks, who exported or imported sessions, and who erased some; the newest first. Kept for 400 days.
#[utoipa::path(
    get, path = "/v3/projects/{projectId}/audit-log", operation_id = "GetAuditLog", tag = "Project",
    params(
        ("projectId" = String, Path, description = "The id of the project: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The same id"),
        ("before" = Option<String>, Query, description = "The id of an entry: those that are older"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 200, otherwise 50"),
    ),
    responses((status = 200, description = "A page of the log", body = AuditLogBody), ErrorResponses),
    security(("jwt" = ["project:write"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<ProjectWrite>,
    Path(project_id): Path<String>,
    QueryString(asked): QueryString<Asked>,
) -> Result<Json<AuditLogBody>, ApiError> {
    let project = named(&member, &project_id)?;
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        let fault = format!("limit: must be 1 to {PAGE_MAX}");
        return Err(ApiError::unprocessable("invalid_field", vec![fault]));
    }
    let query = Query {
        filter: older(project, asked.before.as_deref())?,
        limit: limit + 1,
        ..Query::default()
    };
    let mut rows = page(&app, SCOPE, query.clone()).await?;
    rows.extend(page(&app, project, query).await?);
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let actors = actors(&app, &rows).await?;
    let entries = rows.into_iter().map(|row| AuditLogEntry {
        id: row.id,
        at: row.created_at,
        action: row.doc.action,
        by: row.doc.by.and_then(|by| actors.get(&by).cloned()),
        target: row.doc.target,
        details: row.doc.details,
    });
    let entries = entries.collect();
    Ok(Json(AuditLogBody { entries, more }))
}

fn older(project: ObjectId, before: Option<&str>) -> Result<Filter, ApiError> {
    let mut filters = vec![Filter::Eq(FieldPath::known("about"), Scalar::Id(project))];
    if let Some(before) = before {
        let id: ObjectId = before.parse().map_err(|_| {
            let fault = "before: must be the id of an entry, 24 hexadecimal characters";
            ApiError::unprocessable("invalid_field", vec![fault.to_owned()])
        })?;
        filters.push(Filter::Range {
            field: FieldPath::known("_id"),
            op: RangeOp::Lt,
            value: Scalar::Id(id),
        });
    }
    Ok(Filter::And(filters))
}

async fn page(app: &App, scope: ObjectId, query: Query) -> Result<Vec<Row<AuditEntry>>, ApiError> {
    let read = app.store.read(scope, move |snapshot| {
        let rows = snapshot.page::<AuditEntry>(&query)?.rows;
        rows.iter().map(store::RawRow::typed).collect()
    });
    let rows: store::Result<_> = read.await;
    Ok(rows?)
}

async fn actors(
    app: &App,
    rows: &[Row<AuditEntry>],
) -> Result<BTreeMap<ObjectId, AuditLogActor>, ApiError> {
    let ids: Vec<_> = rows.iter().filter_map(|row| row.doc.by).collect();
    let read = app.store.read(SCOPE, move |snapshot| known(snapshot, &ids));
    Ok(read.await?)
}

/// Users by their ids. Who is no member any more is known all the same.
fn known(
    snapshot: &Snapshot<'_>,
    ids: &[ObjectId],
) -> store::Result<BTreeMap<ObjectId, AuditLogActor>> {
    let mut found = BTreeMap::new();
    for id in ids {
        if found.contains_key(id) {
            continue;
        }
        let user = snapshot.get::<User>(*id)?;
        let actor = match user {
            Some(user) => AuditLogActor {
                id: *id,
                is_program: user.doc.user_type == UserType::ServiceAccount,
                name: user.doc.name,
                email: user.doc.email,
            },
            None => AuditLogActor {
                id: *id,
                name: String::new(),
                email: None,
                is_program: false,
            },
        };
        found.insert(*id, actor);
    }
    Ok(found)
}
