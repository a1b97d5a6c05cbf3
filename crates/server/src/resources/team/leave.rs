//! Members who go, or take no tickets any more, and teams that are deleted: what becomes of the tickets.
//!
//! Who is a member is kept with the accounts, tickets and teams with the project, so the one is brought to the other by jobs.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::filter::{FieldPath, Filter, Scalar};
use store::{Cursor, ObjectId, Query, Snapshot, Sort, Tx};

use super::assign;
use super::attendance::{self, Attendance};
use super::document::{self, Team};
use crate::accounts::member::{Member, membership_key};
use crate::accounts::user::User;
use crate::accounts::{SCOPE, member};
use crate::app::{App, SharedApp};
use crate::auth::roles::{Role, Scope};
use crate::identity;
use crate::jobs::queue::{Failure, Job, Kind, NewJob, enqueue};
use crate::resources::ticket::change::{save, save_assigned};
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::history::By;

/// The names of the jobs.
const MEMBER_CHANGED: &str = "member_changed";
const HAND_OVER: &str = "hand_over_tickets";
const TEAM_DELETED: &str = "team_deleted";
const TIME_LIMIT: Duration = Duration::from_secs(300);
const PAUSES: &[Duration] = &[
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];
/// Tickets of one unit of work: others wait for the writer meanwhile.
const TICKETS_PER_UNIT: u32 = 50;

/// A member of a project.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Who {
    project: ObjectId,
    user: ObjectId,
}

/// A team that is gone.
#[derive(Serialize, Deserialize)]
struct Gone {
    team: ObjectId,
}

/// The jobs.
#[must_use]
pub fn kinds() -> [Kind; 3] {
    [
        Kind::new(MEMBER_CHANGED, 4, TIME_LIMIT, PAUSES, member_changed),
        Kind::new(HAND_OVER, 4, TIME_LIMIT, PAUSES, hand_over),
        Kind::new(TEAM_DELETED, 4, TIME_LIMIT, PAUSES, team_deleted),
    ]
}

/// Has a project follow that somebody's membership, or whether somebody takes tickets, was changed in this unit of the accounts.
///
/// # Errors
/// Those of the store.
pub fn changed(tx: &mut Tx<'_>, user: ObjectId, project: ObjectId) -> store::Result<()> {
    let job = NewJob::new(MEMBER_CHANGED, &Who { project, user });
    enqueue(tx, job.unique(format!("{MEMBER_CHANGED}:{project}:{user}"))).map(drop)
}

/// The same in all projects of a user.
///
/// # Errors
/// Those of the store.
pub fn changed_everywhere(tx: &mut Tx<'_>, user: ObjectId) -> store::Result<()> {
    for row in tx.page::<Member>(&member::of_user(user))?.rows {
        changed(tx, user, row.parse::<Member>()?.project)?;
    }
    Ok(())
}

/// Has the tickets of a member given to others of their teams. In a unit of the accounts.
///
/// # Errors
/// Those of the store.
pub fn ask_to_hand_over(tx: &mut Tx<'_>, user: ObjectId, project: ObjectId) -> store::Result<()> {
    let job = NewJob::new(HAND_OVER, &Who { project, user });
    enqueue(tx, job.unique(format!("{HAND_OVER}:{project}:{user}"))).map(drop)
}

/// Has the tickets of a deleted team be of no team. In the unit that deletes it.
///
/// # Errors
/// Those of the store.
pub(super) fn team_is_gone(tx: &mut Tx<'_>, team: ObjectId) -> store::Result<()> {
    enqueue(tx, NewJob::new(TEAM_DELETED, &Gone { team })).map(drop)
}

/// Whether somebody takes tickets of a project; `None`: may not work on any.
///
/// # Errors
/// Those of the store.
pub(super) fn takes_tickets(
    snapshot: &Snapshot<'_>,
    user: ObjectId,
    project: ObjectId,
) -> store::Result<Option<bool>> {
    let key = membership_key(user, project);
    let member = snapshot.find::<Member>(identity::MEMBERSHIP, &key)?;
    let works = |role: Role| role.scopes().contains(Scope::TicketsWrite);
    if !member.is_some_and(|member| works(member.doc.role)) {
        return Ok(None);
    }
    let user = snapshot.get::<User>(user)?;
    Ok(user
        .filter(|user| user.doc.is_person())
        .map(|user| user.doc.profile.takes_tickets(project)))
}

async fn member_changed(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Who { project, user } = job.payload()?;
    let read = app.store.read(SCOPE, move |snapshot| {
        takes_tickets(snapshot, user, project)
    });
    if let Some(available) = read.await? {
        let unit = move |tx: &mut Tx<'_>| attendance::set_available(tx, user, available);
        return Ok(app.store.write(project, unit).await?);
    }
    let unit = move |tx: &mut Tx<'_>| leave_teams(tx, user);
    app.store.write(project, unit).await?;
    give_away(&app, project, user, false).await
}

fn leave_teams(tx: &mut Tx<'_>, user: ObjectId) -> store::Result<()> {
    for team in document::all(tx)? {
        if team.doc.members.contains(&user) {
            let row = tx.get_for_update::<Team>(team.id)?;
            let mut row = row.ok_or_else(|| tx.raced())?;
            row.doc.members.retain(|member| *member != user);
            tx.put(&mut row)?;
        }
    }
    tx.delete::<Attendance>(user).map(drop)
}

async fn hand_over(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Who { project, user } = job.payload()?;
    give_away(&app, project, user, true).await
}

/// Gives the open tickets of a member away. `of_teams_only`: others stay, since nobody else would get them.
async fn give_away(
    app: &App,
    project: ObjectId,
    user: ObjectId,
    of_teams_only: bool,
) -> Result<(), Failure> {
    let act = move |tx: &mut Tx<'_>, id: ObjectId| {
        let row = tx.get_for_update::<Ticket>(id)?;
        let Some(mut row) = row.filter(|row| row.doc.processing_user == Some(user)) else {
            return Ok(());
        };
        if of_teams_only && row.doc.processing_team.is_none() {
            return Ok(());
        }
        let before = row.doc.clone();
        assign::take_back(tx, &mut row)?;
        save_assigned(tx, &mut row, &before, By::System).map(drop)
    };
    each_ticket(app, project, "carriedBy", user, act).await
}

async fn team_deleted(app: SharedApp, job: Job) -> Result<(), Failure> {
    let Gone { team } = job.payload()?;
    let act = move |tx: &mut Tx<'_>, id: ObjectId| {
        let row = tx.get_for_update::<Ticket>(id)?;
        let Some(mut row) = row.filter(|row| row.doc.processing_team == Some(team)) else {
            return Ok(());
        };
        let before = row.doc.clone();
        row.doc.processing_team = None;
        row.doc.queued = false;
        save(tx, &mut row, &before, By::System).map(drop)
    };
    each_ticket(&app, job.project, "processingTeam", team, act).await
}

/// Does something to each ticket that has `id` at `path`, some in each unit of work.
async fn each_ticket(
    app: &App,
    project: ObjectId,
    path: &'static str,
    id: ObjectId,
    act: impl Fn(&mut Tx<'_>, ObjectId) -> store::Result<()> + Clone + Send + 'static,
) -> Result<(), Failure> {
    let mut after: Option<Cursor> = None;
    loop {
        let (act, query) = (
            act.clone(),
            Query {
                filter: Filter::Eq(FieldPath::known(path), Scalar::Id(id)),
                sort: vec![Sort {
                    path: "id".into(),
                    descending: false,
                }],
                limit: TICKETS_PER_UNIT,
                after: after.clone(),
                ..Query::default()
            },
        );
        let unit = move |tx: &mut Tx<'_>| {
            let page = tx.page::<Ticket>(&query)?;
            for row in &page.rows {
                act(tx, row.id)?;
            }
            Ok::<_, store::Error>(page.next)
        };
        after = app.store.write(project, unit).await?;
        if after.is_none() {
            return Ok(());
        }
    }
}
