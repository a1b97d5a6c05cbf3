//! The checklists of a session.

use axum::extract::{Path, State};
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::checklist::{ChecklistAnswer, Task};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::responses::ErrorResponses;
use crate::http::{ApiError, Json};
use crate::resources::session::document::Session;
use crate::resources::session::lookup::{self, parse_id};

/// Get the checklists of a session
///
/// The progress of the session in each checklist that it began, in the order in which it began them. What an import brought under
/// `checklistTasks` in another shape is left out: the session shows it.
/// The id of a session that was merged finds the session that it was merged into.
#[utoipa::path(
    get, path = "/v3/sessions/{sessionId}/checklists", operation_id = "GetChecklistsForSession", tag = "Session",
    params(
        ("sessionId" = String, Path, description = "The id of the session: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    responses((status = 200, description = "The checklists", body = Vec<ChecklistAnswer>), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    Path(session_id): Path<String>,
) -> Result<Json<Vec<ChecklistAnswer>>, ApiError> {
    let id = parse_id(&session_id)?;
    let find = app.store.lookup(member.project, move |snapshot| {
        lookup::find(snapshot, id)?.ok_or_else(|| lookup::unknown(id))
    });
    checklists(&find.await?.doc).map(Json)
}

fn checklists(session: &Session) -> Result<Vec<ChecklistAnswer>, ApiError> {
    let Some(tasks) = &session.checklist_tasks else {
        return Ok(Vec::new());
    };
    // An import may have brought something that is no object.
    let Ok(tasks) = serde_json::from_str::<IndexMap<String, Box<RawValue>>>(tasks.get()) else {
        return Ok(Vec::new());
    };
    let shown = tasks.into_iter().filter_map(|(outbound_id, task)| {
        let task: Task = serde_json::from_str(task.get()).ok()?;
        Some(task.shown(outbound_id.clone(), outbound_id))
    });
    Ok(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(tasks: serde_json::Value) -> serde_json::Value {
        let session = Session {
            checklist_tasks: Some(serde_json::value::to_raw_value(&tasks).unwrap()),
            ..Session::default()
        };
        serde_json::to_value(checklists(&session).unwrap()).unwrap()
    }

    #[test]
    fn what_is_of_another_shape_is_left_out() {
        let task = json!({"status": "active", "completedSteps": ["a"], "startedAt": "2026-01-31T08:05:00.123Z"});
        let shown = json!([{
            "id": "o2", "outboundId": "o2", "status": "active", "completedSteps": ["a"], "startedAt": "2026-01-31T08:05:00.123Z",
        }]);
        assert_eq!(of(json!({"o1": {"done": true}, "o2": task})), shown);
        assert_eq!(of(json!(["o1"])), json!([]));
        assert!(checklists(&Session::default()).unwrap().is_empty());
    }
}
