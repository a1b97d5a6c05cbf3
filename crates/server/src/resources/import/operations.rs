//! Looking at imports, stopping them and taking them back.

use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use store::{ObjectId, Row, Tx};

use super::body::ImportBody;
use super::document::{Import, Status, Undone};
use super::forget;
use super::queue::Job;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::Action;
use crate::resources::session::list::{next_link, to_query};

/// List imports
///
/// Newest first unless sorted otherwise; filters as in the list of sessions, such as `status=running,queued`.
#[utoipa::path(
    get, path = "/v3/imports", operation_id = "GetImports", tag = "Import",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
    ),
    responses((status = 200, description = "The imports", body = Vec<ImportBody>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let query = to_query(ListQuery::parse(&raw, &[])?)?;
    let read = app.store.read(member.project, move |snapshot| {
        Ok::<_, ApiError>(snapshot.page::<Import>(&query)?)
    });
    let page = read.await?;
    let show = |row| ImportBody::of_raw(row, member.project, member.organisation);
    let imports = page.rows.iter().map(show).collect::<Result<Vec<_>, _>>()?;
    let mut response = Json(imports).into_response();
    if let Some(next) = page.next {
        let link = next_link("/v3/imports", &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Get an import
///
/// How far it is, what became of its rows, and what is wrong with the first of those that are wrong.
#[utoipa::path(
    get, path = "/v3/imports/{importId}", operation_id = "GetImport", tag = "Import",
    params(
        ("importId" = String, Path, description = "The id of the import: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The import", body = ImportBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(import_id): Path<String>,
) -> Result<Json<ImportBody>, ApiError> {
    let id = parse_id(&import_id)?;
    let read = app.store.lookup(member.project, move |snapshot| {
        snapshot.get::<Import>(id)?.ok_or_else(|| unknown(id))
    });
    let row = read.await?;
    Ok(Json(ImportBody::of(
        row,
        member.project,
        member.organisation,
    )))
}

/// Cancel an import
///
/// It stops before its next batch. What was written until then stays, and can be undone.
#[utoipa::path(
    post, path = "/v3/imports/{importId}/cancel", operation_id = "CancelImport", tag = "Import",
    params(
        ("importId" = String, Path, description = "The id of the import: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses(
        (status = 200, description = "The import", body = ImportBody),
        (status = 409, description = "It is finished already", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn cancel(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(import_id): Path<String>,
) -> Result<Json<ImportBody>, ApiError> {
    let id = parse_id(&import_id)?;
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        match row.doc.status {
            Status::Queued => {
                row.doc.status = Status::Cancelled;
                row.doc.finished_at = Some(tx.now());
            }
            Status::Running => row.doc.cancel_requested = true,
            status => {
                return Err(ApiError::conflict(
                    "import_not_running",
                    format!(
                        "The import is {}: there is nothing to cancel.",
                        status.name()
                    ),
                ));
            }
        }
        tx.put(&mut row)?;
        Ok(row)
    };
    let row = app.store.write(member.project, unit).await?;
    Ok(Json(ImportBody::of(
        row,
        member.project,
        member.organisation,
    )))
}

/// Undo an import
///
/// Sessions that it made, and that nobody changed since, are removed. Of those that it changed, each field that still has the value of the import
/// gets back what it had. The rest is kept and counted; the result says for each row. Runs in the background, within 90 days of the import.
#[utoipa::path(
    post, path = "/v3/imports/{importId}/undo", operation_id = "UndoImport", tag = "Import",
    params(
        ("importId" = String, Path, description = "The id of the import: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses(
        (status = 200, description = "The import", body = ImportBody),
        (status = 409, description = "There is nothing to undo, or no longer", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn undo(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(import_id): Path<String>,
) -> Result<Json<ImportBody>, ApiError> {
    let (id, auditor) = (parse_id(&import_id)?, member.auditor());
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = find(tx, id)?;
        match row.doc.status {
            Status::Done | Status::Cancelled if !row.doc.dry_run => {}
            status => {
                return Err(ApiError::conflict(
                    "import_not_undoable",
                    format!(
                        "The import is {}{}: there is nothing to undo.",
                        if row.doc.dry_run {
                            "a dry run and "
                        } else {
                            ""
                        },
                        status.name()
                    ),
                ));
            }
        }
        if forget::is_old(&row.doc, tx.now()) {
            return Err(ApiError::conflict(
                "import_too_old",
                format!(
                    "The import is older than {} days: what it changed is no longer known.",
                    forget::KEPT_DAYS
                ),
            ));
        }
        row.doc.status = Status::Undoing;
        row.doc.finished_at = None;
        row.doc.undo = Some(Undone::default());
        tx.put(&mut row)?;
        auditor.note(tx, Action::ImportUndone, Some(id), Value::Null)?;
        Ok(row)
    };
    let row = app.store.write(member.project, unit).await?;
    let place = (member.project, row.id);
    app.imports.push(Job { place, fetch: None });
    Ok(Json(ImportBody::of(
        row,
        member.project,
        member.organisation,
    )))
}

fn find(tx: &mut Tx<'_>, id: ObjectId) -> Result<Row<Import>, ApiError> {
    tx.get_for_update::<Import>(id)?.ok_or_else(|| unknown(id))
}

/// 404 for an import.
pub fn unknown(id: ObjectId) -> ApiError {
    ApiError::not_found(
        "import_not_found",
        format!("This project has no import with id {id}."),
    )
}

/// The id in a path.
pub fn parse_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(
            "invalid_id",
            "The import id in the path must be 24 hexadecimal characters.",
        )
    })
}
