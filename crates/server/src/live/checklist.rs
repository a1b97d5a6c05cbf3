//! The progress of a session in a checklist.

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use store::{Millis, Tx};
use utoipa::ToSchema;

use super::word::Word;
use super::{frame, harmless};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsWrite};
use crate::http::responses::ErrorResponses;
use crate::http::{ApiError, Json};
use crate::resources::session::document::Session;
use crate::resources::session::lookup::{self, parse_id};

/// Checklists of one session.
const CHECKLISTS_MAX: usize = 100;
/// Steps of one checklist.
const STEPS_MAX: usize = 100;
/// Characters of an id.
const ID_CHARS_MAX: usize = 100;
/// Characters of the title of a step.
const TITLE_CHARS_MAX: usize = 500;

/// How far a session is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"outboundId": "6650f0c2a1b2c3d4e5f60718", "status": "active", "completedSteps": ["s1"], "steps": [{"id": "s1", "title": "Say hello"}]}))]
pub struct ChecklistBody {
    /// The id of the engagement that the checklist is of, at most 100 characters.
    outbound_id: String,
    /// Whether it is done.
    status: ChecklistStatus,
    /// The ids of the steps that are done, at most 100.
    #[serde(default)]
    completed_steps: Vec<String>,
    /// All steps, at most 100.
    #[serde(default)]
    steps: Vec<ChecklistStep>,
}

/// How far a checklist is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChecklistStatus {
    Draft,
    Active,
    Done,
}

/// A step of a checklist.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChecklistStep {
    /// Its id, at most 100 characters.
    id: String,
    /// What there is to do, as plain text of at most 500 characters.
    #[serde(default)]
    title: String,
}

/// What is kept of a checklist, in the session under the id of the engagement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    status: ChecklistStatus,
    completed_steps: Vec<String>,
    started_at: Millis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_at: Option<Millis>,
}

impl Task {
    /// The task as the API shows it.
    pub fn shown(self, id: String, outbound_id: String) -> ChecklistAnswer {
        ChecklistAnswer {
            id,
            outbound_id,
            status: self.status,
            completed_steps: self.completed_steps,
            started_at: self.started_at,
            completed_at: self.completed_at,
        }
    }
}

/// The progress of a session in a checklist.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChecklistAnswer {
    /// The id of the checklist; that of its engagement where all checklists of a session are shown.
    id: String,
    /// The id of the engagement.
    outbound_id: String,
    /// Whether it is done.
    status: ChecklistStatus,
    /// The ids of the steps that are done.
    completed_steps: Vec<String>,
    /// When the first progress was recorded.
    #[schema(value_type = String, format = DateTime)]
    started_at: Millis,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    completed_at: Option<Millis>,
}

/// What web pages get (wire note §4.6). Apps know no such frame.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pushed<'a> {
    id: &'a str,
    outbound_id: &'a str,
    status: ChecklistStatus,
    completed_steps: &'a [String],
    completed_steps_before: &'a [String],
    steps: &'a [ChecklistStep],
}

/// Record the progress in a checklist
///
/// Keeps it in `checklistTasks` of the session, and shows it in the web pages in which the session is open.
/// The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    put, path = "/v3/sessions/{sessionId}/checklists/{checklistId}", operation_id = "RecordChecklistProgress", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("checklistId" = String, Path, description = "The id under which pages show the checklist, at most 100 characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = ChecklistBody,
    responses((status = 200, description = "The progress", body = ChecklistAnswer), ErrorResponses),
    security(("jwt" = ["sessions:write"])),
)]
pub async fn record(
    State(app): State<SharedApp>,
    member: Member<SessionsWrite>,
    Path((session_id, checklist_id)): Path<(String, String)>,
    Json(mut body): Json<ChecklistBody>,
) -> Result<Json<ChecklistAnswer>, ApiError> {
    let session = parse_id(&session_id)?;
    let faults = body.faults(&checklist_id);
    if !faults.is_empty() {
        return Err(unacceptable(faults));
    }
    for step in &mut body.steps {
        step.title = harmless::text(&step.title);
    }
    let (outbound_id, status, completed_steps) = (
        body.outbound_id.clone(),
        body.status,
        body.completed_steps.clone(),
    );
    let unit = move |tx: &mut Tx<'_>| {
        let mut row = lookup::find_for_update(tx, session)?;
        let (before, task) = note(
            &mut row.doc,
            &outbound_id,
            status,
            &completed_steps,
            tx.now(),
        )?;
        tx.put(&mut row)?;
        Ok::<_, ApiError>((row.id, before, task))
    };
    let (session, before, task) = app.store.write(member.project, unit).await?;
    let frame = frame::checklist(Pushed {
        id: &checklist_id,
        outbound_id: &body.outbound_id,
        status: task.status,
        completed_steps: &task.completed_steps,
        completed_steps_before: &before,
        steps: &body.steps,
    });
    let place = (member.project, session);
    app.store.say(Word::frame(place, &frame).to_line());
    app.live.push_to_pages(place, &frame);
    Ok(Json(task.shown(checklist_id, body.outbound_id)))
}

/// Notes progress in a session; returns the steps that were done before, and what is known now.
fn note(
    session: &mut Session,
    outbound_id: &str,
    status: ChecklistStatus,
    completed_steps: &[String],
    now: Millis,
) -> Result<(Vec<String>, Task), ApiError> {
    let mut tasks: IndexMap<String, Box<RawValue>> = match &session.checklist_tasks {
        Some(tasks) => serde_json::from_str(tasks.get()).map_err(ApiError::internal)?,
        None => IndexMap::new(),
    };
    if tasks.len() >= CHECKLISTS_MAX && !tasks.contains_key(outbound_id) {
        return Err(unacceptable(vec![format!(
            "`outboundId`: the session has {CHECKLISTS_MAX} checklists, which is the most it may have"
        )]));
    }
    // What an import brought may be of another shape: it is written anew.
    let known = tasks.get(outbound_id);
    let known: Option<Task> = known.and_then(|task| serde_json::from_str(task.get()).ok());
    let was_done = known.as_ref().and_then(|task| task.completed_at);
    let task = Task {
        status,
        completed_steps: completed_steps.to_vec(),
        started_at: known.as_ref().map_or(now, |task| task.started_at),
        completed_at: (status == ChecklistStatus::Done).then(|| was_done.unwrap_or(now)),
    };
    let raw = to_raw_value(&task).map_err(ApiError::internal)?;
    tasks.insert(outbound_id.to_owned(), raw);
    session.checklist_tasks = Some(to_raw_value(&tasks).map_err(ApiError::internal)?);
    Ok((
        known.map(|task| task.completed_steps).unwrap_or_default(),
        task,
    ))
}

fn unacceptable(faults: Vec<String>) -> ApiError {
    ApiError::unprocessable("invalid_checklist", faults)
}

impl ChecklistBody {
    fn faults(&self, checklist_id: &str) -> Vec<String> {
        let is_id =
            |id: &str| (1..=ID_CHARS_MAX).contains(&id.chars().count()) && harmless::text(id) == id;
        let ids = format!("1 to {ID_CHARS_MAX} characters, none of them `<`, `>` or a quote");
        let all = self.completed_steps.len().max(self.steps.len()) <= STEPS_MAX;
        let has_title = |step: &ChecklistStep| step.title.chars().count() <= TITLE_CHARS_MAX;
        let checks = [
            (
                is_id(checklist_id),
                format!("the checklist id in the path: must have {ids}"),
            ),
            (
                is_id(&self.outbound_id),
                format!("`outboundId`: must have {ids}"),
            ),
            (
                all,
                format!("`steps` and `completedSteps`: must be at most {STEPS_MAX}"),
            ),
            (
                self.completed_steps.iter().all(|id| is_id(id)),
                format!("`completedSteps`: each must have {ids}"),
            ),
            (
                self.steps
                    .iter()
                    .all(|step| is_id(&step.id) && has_title(step)),
                format!(
                    "`steps`: each `id` must have {ids}, each `title` at most {TITLE_CHARS_MAX}"
                ),
            ),
        ];
        checks
            .into_iter()
            .filter_map(|(holds, fault)| (!holds).then_some(fault))
            .collect()
    }
}
