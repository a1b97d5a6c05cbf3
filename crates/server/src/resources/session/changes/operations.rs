//! `GET /v3/sessions/changes`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::asked::Asked;
use super::look::{look, start, wait};
use super::show::{self, SessionChange, SessionChanges};
use super::stream::{self, Follower};
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::responses::ErrorResponses;

/// Read the changes of sessions
///
/// For programs that keep a copy. Without `since` it answers the `cursor` of now; `since=beginning` tells all sessions, page by page, and then
/// goes on with what changed. Call again with the `cursor` of each answer, at once while `more` is true, else with `wait`: the answer
/// comes as soon as something changes. Nothing is missed, also over restarts. A session that changed many times is told once, as it is now; one may be
/// told again that you know already. `merged` names the session that it lives `into`, `deleted` is gone; a merge that was undone
/// tells both sessions as `changed`. With `Accept: text/event-stream` the changes come as server-sent events: first `hello` with the `cursor`, then
/// `changed`, `merged` and `deleted`, each with its cursor as `id`, which comes back as `Last-Event-ID`. Such an answer ends after 15 minutes and when
/// the server stops: call again. Changes are kept for `session.change_days`; an older cursor is answered with 410.
#[utoipa::path(
    get, path = "/v3/sessions/changes", operation_id = "GetSessionChanges", tag = "Session",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("since" = Option<String>, Query, description = "The `cursor` of the last answer, or `beginning`; otherwise from now on"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for the first change: 0 to 60, otherwise 0"),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event; counts before `since`"),
    ),
    responses(
        (status = 200, description = "The changes", content((SessionChanges = "application/json"), (SessionChange = "text/event-stream"))),
        (status = 410, description = "The changes since the cursor are not kept any more: read again with `since=beginning`", body = ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["sessions:read"])),
)]
pub async fn changes(
    State(app): State<SharedApp>,
    member: Member<SessionsRead>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&raw.unwrap_or_default(), &headers)?;
    let (project, organisation) = (member.project, member.organisation);
    let cursor = start(&app, project, asked.since).await?;
    if asked.is_stream {
        let waiter = app.session_waiters.wait(project)?;
        // The first look says whether the cursor is one.
        let page = look(&app, project, cursor, asked.limit).await?;
        let follower = Follower {
            app: Arc::clone(&app),
            project,
            organisation,
            waiter,
            cursor: page.next,
            limit: asked.limit,
            entries: page.entries.into(),
        };
        return Ok(stream::answer(&cursor, follower));
    }
    let page = wait(&app, project, cursor, asked.limit, asked.wait).await?;
    let body = show::page(&page, project, organisation).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
