//! Who of a team gets a ticket: decided in the unit of work that writes the ticket.
//!
//! Locks are taken in one order: the ticket, its team, a member. Whoever gives tickets of a team away has the team to himself, and
//! counts the tickets of a member with the member locked, so that two teams do not fill the same place.

use sha2::{Digest, Sha256};
use store::filter::{FieldPath, Filter, Scalar};
use store::{ObjectId, Query, RawRow, Row, Snapshot, Sort, Tx};

use super::attendance::{self, Attendance};
use super::document::{AssignmentMethod, Team};
use super::queue;
use crate::resources::ticket::document::Ticket;
use crate::resources::ticket::load;

/// Gives a new or changed ticket to a member of its team, when it waits for one since this change. `before`: what it was, unless it
/// is new.
///
/// # Errors
/// Those of the store.
pub fn settle(
    tx: &mut Tx<'_>,
    id: ObjectId,
    ticket: &mut Ticket,
    before: Option<&Ticket>,
) -> store::Result<()> {
    if ticket.processing_team.is_none() {
        return Ok(());
    }
    if !waits(tx, ticket)? {
        ticket.queued = false;
        return Ok(());
    }
    let is_due = match before {
        None => true,
        Some(before) => {
            let is_other_team = ticket.processing_team != before.processing_team;
            let is_asked_for = ticket.queued && !before.queued;
            // Whose member was taken away by hand is left as it is.
            let was_out = before.processing_user.is_none() && !waits(tx, before)?;
            is_other_team || is_asked_for || was_out
        }
    };
    if !is_due {
        return Ok(());
    }
    // Nobody is served before those who wait already.
    if let Some(team) = ticket.processing_team
        && tx.get_for_update::<Team>(team)?.is_some()
        && first_waiting(tx, team)?.is_some_and(|first| first.id != id)
    {
        ticket.queued = true;
        return queue::wake(tx);
    }
    assign(tx, id, ticket, None)
}

/// Whether a ticket of a team is to be done and nobody does it.
fn waits(tx: &Tx<'_>, ticket: &Ticket) -> store::Result<bool> {
    Ok(ticket.processing_team.is_some()
        && ticket.processing_user.is_none()
        && ticket.snoozed_until.is_none()
        && load::is_open(tx, ticket)?)
}

/// Gives a ticket that waits to a member of its team, but not to `except`, or lets it wait on.
///
/// # Errors
/// Those of the store.
pub fn assign(
    tx: &mut Tx<'_>,
    id: ObjectId,
    ticket: &mut Ticket,
    except: Option<ObjectId>,
) -> store::Result<()> {
    let team = match ticket.processing_team {
        Some(team) => tx.get_for_update::<Team>(team)?,
        None => None,
    };
    let team = team.filter(|team| team.doc.assignment_method != AssignmentMethod::Manual);
    ticket.queued = team.is_some();
    let Some(mut team) = team else {
        return Ok(());
    };
    if let Some(hours) = &team.doc.operating_hours
        && !hours.is_open(tx.now())
    {
        return match hours.next_opening(tx.now()) {
            Some(at) => queue::wake_at(tx, at),
            None => Ok(()),
        };
    }
    let Some(member) = choose(tx, &team.doc, id, except)? else {
        return Ok(());
    };
    ticket.processing_user = Some(member);
    ticket.queued = false;
    team.doc.last_assigned = Some(member);
    tx.put(&mut team)
}

/// The ticket of a team that waits longest.
///
/// # Errors
/// Those of the store.
pub fn first_waiting(snapshot: &Snapshot<'_>, team: ObjectId) -> store::Result<Option<RawRow>> {
    let oldest = Query {
        filter: Filter::And(vec![
            Filter::Eq(FieldPath::known("processingTeam"), Scalar::Id(team)),
            Filter::Exists(FieldPath::known("queuedAt")),
        ]),
        sort: vec![Sort {
            path: "queuedAt".into(),
            descending: false,
        }],
        limit: 1,
        ..Query::default()
    };
    Ok(snapshot.page::<Ticket>(&oldest)?.rows.into_iter().next())
}

/// The member whose turn it is, of those who have room.
fn choose(
    tx: &mut Tx<'_>,
    team: &Team,
    ticket: ObjectId,
    except: Option<ObjectId>,
) -> store::Result<Option<ObjectId>> {
    let known = attendance::of(tx, &team.members)?;
    let now = tx.now();
    let takes_tickets = |member: &ObjectId| match known.get(member) {
        Some(Attendance {
            available: false, ..
        }) => false,
        Some(seen) => !team.select_only_online_members || seen.is_online(now),
        None => !team.select_only_online_members,
    };
    let mut turn = round(&team.members, team.last_assigned);
    turn.retain(|member| Some(*member) != except && takes_tickets(member));
    match team.assignment_method {
        AssignmentMethod::Manual => return Ok(None),
        AssignmentMethod::Circular => {}
        AssignmentMethod::Random => turn.sort_by_key(|member| draw(ticket, *member)),
        AssignmentMethod::Balanced => {
            let mut loads = Vec::with_capacity(turn.len());
            for member in turn {
                loads.push((load::count(tx, member)?, member));
            }
            loads.sort_by_key(|(load, _)| *load); // equals stay in their turn
            turn = loads.into_iter().map(|(_, member)| member).collect();
        }
    }
    for member in turn {
        if has_room(tx, team, member)? {
            return Ok(Some(member));
        }
    }
    Ok(None)
}

/// Whether a member may have one more. Nobody else gives tickets to the member before this unit is committed.
fn has_room(tx: &mut Tx<'_>, team: &Team, member: ObjectId) -> store::Result<bool> {
    if !team.limit_ticket_amount {
        return Ok(true);
    }
    attendance::find_or_make(tx, member)?;
    Ok(load::count(tx, member)? < u64::from(team.ticket_amount))
}

/// The members from the one after `last`.
fn round(members: &[ObjectId], last: Option<ObjectId>) -> Vec<ObjectId> {
    let last = last.and_then(|last| members.iter().position(|member| *member == last));
    let (before, after) = members.split_at(last.map_or(0, |last| last + 1));
    [after, before].concat()
}

/// The lot of a member for a ticket: even, and the same when the unit is run again.
fn draw(ticket: ObjectId, member: ObjectId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(ticket.to_string());
    hash.update(member.to_string());
    hash.finalize().into()
}

/// Takes a ticket from its member. One of a team goes to somebody else of it, or waits.
///
/// # Errors
/// Those of the store.
pub fn take_back(tx: &mut Tx<'_>, row: &mut Row<Ticket>) -> store::Result<()> {
    let from = row.doc.processing_user.take();
    if waits(tx, &row.doc)? {
        assign(tx, row.id, &mut row.doc, from)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ObjectId {
        format!("{n:024x}").parse().unwrap()
    }

    #[test]
    fn it_goes_round_from_the_one_after_the_last() {
        let members = [id(1), id(2), id(3)];
        for (last, first) in [(None, 1), (Some(1), 2), (Some(3), 1), (Some(9), 1)] {
            let turn = round(&members, last.map(id));
            assert_eq!((turn[0], turn.len()), (id(first), 3), "{last:?}");
        }
    }

    #[test]
    fn lots_are_even() {
        let members: Vec<_> = (0..4).map(id).collect();
        let mut won = [0; 4];
        for ticket in 100..2100 {
            let best = members
                .iter()
                .min_by_key(|member| draw(id(ticket), **member));
            won[members
                .iter()
                .position(|member| Some(member) == best)
                .unwrap()] += 1;
        }
        assert!(
            won.iter().all(|count| (400..600).contains(count)),
            "{won:?}"
        );
    }
}
