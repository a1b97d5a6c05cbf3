//! Several tickets about one thing become one.

use std::collections::HashSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::to_raw_value;
use store::{ObjectId, Row, Tx};
use utoipa::ToSchema;

use super::change::save;
use super::create::insert;
use super::document::{DONE, Ticket};
use super::history::{self, By, ChangeKind, Difference};
use super::links;
use super::render::Viewer;
use super::schema::TicketBody;
use super::write::{find_for_update, shown};
use crate::app::SharedApp;
use crate::auth::{Member, TicketsWrite, token};
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::responses::ErrorResponses;
use crate::resources::message::conversation;
use crate::resources::session::document::Session;
use crate::sdk::bugs::fields::TAGS_MAX;

/// Tickets of one call.
pub const TICKETS_MAX: usize = 100;

/// What is merged, and how.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketMergeBody {
    /// The tickets that become one, at most 100.
    #[schema(value_type = Vec<String>)]
    tickets_to_merge_ids: Vec<ObjectId>,
    /// The one that goes on; otherwise the first of `ticketsToMergeIds`.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    target_ticket_id: Option<ObjectId>,
    /// Whether a new ticket goes on instead, made after the target.
    should_create_new_ticket: bool,
    /// Whether the sessions of all are shown with the one that goes on.
    should_merge_contacts: bool,
    /// Whether what was linked to them is linked to the one that goes on.
    should_merge_tasks: bool,
}

/// Merge tickets
///
/// One goes on, with the tags and the conversations of all. The others are closed and put away; each keeps its number and its place among the reports
/// of its session, and names the one that goes on as `mergedInto`. What is said to them from then on is said there. A ticket that was merged already is 409 (`ticket_merged`).
#[utoipa::path(
    put, path = "/v3/tickets/merge", operation_id = "MergeTickets", tag = "Ticket",
    params(("project" = String, Header, description = "The id of the project")),
    request_body = TicketMergeBody,
    responses(
        (status = 200, description = "The ticket that goes on", body = TicketBody),
        (status = 409, description = "One of them was merged already", body = crate::http::error::ErrorBody),
        ErrorResponses,
    ),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn merge(
    State(app): State<SharedApp>,
    member: Member<TicketsWrite>,
    Json(body): Json<TicketMergeBody>,
) -> Result<Response, ApiError> {
    let viewer = Viewer::of(&app, &member).await?;
    let plan = Plan::read(body)?;
    let by = By::User(member.user);
    let share_token = token::new_share_token(&app.random);
    let write = app.store.write(member.project, move |tx| {
        let id = plan.run(tx, &share_token, by)?;
        shown(tx, id, &viewer)
    });
    Ok(write.await?.into_response())
}

/// A call that can be done.
struct Plan {
    target: ObjectId,
    /// The others, each once.
    others: Vec<ObjectId>,
    body: TicketMergeBody,
}

impl Plan {
    fn read(body: TicketMergeBody) -> Result<Self, ApiError> {
        let target = body
            .target_ticket_id
            .or(body.tickets_to_merge_ids.first().copied());
        let mut seen: HashSet<ObjectId> = target.into_iter().collect();
        let mut others = body.tickets_to_merge_ids.clone();
        others.retain(|id| seen.insert(*id));
        let least = usize::from(!body.should_create_new_ticket);
        let target = target.filter(|_| others.len() >= least && others.len() < TICKETS_MAX);
        let Some(target) = target else {
            let fault = format!(
                "ticketsToMergeIds: must name 2 to {TICKETS_MAX} different tickets, with the target"
            );
            return Err(ApiError::unprocessable("invalid_field", vec![fault]));
        };
        Ok(Self {
            target,
            others,
            body,
        })
    }

    /// Returns the ticket that goes on.
    fn run(&self, tx: &mut Tx<'_>, share_token: &str, by: By) -> Result<ObjectId, ApiError> {
        let target = unmerged(tx, self.target)?;
        if self.body.should_create_new_ticket {
            let mut new = copy(tx, &target, share_token, by)?;
            self.absorb(tx, &mut new, [&[self.target], &*self.others].concat(), by)?;
            return Ok(new.id);
        }
        let mut target = target;
        self.absorb(tx, &mut target, self.others.clone(), by)?;
        Ok(target.id)
    }

    fn absorb(
        &self,
        tx: &mut Tx<'_>,
        target: &mut Row<Ticket>,
        others: Vec<ObjectId>,
        by: By,
    ) -> Result<(), ApiError> {
        for id in &others {
            let mut other = unmerged(tx, *id)?;
            if self.body.should_merge_tasks {
                self.take_links(tx, target, &mut other, by)?;
            }
            let before = target.doc.clone();
            let before_other = other.doc.clone();
            conversation::join(tx, target, &mut other)?;
            for tag in &other.doc.tags {
                if !target.doc.tags.contains(tag) && target.doc.tags.len() < TAGS_MAX {
                    target.doc.tags.push(tag.clone());
                }
            }
            save(tx, target, &before, by)?;
            other.doc.merged_into = Some(target.id);
            other.doc.contacts_merged = self.body.should_merge_contacts;
            other.doc.status = DONE.into();
            other.doc.archived = true;
            other.doc.snoozed_until = None;
            save(tx, &mut other, &before_other, by)?;
        }
        let told = Difference {
            from: None,
            to: Some(to_raw_value(&others).map_err(ApiError::internal)?),
        };
        let fields = IndexMap::from([("mergedTickets".to_owned(), told)]);
        Ok(history::record(
            tx,
            target.id,
            ChangeKind::Merged,
            by,
            fields,
        )?)
    }

    fn take_links(
        &self,
        tx: &mut Tx<'_>,
        target: &mut Row<Ticket>,
        other: &mut Row<Ticket>,
        by: By,
    ) -> Result<(), ApiError> {
        for linked in other.doc.linked_tickets.clone() {
            links::unlink(tx, other, linked, by)?;
            if linked == target.id {
                *target = find_for_update(tx, target.id)?;
            } else {
                links::link(tx, target, linked, by)?;
            }
        }
        Ok(())
    }
}

fn unmerged(tx: &Tx<'_>, id: ObjectId) -> Result<Row<Ticket>, ApiError> {
    let row = find_for_update(tx, id)?;
    match row.doc.merged_into {
        None => Ok(row),
        Some(into) => Err(ApiError::conflict(
            "ticket_merged",
            format!("The ticket {id} was merged into {into}: merge that one instead."),
        )),
    }
}

/// A new ticket after another: of the same session, kind and title.
fn copy(
    tx: &mut Tx<'_>,
    from: &Row<Ticket>,
    share_token: &str,
    by: By,
) -> Result<Row<Ticket>, ApiError> {
    let mut session = match from.doc.session {
        Some(session) => tx.get_for_update::<Session>(session)?,
        None => None,
    };
    let ticket = Ticket {
        share_token: share_token.to_owned(),
        title: from.doc.title.clone(),
        kind: from.doc.kind.clone(),
        priority: from.doc.priority,
        session: from.doc.session,
        processing_user: from.doc.processing_user,
        processing_team: from.doc.processing_team,
        tags: from.doc.tags.clone(),
        form_data: from.doc.form_data.clone(),
        ..Ticket::default()
    };
    let counted = session.as_mut().map(|session| &mut session.doc);
    let id = tx.new_id();
    let row = insert(tx, id, ticket, &[], counted, by)?;
    if let Some(session) = &mut session {
        tx.put(session)?;
    }
    Ok(row)
}
