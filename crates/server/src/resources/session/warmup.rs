//! Having the sessions in memory that are likely to be asked for next.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::State;
use serde::Serialize;
use store::{Cursor, ObjectId, Query, RawRow, Snapshot};
use utoipa::ToSchema;

use super::document::Session;
use super::render::{Known, SessionCache, render};
use crate::app::{App, SharedApp};
use crate::auth::{Member, SessionsRead};
use crate::http::Json;
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Sessions that are loaded, the newest of the project.
pub const SESSIONS_MAX: u32 = 1_000;
/// Sessions of one read: others wait for the reader meanwhile.
const SESSIONS_PER_READ: u32 = 100;

/// The projects whose sessions are being loaded.
#[derive(Debug, Clone, Default)]
pub struct Warmups(Arc<Mutex<HashSet<ObjectId>>>);

/// The turn of one project; it ends when this is dropped.
struct Turn {
    warmups: Warmups,
    project: ObjectId,
}

impl Warmups {
    /// `None` while the project has its turn already.
    fn begin(&self, project: ObjectId) -> Option<Turn> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(project).then(|| Turn {
            warmups: self.clone(),
            project,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let running = &self.warmups.0;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.project);
    }
}

/// The work began.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarmupBody {
    /// Always true.
    ok: bool,
}

/// Warm up
///
/// Loads the newest 1,000 sessions of the project into memory, so that the first lookups after a restart need no disk. Answers at once; while it
/// is at work, another call of the project begins nothing. Lookups are right without it.
#[utoipa::path(
    post, path = "/v3/sessions/warmup", operation_id = "WarmupSessions", tag = "Session",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The work began", body = WarmupBody), ErrorResponses),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn warm_up(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
) -> Json<WarmupBody> {
    let (project, organisation) = (member.project, member.organisation);
    if let Some(turn) = app.warmups.begin(project) {
        tokio::spawn(async move {
            if let Err(error) = load(&app, project, organisation).await {
                tracing::warn!(%project, "warming up ended early: {error}");
            }
            drop(turn);
        });
    }
    Json(WarmupBody { ok: true })
}

async fn load(app: &App, project: ObjectId, organisation: ObjectId) -> store::Result<()> {
    let mut after = None;
    for _ in 0..SESSIONS_MAX / SESSIONS_PER_READ {
        let cache = Arc::clone(&app.sessions);
        let read = app.store.read(project, move |snapshot| {
            load_some(snapshot, &cache, after, organisation)
        });
        after = read.await?;
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn load_some(
    snapshot: &Snapshot<'_>,
    cache: &SessionCache,
    after: Option<Cursor>,
    organisation: ObjectId,
) -> store::Result<Option<Cursor>> {
    // Before the read: what a commit makes old meanwhile is not kept.
    let (ids, answers) = (cache.ids.ticket(), cache.answers.ticket());
    let asked = Instant::now();
    let page = snapshot.page::<Session>(&Query {
        limit: SESSIONS_PER_READ,
        after,
        ..Query::default()
    })?;
    for row in &page.rows {
        let project = snapshot.project();
        let value = Arc::new(render(row, project, organisation));
        let known = Known { value, asked };
        cache.answers.keep(answers, (project, row.id), known);
        if let Some(user_id) = user_id(row)? {
            let key = (project, identity::USER_ID, user_id.into());
            let value = row.id;
            cache.ids.keep(ids, key, Known { value, asked });
        }
    }
    Ok(page.next)
}

fn user_id(row: &RawRow) -> store::Result<Option<String>> {
    Ok(row.parse::<Session>()?.user_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_one_turn_at_a_time() {
        let warmups = Warmups::default();
        let turn = warmups.begin(ObjectId::ZERO);
        assert!(turn.is_some());
        assert!(warmups.begin(ObjectId::ZERO).is_none());
        let other = ObjectId::from_parts(1, [0; 8]);
        assert!(warmups.begin(other).is_some());
        drop(turn);
        assert!(warmups.begin(ObjectId::ZERO).is_some());
    }
}
