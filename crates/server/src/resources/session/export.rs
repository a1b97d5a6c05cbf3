//! All sessions of a project, or those that a filter names, as a stream: page by page, so that neither memory nor the log of the
//! database grows with their number.

mod table;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use store::filter::{self, Filter};
use store::{ObjectId, Page, Query, RawRow, Tx};

use self::table::Table;
use super::addresses;
use super::document::Session;
use super::render::wire;
use super::schema::SessionBody;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::project::audit_log::document::Action;

/// Sessions that are read at once.
const ROWS_PER_PAGE: u32 = 500;

/// Parameters that an export has of its own.
const OWN: [&str; 3] = ["format", "columns", "bom"];
/// Parameters of lists that say which part: an export is the whole.
const PARTS: [&str; 4] = ["limit", "skip", "cursor", "withCount"];

/// Export sessions
///
/// All sessions, or those that the filters of `GET /v3/sessions` name, oldest first unless `sort` says otherwise. Streamed: each page is as of
/// the moment it is read, so sessions that are made or changed meanwhile may be in it or not. An answer that cannot be finished breaks off,
/// it never ends as if it were whole.
///
/// `format=json` is an array, `ndjson` one session a line, `csv` a table (RFC 4180) whose first line names the columns: the standard fields but
/// `gleapHash`, then `customData.<name>` for each custom attribute that one of the sessions has. Cells that a spreadsheet would take
/// for a formula have a `'` in front. `POST /v3/imports` reads all three back.
#[utoipa::path(
    get, path = "/v3/sessions/export", operation_id = "ExportSessions", tag = "Session",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("format" = Option<String>, Query, description = "`json`, `ndjson` or `csv`; otherwise the first of these that `Accept` names, otherwise `json`"),
        ("columns" = Option<String>, Query, description = "The columns of a table, separated by commas, such as `userId,email,customData.seats`; saves the look for custom attributes"),
        ("bom" = Option<bool>, Query, description = "Whether a table begins with a byte order mark, by which Excel knows UTF-8"),
        ("sort" = Option<String>, Query, description = "As in the list of sessions; orders other than `_id` cost more"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses(
        (status = 200, description = "The sessions", content((Vec<SessionBody> = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn export(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let own = own_parameters(&raw, &OWN)?;
    let own = |name: &str| own.get(name).map(String::as_str);
    let format = match own("format") {
        Some(name) => Format::named(name)?,
        None => Format::accepted(&headers),
    };
    let mut source = Source {
        app,
        project: member.project,
        organisation: member.organisation,
        query: query(&raw)?,
    };
    let form = match format {
        Format::Json => Form::Json,
        Format::Lines => Form::Lines,
        Format::Table => {
            let columns = own("columns").filter(|columns| !columns.is_empty());
            let bom = matches!(own("bom"), Some("" | "true"));
            Form::Table(Arc::new(source.table(columns, bom).await?))
        }
    };
    // What is wrong with the query shows with the first page, while the answer still has a status.
    let first = source.page().await?;
    let auditor = member.auditor();
    // Not what was asked for: it may be an address, which would outlive its owner here.
    let details = json!({ "filtered": source.query.filter != Filter::All });
    let note =
        move |tx: &mut Tx<'_>| auditor.note(tx, Action::SessionsExported, None, details.clone());
    source.app.store.write(member.project, note).await?;
    let export = Export {
        source,
        form,
        first: Some(first),
        has_rows: false,
    };
    let body = Body::from_stream(stream::unfold(Some(export), next));
    Ok((format.headers(), body).into_response())
}

/// How the sessions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Lines,
    Table,
}

impl Format {
    fn named(name: &str) -> Result<Self, BadQuery> {
        match name {
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Lines),
            "csv" => Ok(Self::Table),
            _ => Err(BadQuery::new("format", "is one of json, ndjson and csv")),
        }
    }

    fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let media = accepted.unwrap_or_default().split(',').map(|part| {
            let essence = part.split(';').next().unwrap_or_default();
            essence.trim().to_ascii_lowercase()
        });
        let mut known = media.filter_map(|media| match media.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" => Some(Self::Lines),
            "text/csv" => Some(Self::Table),
            _ => None,
        });
        known.next().unwrap_or(Self::Json)
    }

    fn headers(self) -> [(header::HeaderName, HeaderValue); 2] {
        let (media, disposition) = match self {
            Self::Json => ("application/json", "attachment; filename=\"sessions.json\""),
            Self::Lines => (
                "application/x-ndjson",
                "attachment; filename=\"sessions.ndjson\"",
            ),
            Self::Table => (
                "text/csv; charset=utf-8; header=present",
                "attachment; filename=\"sessions.csv\"",
            ),
        };
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(media)),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static(disposition),
            ),
        ]
    }
}

/// The query of the first page.
fn query(raw: &str) -> Result<Query, ApiError> {
    if let Some(name) = own_parameters(raw, &PARTS)?.into_keys().min() {
        let message = "is for lists: an export has all that match. Leave it out";
        return Err(BadQuery::new(name, message).into());
    }
    let asked = ListQuery::parse(raw, &OWN)?;
    let mut query = super::list::to_query(asked)?;
    query.limit = ROWS_PER_PAGE;
    if query.sort.is_empty() {
        query.sort = vec![store::Sort {
            path: "_id".into(),
            descending: false,
        }];
    }
    Ok(query)
}

/// Where the sessions come from. Its query moves on with each page.
struct Source {
    app: SharedApp,
    project: ObjectId,
    organisation: ObjectId,
    query: Query,
}

impl Source {
    /// In the order of ids a page is a run of rows, of which those that do not match are left out here: it never takes long, however few
    /// match. In other orders the database looks for them.
    async fn page(&mut self) -> Result<Page, ApiError> {
        let mut query = self.query.clone();
        let by_id = query.sort.iter().all(|key| key.path == "_id");
        let filter = if by_id {
            std::mem::replace(&mut query.filter, Filter::All)
        } else {
            Filter::All
        };
        let (project, organisation) = (self.project, self.organisation);
        let read = self.app.store.read(project, move |snapshot| {
            query.filter = addresses::widen(snapshot, query.filter)?;
            let filter = addresses::widen(snapshot, filter)?;
            let mut page = snapshot.page::<Session>(&query)?;
            if filter != Filter::All {
                page.rows.retain(|row| {
                    let session = serde_json::from_slice(&wire(row, project, organisation));
                    session.is_ok_and(|session| filter::matches(&filter, &session))
                });
            }
            Ok::<_, store::Error>(page)
        });
        let page = read.await?;
        self.query.after.clone_from(&page.next);
        Ok(page)
    }

    /// The columns that are named, or those that the sessions need.
    async fn table(&mut self, named: Option<&str>, bom: bool) -> Result<Table, ApiError> {
        if let Some(named) = named {
            return Ok(Table::named(named, bom)?);
        }
        let mut table = Table::standard(bom);
        loop {
            let page = self.page().await?;
            table.notice(&page.rows)?;
            if page.next.is_none() {
                self.query.after = None;
                return Ok(table.with_noticed());
            }
        }
    }

    fn wire(&self, row: &RawRow) -> Vec<u8> {
        wire(row, self.project, self.organisation)
    }
}

/// What the answer looks like.
enum Form {
    Json,
    Lines,
    Table(Arc<Table>),
}

impl Form {
    fn begin(&self) -> Result<Vec<u8>, ApiError> {
        Ok(match self {
            Self::Json => b"[".to_vec(),
            Self::Lines => Vec::new(),
            Self::Table(table) => table.head()?,
        })
    }

    fn rows(&self, source: &Source, page: &Page, follow_others: bool) -> Result<Vec<u8>, ApiError> {
        let mut text = Vec::new();
        if let Self::Table(table) = self {
            let rows = page.rows.iter().map(|row| source.wire(row));
            return table.rows(rows);
        }
        for (number, row) in page.rows.iter().enumerate() {
            if matches!(self, Self::Json) && (number > 0 || follow_others) {
                text.push(b',');
            }
            text.extend(source.wire(row));
            if matches!(self, Self::Lines) {
                text.push(b'\n');
            }
        }
        Ok(text)
    }

    fn end(&self) -> &'static [u8] {
        if matches!(self, Self::Json) {
            b"]"
        } else {
            b""
        }
    }
}

/// An export on its way.
struct Export {
    source: Source,
    form: Form,
    /// The first page, until it is sent.
    first: Option<Page>,
    has_rows: bool,
}

impl Export {
    /// The next part of the answer, and whether it is the last.
    async fn part(&mut self) -> Result<(Vec<u8>, bool), ApiError> {
        let (mut text, page) = match self.first.take() {
            Some(page) => (self.form.begin()?, page),
            None => (Vec::new(), self.source.page().await?),
        };
        text.extend(self.form.rows(&self.source, &page, self.has_rows)?);
        self.has_rows |= !page.rows.is_empty();
        let is_last = page.next.is_none();
        if is_last {
            text.extend(self.form.end());
        }
        Ok((text, is_last))
    }
}

/// The next part of the answer. An error ends the connection.
async fn next(export: Option<Export>) -> Option<(Result<Bytes, ApiError>, Option<Export>)> {
    let mut export = export?;
    match export.part().await {
        Ok((text, is_last)) => Some((Ok(text.into()), (!is_last).then_some(export))),
        Err(error) => {
            tracing::warn!(%error, "an export was broken off");
            Some((Err(error), None))
        }
    }
}
