//! Who wants what a ticket asks for: one vote for each address.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{
    Collection, Column, ColumnKind, Document, Index, Millis, ObjectId, Query, Reference, Snapshot,
    Tx, Value,
};
use utoipa::ToSchema;

use super::change::change;
use super::document::Ticket;
use super::history::By;
use super::show::{parse_id, unknown};
use super::write::find_for_update;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::roles::Scope;
use crate::http::Json;
use crate::http::error::ApiError;
use crate::http::json::Checked;
use crate::http::responses::ErrorResponses;
use crate::identity;

/// Votes that a ticket shows, the latest first. All are counted.
pub const VOTES_SHOWN_MAX: u32 = 100;
/// Characters of the name of a voter.
pub const NAME_CHARS_MAX: usize = 100;

/// One vote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vote {
    /// For which ticket.
    pub ticket: ObjectId,
    /// By whom, in the form in which addresses are compared.
    pub email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When.
    pub at: Millis,
}

const fn id_column(name: &'static str, kind: ColumnKind) -> Column {
    Column {
        name,
        path: name,
        kind,
    }
}

/// The table of votes.
pub static VOTES: Collection = Collection {
    table: "ticket_vote",
    columns: &[
        id_column("ticket", ColumnKind::Id),
        id_column("email", ColumnKind::Text),
    ],
    indexes: &[
        Index {
            name: "ticket_vote_by_ticket",
            columns: &["ticket"],
            not_null: None,
        },
        Index {
            name: "ticket_vote_by_email",
            columns: &["email", "ticket"],
            not_null: None,
        },
    ],
    cluster: &[],
    references: &[Reference {
        column: "ticket",
        table: "ticket",
    }],
};

impl Document for Vote {
    const COLLECTION: &'static Collection = &VOTES;

    fn promoted(&self) -> Vec<Value> {
        vec![self.ticket.into(), self.email.as_str().into()]
    }
}

/// Who votes, and how.
#[derive(Clone, Deserialize, ToSchema)]
pub struct VoteBody {
    /// The address of the voter.
    email: String,
    /// The name of the voter, at most 100 characters.
    #[serde(default)]
    #[schema(value_type = String, required = false)]
    name: Option<String>,
    /// What to do; `toggle` unless said otherwise.
    #[serde(default)]
    action: VoteAction,
}

/// What to do with a vote.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VoteAction {
    /// Give it, or take it back when it was given.
    #[default]
    Toggle,
    /// Give it; fine when it was given.
    Subscribe,
    /// Take it back; fine when it was not given.
    Unsubscribe,
}

/// What became of a vote.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoteAnswer {
    /// Whether the address has a vote for the ticket now.
    voted: bool,
    /// The votes of the ticket.
    upvotes_count: u64,
}

/// Vote for a ticket
///
/// Each address has one vote. The ticket is looked for in all projects of the credential, so that no `project` header is needed.
#[utoipa::path(
    post, path = "/v3/tickets/{ticketId}/vote", operation_id = "VoteForTicket", tag = "Ticket",
    params(("ticketId" = String, Path, description = "The id of the ticket: 24 hexadecimal characters")),
    request_body = VoteBody,
    responses((status = 200, description = "What became of it", body = VoteAnswer), ErrorResponses),
    security(("jwt" = ["tickets:write"])),
)]
pub async fn vote(
    State(app): State<SharedApp>,
    SignedIn(credential): SignedIn,
    Path(ticket_id): Path<String>,
    body: Checked,
) -> Result<Json<VoteAnswer>, ApiError> {
    let open: Vec<_> = credential
        .projects
        .iter()
        .filter(|(_, access)| access.scopes.contains(Scope::TicketsWrite))
        .map(|(id, _)| *id)
        .collect();
    if open.is_empty() {
        return Err(ApiError::forbidden(
            "missing_scope",
            "The credential lacks the right tickets:write in every project. Ask an admin of the project for it.",
        ));
    }
    let id = parse_id(&ticket_id)?;
    let body: VoteBody = body.parse()?;
    let email = check(&body)?;
    let by = By::User(credential.user);
    for project in open {
        let (body, email) = (body.clone(), email.clone());
        let here = move |snapshot: &Snapshot<'_>| snapshot.raw::<Ticket>(id);
        if app.store.read(project, here).await?.is_some() {
            let unit = move |tx: &mut Tx<'_>| cast(tx, id, &email, &body, by);
            return app.store.write(project, unit).await.map(Json);
        }
    }
    Err(unknown(id))
}

fn check(body: &VoteBody) -> Result<String, ApiError> {
    let mut faults = Vec::new();
    let email = identity::email_key(&body.email);
    if email.is_none() {
        faults.push("email: must be an email address".to_owned());
    }
    if body
        .name
        .as_ref()
        .is_some_and(|name| name.chars().count() > NAME_CHARS_MAX)
    {
        faults.push(format!("name: is longer than {NAME_CHARS_MAX} characters"));
    }
    match email {
        Some(email) if faults.is_empty() => Ok(email),
        _ => Err(ApiError::unprocessable("invalid_field", faults)),
    }
}

fn cast(
    tx: &mut Tx<'_>,
    ticket: ObjectId,
    email: &str,
    body: &VoteBody,
    by: By,
) -> Result<VoteAnswer, ApiError> {
    // Holds other votes for the ticket until this one is committed.
    let mut row = find_for_update(tx, ticket)?;
    let given = find(tx, ticket, email)?;
    let voted = match body.action {
        VoteAction::Toggle => given.is_none(),
        VoteAction::Subscribe => true,
        VoteAction::Unsubscribe => false,
    };
    let before = row.doc.clone();
    match given {
        None if voted => {
            let vote = Vote {
                ticket,
                email: email.to_owned(),
                name: body.name.clone(),
                at: tx.now(),
            };
            tx.add(&vote)?;
            row.doc.upvotes_count += 1;
        }
        Some(vote) if !voted => {
            tx.delete::<Vote>(vote)?;
            row.doc.upvotes_count = row.doc.upvotes_count.saturating_sub(1);
        }
        _ => {}
    }
    super::change::save(tx, &mut row, &before, by)?;
    Ok(VoteAnswer {
        voted,
        upvotes_count: row.doc.upvotes_count,
    })
}

fn find(snapshot: &Snapshot<'_>, ticket: ObjectId, email: &str) -> store::Result<Option<ObjectId>> {
    let query = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("ticket"), Scalar::Id(ticket)),
            Filter::Eq(FieldPath::known("email"), Scalar::Text(email.into())),
        ]),
        limit: 1,
        ..Query::default()
    };
    Ok(snapshot
        .page::<Vote>(&query)?
        .rows
        .first()
        .map(|row| row.id))
}

/// The latest votes for a ticket.
///
/// # Errors
/// Those of the store.
pub(super) fn latest(snapshot: &Snapshot<'_>, ticket: ObjectId) -> store::Result<Vec<Vote>> {
    let query = Query {
        filter: Filter::Eq(FieldPath::known("ticket"), Scalar::Id(ticket)),
        limit: VOTES_SHOWN_MAX,
        ..Query::default()
    };
    let page = snapshot.page::<Vote>(&query)?;
    page.rows.iter().map(store::RawRow::parse).collect()
}

/// The votes of an address are taken back: who had it is forgotten.
///
/// # Errors
/// Those of the store.
pub fn forget(tx: &mut Tx<'_>, email: &str) -> store::Result<()> {
    let mut query = Query {
        filter: Filter::Eq(FieldPath::known("email"), Scalar::Text(email.into())),
        ..Query::default()
    };
    loop {
        let page = tx.page::<Vote>(&query)?;
        for row in &page.rows {
            let vote: Vote = row.parse()?;
            tx.delete::<Vote>(row.id)?;
            change(tx, vote.ticket, By::System, |ticket| {
                ticket.upvotes_count = ticket.upvotes_count.saturating_sub(1);
            })?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}
