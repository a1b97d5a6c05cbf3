//! Starting an import with a file, which goes to the disk as it comes.

use std::path::Path;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use store::{ObjectId, Row, Tx};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::body::ImportBody;
use super::claim::Claim;
use super::document::{Counts, Import, Origin, Status};
use super::queue::{self, Job, UNFINISHED_MAX};
use super::services::Fetch;
use super::source::{Format, Mapping};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::BODY_PAUSE_MAX;
use crate::http::list_query::{BadQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::{Action, Auditor};

/// Characters of the name of an import.
pub const NAME_CHARS_MAX: usize = 200;
/// Seconds after which another import may be tried when too many wait.
const RETRY_AFTER_SECONDS: u64 = 60;

const OWN: [&str; 5] = ["format", "mapping", "dryRun", "partial", "name"];

/// Start an import
///
/// The body is the file: CSV, NDJSON (one session a line) or JSON (an array, or `{"sessions":[…]}`), in UTF-8, UTF-16 or Windows-1252, with
/// cells separated by `,`, `;` or tabs. Each row is a session as `GET /v3/sessions/{sessionId}` shows it, with a `userId`, a `gleapId`, an
/// email address or a phone number; a session that is there is changed, otherwise one is made. The answer comes once the file is on disk;
/// the import runs in the background, goes on after a restart, and can be cancelled and undone.
///
/// All rows are checked before the first is written. When one is wrong nothing is imported, unless `partial=true` leaves it out.
///
/// A column of a table is the field of its name; any other name makes a custom attribute; `mapping` says otherwise.
#[utoipa::path(
    post, path = "/v3/imports", operation_id = "CreateImport", tag = "Import",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("format" = Option<String>, Query, description = "`csv`, `ndjson` or `json`; otherwise the `Content-Type` tells, or how the file begins"),
        ("mapping" = Option<String>, Query, description = "Which column is which field, as JSON: `{\"E-mail\":\"email\",\"Seats\":\"customData.seats\",\"Notes\":\"\"}`; an empty field leaves a column out"),
        ("dryRun" = Option<bool>, Query, description = "Whether only to tell what would be done; rows of one batch of up to 500 see each other"),
        ("partial" = Option<bool>, Query, description = "Whether rows that are wrong are left out"),
        ("name" = Option<String>, Query, description = "What to call it, up to 200 characters"),
    ),
    request_body(content((String = "text/csv"), (String = "application/x-ndjson"), (Vec<crate::resources::session::schema::SessionInput> = "application/json"), (String = "application/octet-stream")), description = "The file"),
    responses((status = 200, description = "The import", body = ImportBody), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn create(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    RawQuery(raw): RawQuery,
    request: Request,
) -> Result<Json<ImportBody>, ApiError> {
    let options = Options::read(raw.as_deref().unwrap_or_default(), request.headers())?;
    let most = app.config.imports.file_bytes_max;
    refuse_announced(request.headers(), most)?;
    let file = hex::encode(app.random.bytes::<12>());
    let bytes = receive(&queue::folder(&app), &file, request.into_body(), most).await?;
    let import = Import {
        format: options.format,
        mapping: options.mapping,
        dry_run: options.dry_run,
        partial: options.partial,
        name: options.name,
        file: Some(file.clone()),
        bytes,
        ..new(&app, Origin::File, member.user)
    };
    let row = match insert(&app, member.auditor(), import, None).await {
        Ok(row) => row,
        Err(error) => {
            let _ = tokio::fs::remove_file(queue::folder(&app).join(file)).await;
            return Err(error);
        }
    };
    Ok(Json(ImportBody::of(
        row,
        member.project,
        member.organisation,
    )))
}

/// An import of which nothing is known yet.
pub fn new(app: &SharedApp, source: Origin, user: ObjectId) -> Import {
    Import {
        name: None,
        source,
        status: Status::Queued,
        format: None,
        mapping: Mapping::default(),
        dry_run: false,
        partial: false,
        user,
        file: None,
        checked: false,
        cancel_requested: false,
        gave_up: false,
        bytes: 0,
        bytes_read: 0,
        counts: Counts::default(),
        errors: Vec::new(),
        undo: None,
        undone_from: None,
        created_at: app.now(),
        finished_at: None,
    }
}

/// Keeps an import and puts it into the queue.
///
/// # Errors
/// 429 when too many of the project wait.
pub async fn insert(
    app: &SharedApp,
    auditor: Auditor,
    import: Import,
    fetch: Option<Fetch>,
) -> Result<Row<Import>, ApiError> {
    let project = auditor.project;
    let id = app.store.new_id();
    // Before another node can see the import, which would think that it was left behind.
    let fetch = match fetch {
        None => None,
        Some(fetch) => {
            let claim = Claim::take(app, id).await?.ok_or(store::Error::Raced)?;
            Some((fetch, claim))
        }
    };
    let unit = move |tx: &mut Tx<'_>| {
        let query = store::Query {
            filter: queue::unfinished(),
            ..store::Query::default()
        };
        if tx.count::<Import>(&query, UNFINISHED_MAX)? >= UNFINISHED_MAX {
            return Err(ApiError::too_many(
                "too_many_imports",
                format!(
                    "{UNFINISHED_MAX} imports of this project are not finished yet. Wait for one, or cancel it."
                ),
                RETRY_AFTER_SECONDS,
            ));
        }
        let row = tx.insert(id, import.clone())?;
        if !import.dry_run {
            let details = json!({ "name": import.name });
            auditor.note(tx, Action::ImportCreated, Some(row.id), details)?;
        }
        Ok::<_, ApiError>(row)
    };
    app.imports.expect((project, id));
    let row = match app.store.write(project, unit).await {
        Ok(row) => row,
        Err(error) => {
            if let Some((_, claim)) = fetch {
                claim.end(app).await;
            }
            return Err(error);
        }
    };
    app.imports.push(Job {
        place: (project, row.id),
        fetch,
    });
    Ok(row)
}

/// What the query says.
struct Options {
    format: Option<Format>,
    mapping: Mapping,
    dry_run: bool,
    partial: bool,
    name: Option<String>,
}

impl Options {
    fn read(raw: &str, headers: &HeaderMap) -> Result<Self, ApiError> {
        let given = own_parameters(raw, &OWN)?;
        let text = |name: &str| given.get(name).map(String::as_str);
        let media = headers.get(header::CONTENT_TYPE);
        let format = match text("format") {
            Some(name) => Some(
                Format::named(name)
                    .ok_or_else(|| BadQuery::new("format", "is one of csv, ndjson and json"))?,
            ),
            None => media
                .and_then(|media| media.to_str().ok())
                .and_then(Format::named),
        };
        let mapping = text("mapping").map_or(Ok(Mapping::default()), Mapping::parse);
        let name = text("name").filter(|name| !name.is_empty());
        if name.is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
            let message = format!("is longer than {NAME_CHARS_MAX} characters");
            return Err(BadQuery::new("name", message).into());
        }
        Ok(Self {
            format,
            mapping: mapping.map_err(|wrong| BadQuery::new("mapping", wrong))?,
            dry_run: flag("dryRun", text("dryRun"))?,
            partial: flag("partial", text("partial"))?,
            name: name.map(str::to_owned),
        })
    }
}

/// A parameter that is true or false.
pub fn flag(name: &str, value: Option<&str>) -> Result<bool, BadQuery> {
    match value {
        Some("true" | "") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(BadQuery::new(name, "must be true or false")),
    }
}

fn refuse_announced(headers: &HeaderMap, most: u64) -> Result<(), ApiError> {
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    Ok(())
}

fn too_large(most: u64) -> ApiError {
    let message =
        format!("The file is larger than {most} bytes: split it, or raise imports.file_bytes_max.");
    ApiError::too_large("file_too_large", message)
}

/// Writes a body to a file that is on disk when this returns. What could not be received whole is removed.
async fn receive(folder: &Path, name: &str, body: Body, most: u64) -> Result<u64, ApiError> {
    let path = folder.join(name);
    let received = async {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(ApiError::internal)?;
        let file = File::create_new(&path).await.map_err(ApiError::internal)?;
        receive_into(file, body, most).await
    };
    let received = received.await;
    if received.is_err() {
        let _ = tokio::fs::remove_file(&path).await;
    }
    received
}

async fn receive_into(mut file: File, mut body: Body, most: u64) -> Result<u64, ApiError> {
    let mut bytes = 0;
    loop {
        let frame = tokio::time::timeout(BODY_PAUSE_MAX, body.frame()).await;
        let frame = frame.map_err(|_| {
            ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "The body paused too long: send it without pauses.",
            )
        })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| {
            ApiError::bad_request("body_incomplete", "The body broke off: send all of it.")
        })?;
        let chunk = frame.into_data().unwrap_or_default();
        bytes += chunk.len() as u64;
        if bytes > most {
            return Err(too_large(most));
        }
        file.write_all(&chunk).await.map_err(ApiError::internal)?;
    }
    file.sync_all().await.map_err(ApiError::internal)?;
    Ok(bytes)
}
