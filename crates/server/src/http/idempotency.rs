//! `Idempotency-Key`: a POST that is sent again is not done again (decisions, Writes).
//!
//! The first request with a key is noted before it runs, and its answer is kept for a day. The same request again gets that answer;
//! another request under the same key is refused. Only successes are kept: what failed may be tried again. A request that a crash
//! cut off may be tried again after a minute, and what it did before the crash is then not known here.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::filter::{FieldPath, Filter, RangeOp, Scalar};
use store::{Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Value};
use tower::{Layer, Service};

use super::error::ApiError;
use super::json::read_body;
use super::limits::BodyLimit;
use crate::accounts::project;
use crate::app::{App, SharedApp};
use crate::auth::{Credentials, presented_token};

/// The header that carries the key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Tells that an answer is that of an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Characters of a key.
pub const KEY_CHARS_MAX: usize = 255;
/// How long an answer is kept.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// A request that has run for so long without an answer was cut off.
pub const RUNNING_MS_MAX: i64 = 60_000;
/// Bytes of a body that may come with a key: it is read before the route, which may take less.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Keys that are forgotten in one unit of work.
const KEYS_PER_STEP: u32 = 500;
/// Bytes of an answer that is kept; a larger one is given, but not kept.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A key that was used, and what was answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsedKey {
    /// SHA-256 of method, address and body, in hex.
    fingerprint: String,
    /// When the request came.
    at: Millis,
    /// The answer; absent while the request runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Kept>,
    /// The session that the answer shows or names: when that is erased, the answer goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<ObjectId>,
}

/// An answer that is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The table of used keys. The id of a row is made of caller and key.
pub static USED_KEYS: Collection = Collection {
    table: "used_key",
    columns: &[
        Column {
            name: "at",
            path: "at",
            kind: ColumnKind::Instant,
        },
        Column {
            name: "session",
            path: "session",
            kind: ColumnKind::Id,
        },
    ],
    indexes: &[
        Index {
            name: "used_key_by_time",
            columns: &["at"],
            not_null: None,
        },
        Index {
            name: "used_key_by_session",
            columns: &["session"],
            not_null: Some("session"),
        },
    ],
    cluster: &[],
    references: &[],
};

impl Document for UsedKey {
    const COLLECTION: &'static Collection = &USED_KEYS;

    fn promoted(&self) -> Vec<Value> {
        vec![self.at.into(), self.session.into()]
    }
}

/// The middleware. It costs requests without the header nothing but a look.
#[derive(Clone)]
pub struct Idempotency(pub SharedApp);

impl<S> Layer<S> for Idempotency {
    type Service = Idempotent<S>;

    fn layer(&self, inner: S) -> Idempotent<S> {
        Idempotent {
            inner,
            app: self.0.clone(),
        }
    }
}

/// A service inside [`Idempotency`].
#[derive(Clone)]
pub struct Idempotent<S> {
    inner: S,
    app: SharedApp,
}

type Boxed = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> Service<Request> for Idempotent<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Boxed>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if !concerns(&request) {
            return Either::Left(self.inner.call(request));
        }
        let (app, inner) = (self.app.clone(), self.inner.clone());
        Either::Right(Box::pin(async move {
            // On a task of its own: a client that goes away must find the answer when it comes back.
            let work = tokio::spawn(async move { once(&app, inner, request).await });
            let answer = work
                .await
                .unwrap_or_else(|gone| Err(ApiError::internal(gone)));
            Ok(answer.unwrap_or_else(IntoResponse::into_response))
        }))
    }
}

fn concerns(request: &Request) -> bool {
    let path = request.uri().path();
    request.method() == Method::POST
        && request.headers().contains_key(IDEMPOTENCY_KEY)
        && (path.starts_with("/v3/") || path.starts_with("/admin/"))
}

async fn once<S>(app: &SharedApp, mut inner: S, request: Request) -> Result<Response, ApiError>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let Some((project, caller)) = caller(app, request.headers()).await else {
        let Ok(refusal) = inner.call(request).await;
        return Ok(refusal);
    };
    let row = (project, row_id(&caller, key(request.headers())?));
    let (parts, body) = request.into_parts();
    let mut whole = Request::new(body);
    whole.extensions_mut().insert(BodyLimit(BODY_BYTES_MAX));
    let body = read_body(whole).await?;
    let fingerprint = fingerprint(&parts.method, &parts.uri.to_string(), &body);
    if let Some(kept) = begin(app, row, &fingerprint).await? {
        return Ok(replay(kept));
    }
    let Ok(answer) = inner
        .call(Request::from_parts(parts, Body::from(body)))
        .await;
    finish(app, row, fingerprint, answer).await
}

/// Who calls: the project, and a text that no other caller has. `None` when the credential opens nothing: then the request is
/// refused in any case.
async fn caller(app: &SharedApp, headers: &HeaderMap) -> Option<(ObjectId, String)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(token) = presented_token(headers) {
        let project = text("project")?.trim().parse().ok()?;
        let credential = Credentials::of_bearer(app, token).await.ok()?;
        credential.projects.get(&project)?;
        return Some((project, format!("bearer {}", credential.token)));
    }
    let access = Credentials::of_api_token(app, text("api-token")?)
        .await
        .ok()?;
    Some((access.project, "token".into()))
}

fn key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let given = headers
        .get(IDEMPOTENCY_KEY)
        .and_then(|value| value.to_str().ok());
    given
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.len() <= KEY_CHARS_MAX)
        .ok_or_else(|| {
            ApiError::bad_request(
                "invalid_idempotency_key",
                format!(
                    "The Idempotency-Key must be 1 to {KEY_CHARS_MAX} visible ASCII characters."
                ),
            )
        })
}

fn row_id(caller: &str, key: &str) -> ObjectId {
    let hash = Sha256::new()
        .chain_update(Sha256::digest(caller))
        .chain_update(key)
        .finalize();
    let mut unique = [0; 8];
    unique.copy_from_slice(&hash[4..12]);
    let first = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    ObjectId::from_parts(first, unique)
}

fn fingerprint(method: &Method, uri: &str, body: &Bytes) -> String {
    let hash = Sha256::new()
        .chain_update(format!("{method} {uri}\n"))
        .chain_update(body);
    hex::encode(hash.finalize())
}

/// Notes that a request runs under the key; gives the answer when it ran before.
async fn begin(
    app: &SharedApp,
    (project, id): (ObjectId, ObjectId),
    fingerprint: &str,
) -> Result<Option<Kept>, ApiError> {
    let fingerprint = fingerprint.to_owned();
    let unit = move |tx: &mut store::Tx<'_>| {
        let now = tx.now();
        let new = UsedKey {
            fingerprint: fingerprint.clone(),
            at: now,
            answer: None,
            session: None,
        };
        let Some(mut row) = tx.get_for_update::<UsedKey>(id)? else {
            tx.insert(id, new)?;
            return Ok(None);
        };
        let age = now.0 - row.doc.at.0;
        if age >= KEPT_MS || (row.doc.answer.is_none() && age >= RUNNING_MS_MAX) {
            row.doc = new;
            tx.put(&mut row)?;
            return Ok(None);
        }
        if row.doc.fingerprint != fingerprint {
            return Err(ApiError::unprocessable(
                "idempotency_key_reused",
                vec![
                    "Idempotency-Key: was used for another request; a new request needs a new key"
                        .into(),
                ],
            ));
        }
        row.doc.answer.clone().map(Some).ok_or_else(|| {
            ApiError::conflict(
                "idempotency_in_progress",
                "The first request with this Idempotency-Key still runs. Try again in a moment.",
            )
        })
    };
    app.store.write(project, unit).await
}

/// The session that an answer is about.
fn subject(body: &str) -> Option<ObjectId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Subject {
        session_id: Option<ObjectId>,
        #[serde(rename = "_id")]
        id: Option<ObjectId>,
    }
    let subject: Subject = serde_json::from_str(body).ok()?;
    subject.session_id.or(subject.id)
}

/// Forgets the keys whose day is over, of all projects; returns how many.
///
/// # Errors
/// Those of the store.
pub async fn sweep(app: &App) -> anyhow::Result<u64> {
    let mut forgotten = 0;
    for project in project::ids(app).await? {
        loop {
            let now = app.now();
            let unit = move |tx: &mut store::Tx<'_>| forget_old(tx, now);
            let count = app.store.write(project, unit).await?;
            forgotten += count;
            if count < u64::from(KEYS_PER_STEP) {
                break;
            }
        }
    }
    Ok(forgotten)
}

fn forget_old(tx: &mut store::Tx<'_>, now: Millis) -> store::Result<u64> {
    let old = Query {
        filter: Filter::Range {
            field: FieldPath::known("at"),
            op: RangeOp::Le,
            value: Scalar::Instant(Millis(now.0 - KEPT_MS)),
        },
        limit: KEYS_PER_STEP,
        ..Query::default()
    };
    let rows = tx.page::<UsedKey>(&old)?.rows;
    for row in &rows {
        tx.delete::<UsedKey>(row.id)?;
    }
    Ok(rows.len() as u64)
}

fn replay(kept: Kept) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Keeps a success; forgets the key otherwise.
async fn finish(
    app: &SharedApp,
    (project, id): (ObjectId, ObjectId),
    fingerprint: String,
    answer: Response,
) -> Result<Response, ApiError> {
    let (parts, body) = answer.into_parts();
    let is_kept = parts.status.is_success();
    let body = body.collect().await.map_err(ApiError::internal)?.to_bytes();
    let kept = std::str::from_utf8(&body)
        .ok()
        .filter(|text| is_kept && text.len() <= ANSWER_BYTES_MAX)
        .map(|text| Kept {
            status: parts.status.as_u16(),
            headers: [header::CONTENT_TYPE, header::ETAG, header::LAST_MODIFIED]
                .iter()
                .filter_map(|name| {
                    Some((
                        name.to_string(),
                        parts.headers.get(name)?.to_str().ok()?.to_owned(),
                    ))
                })
                .collect(),
            body: text.to_owned(),
        });
    let unit = move |tx: &mut store::Tx<'_>| {
        let Some(mut row) = tx.get_for_update::<UsedKey>(id)? else {
            return Ok::<_, store::Error>(());
        };
        // A request that took too long may have been taken over by another.
        if row.doc.fingerprint != fingerprint || row.doc.answer.is_some() {
            return Ok(());
        }
        match &kept {
            Some(kept) => {
                row.doc.answer = Some(kept.clone());
                row.doc.session = subject(&kept.body);
                tx.put(&mut row)
            }
            None => tx.delete::<UsedKey>(id).map(drop),
        }
    };
    app.store.write(project, unit).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}
