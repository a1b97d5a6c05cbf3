//! Finding messages by what they say.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use store::filter::{self, Filter};
use store::{RawRow, Search};

use super::document::Message;
use super::render;
use super::schema::MessageHits;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::list_query::ListQuery;
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::find::{DEADLINE, LOOKED_AT_MAX, term};
use crate::resources::ticket::render::{Renderer, Viewer};
use crate::resources::ticket::show::json;

/// Messages of a search.
pub const HITS_MAX: usize = 50;

/// Search messages
///
/// By what they say, and the names of their attachments: each word of the term must begin a word of the message; case and diacritics make no difference. The newest
/// come first; at most 50. The conditions of `GET /v3/messages` hold here too.
#[utoipa::path(
    get, path = "/v3/messages/search", operation_id = "SearchMessages", tag = "Messages",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("searchTerm" = Option<String>, Query, description = "What to search for: at most 512 characters and 16 words"),
        ("filter" = Option<String>, Query, description = "Conditions as JSON"),
    ),
    responses((status = 200, description = "The messages", body = MessageHits), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn search(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Hits {
        hits: Vec<Box<RawValue>>,
    }
    let raw = raw.unwrap_or_default();
    let term = term(&raw)?;
    let asked = ListQuery::parse(&raw, &["searchTerm", "q"])?;
    let viewer = Viewer::of(&app, &member).await?;
    let read = app.store.read(member.project, move |snapshot| {
        let rows = snapshot.search::<Message>(&Search {
            text: term.clone(),
            limit: LOOKED_AT_MAX,
            deadline: DEADLINE,
        })?;
        let mut renderer = Renderer::new(snapshot, viewer);
        let mut hits = Vec::new();
        for row in rows {
            if hits.len() < HITS_MAX && fits(&asked.filter, &row, &renderer)? {
                hits.push(render::shown(&mut renderer, &row)?);
            }
        }
        Ok::<_, ApiError>(hits)
    });
    let hits = Hits { hits: read.await? };
    Ok(json(serde_json::to_vec(&hits).map_err(ApiError::internal)?))
}

fn fits(filter: &Filter, row: &RawRow, renderer: &Renderer<'_, '_>) -> store::Result<bool> {
    Ok(*filter == Filter::All || filter::matches(filter, &renderer.filtered(row)?))
}
