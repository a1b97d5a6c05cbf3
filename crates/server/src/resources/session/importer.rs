//! Importing a small number of sessions at once: one call, one unit of work. Large files are `/v3/imports`.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, header};
use serde_json::json;
use store::Tx;

use super::credential::NewCredential;
use super::history::Origin;
use super::import::{Line, Outcome, Rules, read, write};
use super::schema::SessionInput;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::{check, read_body};
use crate::http::limits::BodyLimit;
use crate::http::list_query::own_parameters;
use crate::http::responses::ErrorResponses;
use crate::resources::import::create::flag;
use crate::resources::import::source::{Format, Mapping, Rows, Unreadable};
use crate::resources::project::audit_log::document::Action;

/// Bytes of a body.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Rows of a body: they are written in one unit of work, and others wait for it.
pub const ROWS_MAX: usize = 10_000;

/// Import sessions
///
/// Each row is a session as `GET /v3/sessions/{sessionId}` shows it, with a `userId`, a `gleapId`, an email address or a phone number; a session
/// that is there is changed, otherwise one is made. The body is a JSON array, `{"sessions":[…]}`, NDJSON or CSV with the names of fields
/// in its first line; at most 16 MiB and 10,000 rows. For more there is `POST /v3/imports`.
///
/// The answer has a text for each row, such as `line 2: created 6650f0c2a1b2c3d4e5f60718` (`updated`, `unchanged`; `failed` and why). When a row is
/// wrong nothing is imported, unless `partial=true` leaves it out.
#[utoipa::path(
    post, path = "/v3/sessions/importer", operation_id = "ImportSession", tag = "Session",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("dryRun" = Option<bool>, Query, description = "Whether only to tell what would be done"),
        ("partial" = Option<bool>, Query, description = "Whether rows that are wrong are left out"),
    ),
    request_body(content((Vec<SessionInput> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"), (String = "application/octet-stream")), description = "The sessions"),
    responses((status = 200, description = "A text for each row", body = Vec<String>), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn import(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    RawQuery(raw): RawQuery,
    mut request: Request,
) -> Result<Json<Vec<String>>, ApiError> {
    let own = own_parameters(raw.as_deref().unwrap_or_default(), &["dryRun", "partial"])?;
    let own = |name: &str| flag(name, own.get(name).map(String::as_str));
    let (dry_run, partial) = (own("dryRun")?, own("partial")?);
    let format = format(request.headers())?;
    request.extensions_mut().insert(BodyLimit(BODY_BYTES_MAX));
    let body = read_body(request).await?;
    let reader = app.clone();
    let rows = tokio::task::spawn_blocking(move || rows(&reader, body, format));
    let rows = rows.await.map_err(ApiError::internal)??;
    let origin = Origin::of_import(Some("/v3/sessions/importer".into()), Some(member.user));
    let auditor = member.auditor();
    let unit = move |tx: &mut Tx<'_>| {
        let (texts, Written { created, updated }) =
            write_all(tx, &rows, &origin, dry_run, partial)?;
        if created + updated > 0 {
            let details = json!({ "created": created, "updated": updated });
            auditor.note(tx, Action::ImportCreated, None, details)?;
        }
        Ok(texts)
    };
    match app.store.write(member.project, unit).await {
        Ok(texts) | Err(Rollback::DryRun(texts)) => Ok(Json(texts)),
        Err(Rollback::Refused(error)) => Err(error),
    }
}

/// What the body says it is; `None`: it begins in a way that tells.
fn format(headers: &HeaderMap) -> Result<Option<Format>, ApiError> {
    let media = headers
        .get(header::CONTENT_TYPE)
        .map(|media| media.to_str().unwrap_or_default());
    match media {
        None | Some("" | "application/octet-stream") => Ok(None),
        Some(media) => Format::named(media).map(Some).ok_or_else(|| {
            ApiError::unsupported_media(
                "Send application/json, application/x-ndjson, text/csv, or application/octet-stream for any of these.",
            )
        }),
    }
}

type ReadRow = Result<Line, (u64, String)>;

fn rows(app: &SharedApp, body: Bytes, format: Option<Format>) -> Result<Vec<ReadRow>, ApiError> {
    if format == Some(Format::Json) {
        check_json(&body)?;
    }
    let unreadable = |error: Unreadable| {
        ApiError::unprocessable("import_unreadable", vec![format!("the body: {error}")])
    };
    let mut source =
        Rows::open(Box::new(Cursor::new(body)), format, &Mapping::default()).map_err(unreadable)?;
    let rules = Rules {
        limits: app.attribute_limits(),
        now: app.now(),
    };
    let mut rows = Vec::new();
    while let Some(row) = source.next_row().map_err(unreadable)? {
        if rows.len() == ROWS_MAX {
            return Err(ApiError::too_large(
                "too_many_rows",
                format!("There are more than {ROWS_MAX} rows: send them to POST /v3/imports."),
            ));
        }
        let line = row
            .json
            .and_then(|json| read(row.line, &json, &NewCredential::new(&app.random), rules));
        rows.push(line.map_err(|fault| (row.line, fault)));
    }
    Ok(rows)
}

/// A body that says it is JSON and is not gets the answer that all operations give.
fn check_json(body: &[u8]) -> Result<(), ApiError> {
    check(body)?;
    match body.trim_ascii_start().first() {
        Some(b'[' | b'{') => Ok(()),
        _ => Err(ApiError::unprocessable(
            "invalid_field",
            vec!["the body: expected an array of sessions, or {\"sessions\":[…]}".into()],
        )),
    }
}

/// Why nothing was written.
enum Rollback {
    DryRun(Vec<String>),
    Refused(ApiError),
}

impl From<store::Error> for Rollback {
    fn from(error: store::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// How many sessions were written.
#[derive(Default)]
struct Written {
    created: u64,
    updated: u64,
}

/// Writes all rows; returns a text for each.
fn write_all(
    tx: &mut Tx<'_>,
    rows: &[ReadRow],
    origin: &Origin,
    dry_run: bool,
    partial: bool,
) -> Result<(Vec<String>, Written), Rollback> {
    let (mut texts, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut sum = Written::default();
    for row in rows {
        let (line, outcome) = match row {
            Ok(line) => (line.number, write_row(tx, line, origin, &mut sum)?),
            Err((line, fault)) => (*line, Err(fault.clone())),
        };
        match outcome {
            Ok(said) => texts.push(format!("line {line}: {said}")),
            Err(fault) => {
                faults.push(format!("line {line}: {fault}"));
                texts.push(format!("line {line}: failed: {fault}"));
            }
        }
    }
    if !faults.is_empty() && !partial {
        let error = ApiError::unprocessable("import_refused", faults);
        return Err(Rollback::Refused(error));
    }
    if dry_run {
        return Err(Rollback::DryRun(texts));
    }
    Ok((texts, sum))
}

fn write_row(
    tx: &mut Tx<'_>,
    line: &Line,
    origin: &Origin,
    sum: &mut Written,
) -> store::Result<Result<String, String>> {
    let written = match write(tx, line, origin)? {
        Ok(written) => written,
        Err(fault) => return Ok(Err(fault)),
    };
    let id = written.row.id;
    Ok(Ok(match written.outcome {
        Outcome::Created => {
            sum.created += 1;
            format!("created {id}")
        }
        Outcome::Updated => {
            sum.updated += 1;
            format!("updated {id}")
        }
        Outcome::Unchanged => format!("unchanged {id}"),
    }))
}
