//! Lists of templates.

use std::collections::HashSet;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Search, Snapshot, Sort};

use super::body::TEMPLATES_MAX;
use super::document::MessageTemplate;
use super::operations::shown;
use super::schema::MessageTemplateList;
use crate::app::SharedApp;
use crate::auth::{Member, TicketsRead};
use crate::http::error::ApiError;
use crate::http::list_query::{BadQuery, ListQuery, own_parameters};
use crate::http::responses::ErrorResponses;
use crate::resources::ticket::find::{DEADLINE, term};
use crate::resources::ticket::show::json;

/// List message templates
///
/// Those that all members see, and those of the caller; by `lexorank`. `searchTerm` finds them by title and text: each of its words begins one of theirs.
#[utoipa::path(
    get, path = "/v3/message-templates", operation_id = "FindMessageTemplates", tag = "Message templates",
    params(
        ("project" = String, Header, description = "The id of the project"),
        ("limit" = Option<u32>, Query, description = "How many at the most: 1 to 1000, otherwise 100"),
        ("skip" = Option<u64>, Query, description = "How many to leave out first"),
        ("searchTerm" = Option<String>, Query, description = "What to search for: at most 512 characters and 16 words"),
        ("visibility" = Option<String>, Query, description = "`public`: those that all members see; `private`: the others; otherwise both"),
        ("withCount" = Option<bool>, Query, description = "Whether to count all that match"),
    ),
    responses((status = 200, description = "The templates", body = MessageTemplateList), ErrorResponses),
    security(("jwt" = ["tickets:read"])),
)]
pub async fn list(
    State(app): State<SharedApp>,
    member: Member<TicketsRead>,
    RawQuery(raw): RawQuery,
) -> Result<Response, ApiError> {
    let raw = raw.unwrap_or_default();
    let own = own_parameters(&raw, &["visibility", "searchTerm"])?;
    let visible = visible(own.get("visibility").map(String::as_str), member.user)?;
    let asked = ListQuery::parse(&raw, &["visibility", "searchTerm", "q"])?;
    let is_asked = own
        .get("searchTerm")
        .is_some_and(|term| !term.trim().is_empty());
    let term = is_asked.then(|| term(&raw)).transpose()?;
    let organisation = member.organisation;
    let read = app.store.read(member.project, move |snapshot| {
        let rows = matching(snapshot, &[visible, asked.filter], term)?;
        let skip = usize::try_from(asked.skip).unwrap_or(usize::MAX);
        let page = rows.iter().skip(skip).take(asked.limit as usize);
        let page = page.map(|row| shown(snapshot, row, organisation));
        Ok::<_, ApiError>((page.collect::<store::Result<Vec<_>>>()?, rows.len()))
    });
    let (data, total_count) = read.await?;
    let answer = if asked.with_count {
        serde_json::to_vec(&Counted { data, total_count })
    } else {
        serde_json::to_vec(&data)
    };
    Ok(json(answer.map_err(ApiError::internal)?))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    data: Vec<Box<RawValue>>,
    total_count: usize,
}

fn visible(visibility: Option<&str>, member: ObjectId) -> Result<Filter, BadQuery> {
    let is_public = Filter::Eq(FieldPath::known("isPublic"), Scalar::Bool(true));
    let is_own = Filter::Eq(FieldPath::known("users"), Scalar::Id(member));
    match visibility {
        None | Some("" | "all") => Ok(Filter::Or(vec![is_public, is_own])),
        Some("public") => Ok(is_public),
        Some("private") => Ok(Filter::And(vec![Filter::Not(Box::new(is_public)), is_own])),
        Some(_) => Err(BadQuery::new("visibility", "must be public or private")),
    }
}

/// All templates that match, in their order: a project has few.
fn matching(
    snapshot: &Snapshot<'_>,
    conditions: &[Filter],
    term: Option<String>,
) -> store::Result<Vec<RawRow>> {
    let most = u32::try_from(TEMPLATES_MAX).unwrap_or(u32::MAX);
    let query = Query {
        filter: Filter::And(conditions.to_vec()),
        sort: vec![Sort {
            path: "lexorank".into(),
            descending: false,
        }],
        limit: most,
        ..Query::default()
    };
    let mut rows = snapshot.page::<MessageTemplate>(&query)?.rows;
    if let Some(text) = term {
        let found = snapshot.search::<MessageTemplate>(&Search {
            text,
            limit: most,
            deadline: DEADLINE,
        })?;
        let found: HashSet<_> = found.iter().map(|row| row.id).collect();
        rows.retain(|row| found.contains(&row.id));
    }
    Ok(rows)
}
