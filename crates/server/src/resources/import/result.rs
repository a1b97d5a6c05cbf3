//! What became of each row of an import, as a table.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Page, Query, Sort};

use super::document::{Import, ImportBatch, ImportedRow};
use super::operations::{parse_id, unknown};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::session::columns;

/// Batches that are read at once.
const BATCHES_PER_PAGE: u32 = 10;

/// Get the result of an import
///
/// A table (CSV) with a line for each row so far: `line`, `outcome` (`created`, `updated`, `unchanged`, `failed`, and after an undo `undone` or `kept`),
/// `session` and `error`. Of an import that was refused, the first 1,000 rows that are wrong. Kept for 90 days.
#[utoipa::path(
    get, path = "/v3/imports/{importId}/result", operation_id = "GetImportResult", tag = "Import",
    params(
        ("importId" = String, Path, description = "The id of the import: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The table", content((String = "text/csv"))), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn result(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(import_id): Path<String>,
) -> Result<Response, ApiError> {
    let id = parse_id(&import_id)?;
    let find = app.store.lookup(member.project, move |snapshot| {
        snapshot.get::<Import>(id)?.ok_or_else(|| unknown(id))
    });
    find.await?;
    let source = Source {
        app,
        project: member.project,
        query: Some(batches(id)),
    };
    let head = Ok(Bytes::from_static(b"line,outcome,session,error\r\n"));
    let rows = stream::unfold(source, async |mut source| {
        let part = source.next().await?;
        Some((part, source))
    });
    let whole = futures_util::StreamExt::chain(stream::iter([head]), rows);
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"import-{id}.csv\""),
        ),
    ];
    Ok((headers, Body::from_stream(whole)).into_response())
}

fn batches(import: ObjectId) -> Query {
    Query {
        filter: Filter::Eq(FieldPath::known("import"), Scalar::Id(import)),
        sort: vec![Sort {
            path: "first".into(),
            descending: false,
        }],
        limit: BATCHES_PER_PAGE,
        ..Query::default()
    }
}

struct Source {
    app: SharedApp,
    project: ObjectId,
    /// The next page, unless there is none.
    query: Option<Query>,
}

impl Source {
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        let mut query = self.query.take()?;
        let asked = query.clone();
        let read = self.app.store.read(self.project, move |snapshot| {
            Ok::<_, ApiError>(snapshot.page::<ImportBatch>(&asked)?)
        });
        let text = match read.await {
            Ok(page) => {
                let text = lines(&page);
                if page.next.is_some() {
                    query.after = page.next;
                    self.query = Some(query);
                }
                text
            }
            Err(error) => Err(error),
        };
        Some(text)
    }
}

fn lines(page: &Page) -> Result<Bytes, ApiError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for batch in &page.rows {
        for row in batch.parse::<ImportBatch>()?.rows {
            writer
                .write_record(record(&row))
                .map_err(ApiError::internal)?;
        }
    }
    Ok(writer.into_inner().map_err(ApiError::internal)?.into())
}

fn record(row: &ImportedRow) -> [String; 4] {
    [
        row.line.to_string(),
        row.outcome.name().to_owned(),
        row.session.map_or_else(String::new, |id| id.to_string()),
        columns::harmless(row.error.clone().unwrap_or_default()),
    ]
}
