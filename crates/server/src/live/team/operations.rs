//! The feed of a project, and what members say of themselves.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use store::ObjectId;
use tokio::time::Interval;
use utoipa::ToSchema;

use super::super::feed::{HEARTBEAT, WATCH_MAX};
use super::{Doing, Looker, News, Present};
use crate::accounts::user::UserType;
use crate::app::SharedApp;
use crate::auth::{Member, SessionsRead, TicketsRead, TicketsWrite};
use crate::http::responses::ErrorResponses;
use crate::http::{ApiError, Json};
use crate::resources::team::attendance::{self, NOTE_MS};
use crate::resources::ticket::show::{find, parse_id};

/// What the `data` line of each event holds.
#[derive(ToSchema, Serialize)]
pub struct TeamEvent {
    /// What happened, as the name of the event says.
    r#type: String,
    /// The id of the ticket, message or session that it is about.
    #[schema(value_type = String, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ObjectId>,
}

/// Watch a project
///
/// Server-sent events for members, of what happens from now on. The name of an event says what: first `hello`, with those who are `present`; then
/// `ticket.created`, `ticket.updated`, `ticket.deleted`, `message.created`, `message.updated`, `message.deleted` and, for those who may see sessions,
/// `session.changed`, each with the `id` of what to read again; and `viewing` and `typing`, with `ticket`, `user` and `active`. Many changes of one thing that
/// come faster than they are read are told once. `reset` means that some were not told: read again what you show. A comment is sent every 15 seconds. The
/// answer ends after 15 minutes and when the server stops: call again.
#[utoipa::path(
    get, path = "/v3/live", operation_id = "WatchProject", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    responses((status = 200, description = "The events", body = TeamEvent, content_type = "text/event-stream"), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn watch(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
) -> Result<Response, ApiError> {
    let looker = app
        .team
        .look(member.project, member.may::<SessionsRead>())?;
    let watched = Watched {
        looker,
        at_work: (member.user_type == UserType::Default).then_some((
            app,
            member.project,
            member.user,
        )),
        minutes: tokio::time::interval(Duration::from_millis(NOTE_MS.unsigned_abs())),
    };
    let events = stream::unfold(watched, async |mut watched| {
        let news = watched.next().await?;
        Some((Ok::<_, Infallible>(event(&news)), watched))
    });
    let events = events.take_until(tokio::time::sleep(WATCH_MAX));
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    // Proxies that collect answers would keep the events back.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events).keep_alive(heartbeat)).into_response())
}

/// Somebody who watches a project.
struct Watched {
    looker: Looker,
    /// Who is at work meanwhile, without calling.
    at_work: Option<(SharedApp, ObjectId, ObjectId)>,
    minutes: Interval,
}

impl Watched {
    async fn next(&mut self) -> Option<News> {
        loop {
            tokio::select! {
                news = self.looker.inbox.next() => return news,
                _ = self.minutes.tick() => if let Some((app, project, user)) = &self.at_work {
                    attendance::note(app, *project, *user).await;
                },
            }
        }
    }
}

fn event(news: &News) -> Event {
    Event::default().event(news.kind).data(&news.json)
}

/// Whether somebody writes.
#[derive(Deserialize, ToSchema)]
pub struct TypingBody {
    /// Whether.
    typing: bool,
}

/// Whether somebody looks.
#[derive(Deserialize, ToSchema)]
pub struct ViewingBody {
    /// Whether.
    viewing: bool,
}

/// Who is with a ticket.
#[derive(Serialize, ToSchema)]
pub struct PresentBody {
    /// Always true: what could not be done is answered with an error.
    success: bool,
    /// The members who look at it or write, the caller among them.
    present: Vec<Present>,
}

/// Say that you write
///
/// Told to the members who watch the project. Holds for 10 seconds; say it again, or `false` when it is over.
#[utoipa::path(
    post, path = "/v3/tickets/{ticketId}/typing", operation_id = "IndicateUserTyping", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = TypingBody,
    responses((status = 200, description = "Who is there", body = PresentBody), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn typing(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Path(ticket_id): Path<String>,
    Json(body): Json<TypingBody>,
) -> Result<Json<PresentBody>, ApiError> {
    let place = (member.project, member.user);
    note(&app, place, &ticket_id, Doing::Typing, body.typing).await
}

/// Say that you look
///
/// Told to the members who watch the project. Holds for 60 seconds; say it again, or `false` when it is over.
#[utoipa::path(
    post, path = "/v3/tickets/{ticketId}/viewing", operation_id = "IndicateUserViewing", tag = "Ticket",
    params(
        ("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters"),
        ("project" = String, Header, description = "The id of the project"),
    ),
    request_body = ViewingBody,
    responses((status = 200, description = "Who is there", body = PresentBody), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn viewing(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    Path(ticket_id): Path<String>,
    Json(body): Json<ViewingBody>,
) -> Result<Json<PresentBody>, ApiError> {
    let place = (member.project, member.user);
    note(&app, place, &ticket_id, Doing::Viewing, body.viewing).await
}

async fn note(
    app: &SharedApp,
    (project, user): (ObjectId, ObjectId),
    ticket_id: &str,
    doing: Doing,
    active: bool,
) -> Result<Json<PresentBody>, ApiError> {
    let ticket = parse_id(ticket_id)?;
    let there = app
        .store
        .lookup(project, move |snapshot| find(snapshot, ticket).map(drop));
    there.await?;
    let present = Present {
        ticket,
        user,
        doing,
        active,
    };
    Ok(Json(PresentBody {
        success: true,
        present: app.team.note(&app.store, project, present),
    }))
}
