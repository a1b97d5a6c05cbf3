//! Merging, looking at merges, and undoing them, over REST.

use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Millis, ObjectId, RawRow, Tx};
use utoipa::ToSchema;

use super::super::blocked;
use super::super::document::Session;
use super::super::history::Origin;
use super::super::list::{next_link, to_query};
use super::super::lookup::find_for_update;
use super::super::lookup::{find_id, not_found, parse_id};
use super::super::write::origin;
use super::document::{Merge, Moved, Undone};
use super::plan::{MergePlan, Refused};
use super::undo::{UndoRefusal, undo as undo_merge};
use super::{MergeRefusal, merge as merge_sessions};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, SessionsWrite};
use crate::http::Json;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;
use crate::identity;
use crate::live::{self, Activity};

const DAY_MS: i64 = 86_400_000;

/// Which session goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MergeInput {
    /// The id of the session that is merged into the one of the path.
    pub with: String,
    /// `true`: only tell what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// The record of a merge.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MergeBody {
    /// The id of the record.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The session that lives on.
    #[schema(value_type = String)]
    pub session: ObjectId,
    /// The id of the session that is gone; it finds the other until the merge is undone.
    #[schema(value_type = String)]
    pub merged: ObjectId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Millis,
    /// Who asked for it.
    pub by: Origin,
    /// What moved.
    pub moved: Moved,
    /// Until when the merge can be undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undoable_until: Option<Millis>,
    /// Set once the merge was undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
    /// What the session was that is gone, without its credential. Only where one merge is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Box<RawValue>>,
}

/// Why a unit of work left nothing behind.
enum Stop {
    DryRun(Box<MergePlan>),
    Failed(ApiError),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// Merge another session into this one
///
/// Events, tickets, files, identity history, earlier merges, and the attributes that this session lacks, become this session's; id and credential of
/// the other find this one. Two sessions with user ids are never merged. With `dryRun` the answer is the same, or says in `refused` why
/// it would not be done, and nothing is changed. `POST /v3/merges/{mergeId}/undo` takes the merge back.
#[utoipa::path(
    post, path = "/v3/sessions/{sessionId}/merge", operation_id = "MergeSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session that lives on: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = MergeInput,
    responses(
        (status = 200, description = "What was done, or would be", body = MergePlan),
        (status = 409, description = "They must not be merged: `merge_itself`, `merge_two_users`, `merge_already` or `blocked_value`", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn merge(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(session_id): Path<String>,
    Json(input): Json<MergeInput>,
) -> Result<Json<MergePlan>, ApiError> {
    let (id, with) = (parse_id(&session_id)?, parse_with(&input.with)?);
    let origin = origin(&member, "POST", "/v3/sessions/{sessionId}/merge");
    let names_max = app.config.limits.event_names_max;
    let unit = move |tx: &mut Tx<'_>| {
        let mut plan = merge_unit(tx, (id, with), &origin, names_max, input.dry_run)?;
        if input.dry_run {
            // What was done is rolled back: the plan cannot differ from the deed.
            (plan.dry_run, plan.merge_id) = (true, None);
            return Err(Stop::DryRun(Box::new(plan)));
        }
        Ok(plan)
    };
    match app.store.write(member.project, unit).await {
        Err(Stop::DryRun(plan)) => Ok(Json(*plan)),
        Err(Stop::Failed(error)) => Err(error),
        Ok(plan) => {
            app.live.merged(member.project, plan.with, plan.session);
            report(&app, &member, plan.session, "merged");
            Ok(Json(plan))
        }
    }
}

fn parse_with(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        let fault = "with: must be the id of a session, 24 hexadecimal characters";
        ApiError::unprocessable("invalid_field", vec![fault.into()])
    })
}

/// A dry run that is refused has a plan too, which says why.
fn merge_unit(
    tx: &mut Tx<'_>,
    (id, with): (ObjectId, ObjectId),
    origin: &Origin,
    names_max: usize,
    dry_run: bool,
) -> Result<MergePlan, ApiError> {
    let survivor = find_for_update(tx, id)?;
    let shared = match tx.get::<Session>(with)? {
        Some(other) if other.id != survivor.id => blocked::shared(tx, &survivor.doc, &other.doc)?,
        _ => Vec::new(),
    };
    let survivor = survivor.id;
    let into = tx.owner(identity::MERGED_ID, &with.to_string())?;
    let refused = match into {
        Some(into) => already(with, into),
        None if !shared.is_empty() => blocked_value(&shared),
        None => match merge_sessions(tx, survivor, with, origin, names_max) {
            Ok(merged) => return MergePlan::of(&merged, with).map_err(ApiError::internal),
            Err(MergeRefusal::Store(error)) => return Err(error.into()),
            Err(MergeRefusal::Unknown(id)) => return Err(not_found("id", &id.to_string())),
            Err(MergeRefusal::TwoUsers) => refusal(
                "merge_two_users",
                "Both sessions have a userId: two users are never made one. If they are one person, remove the userId of one of them first.",
            ),
            Err(MergeRefusal::Itself) => refusal(
                "merge_itself",
                "A session cannot be merged with itself: `with` names the session of the path.",
            ),
        },
    };
    if dry_run {
        return Ok(MergePlan::refused(survivor, with, refused));
    }
    Err(ApiError::conflict(refused.code, refused.message))
}

fn refusal(code: &'static str, message: &str) -> Refused {
    Refused {
        code,
        message: message.to_owned(),
    }
}

fn blocked_value(fields: &[&str]) -> Refused {
    let message = format!(
        "Both sessions have the same {}, which is on the list of values that identify nobody: that does not make them one. Take it from one of them first.",
        fields.join(" and ")
    );
    Refused {
        code: "blocked_value",
        message,
    }
}

fn already(with: ObjectId, into: ObjectId) -> Refused {
    let message = format!(
        "The session {with} was merged already, and lives on in {into}: name that one, or undo its merge first."
    );
    Refused {
        code: "merge_already",
        message,
    }
}

/// List the merges into a session
///
/// Newest first, those that were undone included; those by identifying too. `limit` (100, at most 1,000), `skip`, and the header
/// `Link: <…>; rel="next"` as in the list of sessions.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/merges", operation_id = "GetSessionMerges", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first; the `Link` header is cheaper"),
        ("cursor" = Option<String>, Query, description = "From the `Link` header of the page before"),
    ),
    responses((status = 200, description = "The merges", body = Vec<MergeBody>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let id = parse_id(&session_id)?;
    let raw = raw.unwrap_or_default();
    let mut query = to_query(ListQuery::parse(&raw, &[])?)?;
    let days = app.config.session.merge_undo_days;
    let read = app.store.read(member.project, move |snapshot| {
        let id = find_id(snapshot, id)?;
        let own = Filter::Eq(FieldPath::known("survivor"), Scalar::Id(id));
        query.filter = Filter::And(vec![own, query.filter]);
        Ok::<_, ApiError>(snapshot.page::<Merge>(&query)?)
    });
    let page = read.await?;
    let merges = page.rows.iter().map(|row| {
        let shown = MergeBody::of(row, days)?;
        let before = None;
        Ok::<_, ApiError>(MergeBody { before, ..shown })
    });
    let mut response = Json(merges.collect::<Result<Vec<_>, _>>()?).into_response();
    if let Some(next) = page.next {
        let path = format!("/v3/sessions/{session_id}/merges");
        let link = next_link(&path, &raw, &next)?;
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Get a merge
///
/// With what the session was that is gone.
#[utoipa::path(
    get, path = "/v3/merges/{mergeId}", operation_id = "GetMerge", tag = "Session",
    params(
        ("mergeId" = String, Path, description = "The id of the merge: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The merge", body = MergeBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn get(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(merge_id): Path<String>,
) -> Result<Json<MergeBody>, ApiError> {
    let id = parse_merge_id(&merge_id)?;
    let read = app.store.read(member.project, move |snapshot| {
        let row = snapshot.raw::<Merge>(id)?;
        row.ok_or_else(|| unknown(id))
    });
    MergeBody::of(&read.await?, app.config.session.merge_undo_days).map(Json)
}

/// Undo a merge
///
/// The session that was gone is back with its id, credential, identity keys, attributes, events, tickets, files and history; the other loses what it
/// had from the merge alone. What was changed or happened since stays with the session that lived on. Sockets of both are closed: clients connect
/// again, each to its own. Merges into one session are undone in reverse order, within `session.merge_undo_days`.
#[utoipa::path(
    post, path = "/v3/merges/{mergeId}/undo", operation_id = "UndoMerge", tag = "Session",
    params(
        ("mergeId" = String, Path, description = "The id of the merge: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses(
        (status = 200, description = "The merge, undone", body = MergeBody),
        (status = 409, description = "It cannot be undone: `merge_undone`, `merge_not_last`, `merge_too_old`, `merge_id_taken`, or a key is another session's", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn undo(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path(merge_id): Path<String>,
) -> Result<Json<MergeBody>, ApiError> {
    let id = parse_merge_id(&merge_id)?;
    let days = app.config.session.merge_undo_days;
    let origin = origin(&member, "POST", "/v3/merges/{mergeId}/undo");
    let unit = move |tx: &mut Tx<'_>| {
        let oldest = Millis(tx.now().0 - i64::from(days) * DAY_MS);
        undo_merge(tx, id, &origin, oldest)
    };
    let row = app.store.write(member.project, unit).await;
    let row = row.map_err(undo_error)?;
    // Nobody knows which of the sockets belong to whom.
    app.live.erased(member.project, row.doc.survivor);
    Ok(Json(MergeBody::show(row.id, row.doc, days)?))
}

fn undo_error(refusal: UndoRefusal) -> ApiError {
    let message = format!("{refusal}.");
    let code = match refusal {
        UndoRefusal::Store(error) => return error.into(),
        UndoRefusal::Unknown(id) => return unknown(id),
        UndoRefusal::Undone(_) => "merge_undone",
        UndoRefusal::NotLast(_) => "merge_not_last",
        UndoRefusal::TooOld => "merge_too_old",
        UndoRefusal::IdTaken(_) => "merge_id_taken",
    };
    ApiError::conflict(code, message)
}

fn unknown(id: ObjectId) -> ApiError {
    let message = format!("This project has no merge with id {id}.");
    ApiError::not_found("merge_not_found", message)
}

fn parse_merge_id(text: &str) -> Result<ObjectId, ApiError> {
    text.parse().map_err(|_| {
        let message = "The merge id in the path must be 24 hexadecimal characters.";
        ApiError::bad_request("invalid_id", message)
    })
}

impl MergeBody {
    fn of(row: &RawRow, undo_days: u32) -> Result<Self, ApiError> {
        Self::show(row.id, row.parse()?, undo_days)
    }

    fn show(id: ObjectId, merge: Merge, undo_days: u32) -> Result<Self, ApiError> {
        let until = Millis(merge.at.0 + i64::from(undo_days) * DAY_MS);
        let before = merge.before.as_deref().map(without_credential);
        Ok(Self {
            id,
            session: merge.survivor,
            merged: merge.merged,
            at: merge.at,
            by: merge.by,
            moved: merge.moved,
            undoable_until: merge.undo.is_some().then_some(until),
            undone: merge.undone,
            before: before.transpose().map_err(ApiError::internal)?,
        })
    }
}

/// The credential still opens the other session.
pub fn without_credential(session: &RawValue) -> serde_json::Result<Box<RawValue>> {
    let mut members: IndexMap<String, Box<RawValue>> = serde_json::from_str(session.get())?;
    members.retain(|name, _| !matches!(name.as_str(), "gleapId" | "gleapHash"));
    to_raw_value(&members)
}

fn report(app: &SharedApp, member: &Member<SessionsWrite>, session: ObjectId, kind: &'static str) {
    let activity = Activity {
        kind: kind.into(),
        date: app.now(),
        data: None,
    };
    live::report(app, member.project, session, activity);
}
