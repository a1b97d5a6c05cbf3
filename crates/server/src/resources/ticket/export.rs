//! All tickets of a project, or those that a filter names, as a stream: page by page, so that memory does not grow with their number.

mod table;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use store::filter::{self, FieldPath, Filter, Scalar};
use store::{Cursor, ObjectId, Query, Sort};
use utoipa::ToSchema;

use self::table::Table;
use super::document::Ticket;
use super::list::by_urgency;
use super::render::{Renderer, Viewer};
use super::schema::TicketBody;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::session::list::to_query;

/// Tickets that are read at once.
const TICKETS_PER_PAGE: u32 = 500;
/// The newest tickets of a type, whose fields are looked at for columns.
pub const TICKETS_LOOKED_AT_MAX: u32 = 1_000;
/// Parameters of lists that say which part: an export is the whole.
const PARTS: [&str; 4] = ["limit", "skip", "cursor", "withCount"];

/// Export tickets
///
/// All tickets, or those that the filters of `GET /v3/tickets` name, as one array, the oldest first. Streamed: each page is as of the moment it is read.
/// An answer that cannot be finished breaks off, it never ends as if it were whole.
#[utoipa::path(
    get, path = "/v3/tickets/export", operation_id = "ExportTickets", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The tickets", body = Vec<TicketBody>), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn json(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let source = Source::open(&app, &member, &raw.unwrap_or_default(), &[]).await?;
    source.answer(Form::Json).await
}

/// Export tickets as a table
///
/// The same as CSV (RFC 4180), whose first line names the columns: those of `GET /v3/tickets/export-fields`, unless `columns` names others. Cells that a
/// spreadsheet would take for a formula have a `'` in front.
#[utoipa::path(
    get, path = "/v3/tickets/csv-export", operation_id = "ExportTicketsAsCSV", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("columns" = Option<String>, Query, description = "The columns, separated by commas, such as `bugId,title,session.email,formData.description`"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv"), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn csv(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let own = own_parameters(&raw, &["columns"])?;
    let source = Source::open(&app, &member, &raw, &["columns"]).await?;
    let table = match own.get("columns").filter(|columns| !columns.is_empty()) {
        Some(columns) => Table::named(columns)?,
        None => Table::standard(fields_in_use(&app, &member, None).await?),
    };
    source.answer(Form::Table(Arc::new(table))).await
}

/// A column of a table of tickets.
#[derive(Serialize, ToSchema)]
pub struct ExportField {
    /// Its name, as `columns` of an export takes it.
    field: String,
    /// What it is called.
    label: String,
}

/// List the columns of an export
///
/// The standard fields, then what the 1,000 newest tickets, or those of a type, have under `formData`, `attributes` and `customData`.
#[utoipa::path(
    get, path = "/v3/tickets/export-fields", operation_id = "GetTicketExportFields", tag = "Ticket",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("type" = Option<String>, Query, description = "The type of the tickets"),
    ),
    responses((status = 200, description = "The columns", body = Vec<ExportField>), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn fields(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Vec<ExportField>>, ApiError> {
    let raw = raw.unwrap_or_default();
    let kind = own_parameters(&raw, &["type"])?.remove("type");
    let table = Table::standard(fields_in_use(&app, &member, kind).await?);
    let field = |field: String| ExportField {
        label: table::label(&field),
        field,
    };
    Ok(Json(table.columns.into_iter().map(field).collect()))
}

async fn fields_in_use(
    app: &SharedApp,
    member: &Member<TicketsRead>,
    kind: Option<String>,
) -> Result<Vec<String>, ApiError> {
    let filter = match kind {
        Some(kind) => Filter::Eq(FieldPath::known("type"), Scalar::Text(kind)),
        None => Filter::All,
    };
    let query = Query {
        filter,
        limit: TICKETS_LOOKED_AT_MAX,
        ..Query::default()
    };
    let read = app.store.read(member.project, move |snapshot| {
        let page = snapshot.page::<Ticket>(&query)?;
        let tickets = page.rows.iter().map(|row| row.parse::<Ticket>());
        Ok::<_, ApiError>(table::fields_of(
            &tickets.collect::<store::Result<Vec<_>>>()?,
        ))
    });
    read.await
}

enum Form {
    Json,
    Table(Arc<Table>),
}

impl Form {
    fn begin(&self) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Json => Ok(b"[".to_vec()),
            Self::Table(table) => table.head(),
        }
    }

    fn rows(&self, tickets: &[Vec<u8>], follow_others: bool) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Table(table) => table.rows(tickets),
            Self::Json if tickets.is_empty() => Ok(Vec::new()),
            Self::Json => {
                let comma: &[u8] = if follow_others { b"," } else { b"" };
                Ok([comma, &tickets.join(&b","[..])].concat())
            }
        }
    }

    fn end(&self) -> &'static [u8] {
        match self {
            Self::Json => b"]",
            Self::Table(_) => b"",
        }
    }

    fn headers(&self) -> [(header::HeaderName, &'static str); 2] {
        let (media, disposition) = match self {
            Self::Json => ("application/json", "attachment; filename=\"tickets.json\""),
            Self::Table(_) => (
                "text/csv; charset=utf-8; header=present",
                "attachment; filename=\"tickets.csv\"",
            ),
        };
        [
            (header::CONTENT_TYPE, media),
            (header::CONTENT_DISPOSITION, disposition),
        ]
    }
}

/// Where the tickets come from. Its query moves on with each page.
struct Source {
    app: SharedApp,
    project: ObjectId,
    viewer: Viewer,
    query: Query,
}

type Tickets = (Vec<Vec<u8>>, Option<Cursor>);

impl Source {
    async fn open(
        app: &SharedApp,
        member: &Member<TicketsRead>,
        raw: &str,
        own: &[&str],
    ) -> Result<Self, ApiError> {
        if let Some(name) = own_parameters(raw, &PARTS)?.into_keys().min() {
            return Err(BadQuery::new(
                name,
                "is for lists: an export has all that match. Leave it out",
            )
            .into());
        }
        let mut query = to_query(by_urgency(ListQuery::parse(raw, own)?))?;
        query.limit = TICKETS_PER_PAGE;
        if query.sort.is_empty() {
            query.sort = vec![Sort {
                path: "_id".into(),
                descending: false,
            }];
        }
        Ok(Self {
            app: SharedApp::clone(app),
            project: member.project,
            viewer: Viewer::of(app, member).await?,
            query,
        })
    }

    /// In the order of ids a page is a run of rows, of which those that do not match are left out here: it never takes long, however few
    /// match. In other orders the database looks for them.
    async fn page(&mut self) -> Result<Tickets, ApiError> {
        let (mut query, viewer) = (self.query.clone(), self.viewer.clone());
        let by_id = query.sort.iter().all(|key| key.path == "_id");
        let filter = if by_id {
            std::mem::replace(&mut query.filter, Filter::All)
        } else {
            Filter::All
        };
        let read = self.app.store.read(self.project, move |snapshot| {
            let page = snapshot.page::<Ticket>(&query)?;
            let mut renderer = Renderer::new(snapshot, viewer);
            let mut tickets = Vec::new();
            for row in &page.rows {
                if filter == Filter::All || filter::matches(&filter, &renderer.filtered(row)?) {
                    tickets.push(renderer.ticket(row)?);
                }
            }
            Ok::<_, ApiError>((tickets, page.next))
        });
        let page = read.await?;
        self.query.after.clone_from(&page.1);
        Ok(page)
    }

    /// What is wrong with the query shows with the first page, while the answer still has a status.
    async fn answer(mut self, form: Form) -> Result<Response, ApiError> {
        let first = self.page().await?;
        let headers = form.headers();
        let export = Export {
            source: self,
            form,
            first: Some(first),
            has_rows: false,
        };
        let body = Body::from_stream(stream::unfold(Some(export), next));
        Ok((headers, body).into_response())
    }
}

/// An export on its way.
struct Export {
    source: Source,
    form: Form,
    /// The first page, until it is sent.
    first: Option<Tickets>,
    has_rows: bool,
}

impl Export {
    /// The next part of the answer, and whether it is the last.
    async fn part(&mut self) -> Result<(Vec<u8>, bool), ApiError> {
        let (mut text, (tickets, next)) = match self.first.take() {
            Some(page) => (self.form.begin()?, page),
            None => (Vec::new(), self.source.page().await?),
        };
        text.extend(self.form.rows(&tickets, self.has_rows)?);
        self.has_rows |= !tickets.is_empty();
        if next.is_none() {
            text.extend(self.form.end());
        }
        Ok((text, next.is_none()))
    }
}

/// The next part of the answer. An error ends the connection.
async fn next(export: Option<Export>) -> Option<(Result<Bytes, ApiError>, Option<Export>)> {
    let mut export = export?;
    match export.part().await {
        Ok((text, is_last)) => Some((Ok(text.into()), (!is_last).then_some(export))),
        Err(error) => {
            tracing::warn!(%error, "an export of tickets was broken off");
            Some((Err(error), None))
        }
    }
}
