//! Teams on the wire.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId, Row};
use utoipa::ToSchema;

use super::document::{AssignmentMethod, SlaOptions, Team};
use super::hours::OperatingHours;

/// Teams of a project.
pub const TEAMS_MAX: u32 = 100;
/// Members of a team.
pub const TEAM_MEMBERS_MAX: usize = 200;
/// Characters of the name of a team.
pub const NAME_CHARS_MAX: usize = 100;
/// The highest limit of open tickets of a member.
pub const TICKET_AMOUNT_MAX: u32 = 1_000;
/// The limit of a team that sets none.
const TICKET_AMOUNT: u32 = 10;

/// A team.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamBody {
    /// The id of the team.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    _id: ObjectId,
    /// The same id again.
    #[schema(value_type = String)]
    id: ObjectId,
    /// The id of the project.
    #[schema(value_type = String)]
    project: ObjectId,
    /// The id of the organisation of the project.
    #[schema(value_type = String)]
    organisation: ObjectId,
    /// The name.
    name: String,
    /// Who gets a ticket.
    assignment_method: AssignmentMethod,
    /// The ids of its members, in the order in which tickets go round.
    #[schema(value_type = Vec<String>)]
    members: Vec<ObjectId>,
    /// Whether only members get tickets who were seen in the last five minutes.
    select_only_online_members: bool,
    /// Whether `ticketAmount` limits what a member is given.
    limit_ticket_amount: bool,
    /// The open tickets that a member may have, of whichever team, to be given another one.
    ticket_amount: u32,
    /// Always false: what waits is looked at by itself when there may be room.
    need_queue_rerun: bool,
    /// How soon tickets are to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    sla_options: Option<SlaOptions>,
    /// When it works: outside of these hours tickets wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    operating_hours: Option<OperatingHours>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Millis,
    /// The latest change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Millis,
}

impl TeamBody {
    pub(super) fn of(row: Row<Team>, project: ObjectId, organisation: ObjectId) -> Self {
        let team = row.doc;
        Self {
            _id: row.id,
            id: row.id,
            project,
            organisation,
            name: team.name,
            assignment_method: team.assignment_method,
            members: team.members,
            select_only_online_members: team.select_only_online_members,
            limit_ticket_amount: team.limit_ticket_amount,
            ticket_amount: team.ticket_amount,
            need_queue_rerun: false,
            sla_options: team.sla_options,
            operating_hours: team.operating_hours,
            created_at: row.created_at,
            updated_at: team.changed_at,
        }
    }
}

/// What to set. `name`, `assignmentMethod` and `members` are required of a new team; of another, what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TeamInput {
    /// The name: 1 to 100 characters.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Who gets a ticket.
    #[schema(value_type = AssignmentMethod, required = false)]
    assignment_method: Option<AssignmentMethod>,
    /// The ids of its members, at most 200, in the order in which tickets go round. They may work on tickets of the project.
    #[schema(value_type = Option<Vec<String>>)]
    pub(super) members: Option<Vec<ObjectId>>,
    /// Whether only members get tickets who were seen in the last five minutes. True of a new team.
    select_only_online_members: Option<bool>,
    /// Taken, and needed no more: what waits is looked at after every change of a team.
    #[serde(rename = "needQueueRerun")]
    _need_queue_rerun: Option<bool>,
    /// Whether `ticketAmount` limits what a member is given. False of a new team.
    limit_ticket_amount: Option<bool>,
    /// The open tickets that a member may have, of whichever team, to be given another one: 1 to 1,000. 10 of a new team.
    ticket_amount: Option<f64>,
    /// How soon tickets are to be answered: kept and shown.
    #[schema(value_type = SlaOptions, required = false)]
    sla_options: Option<SlaOptions>,
    /// When it works.
    #[schema(value_type = OperatingHours, required = false)]
    operating_hours: Option<OperatingHours>,
}

impl TeamInput {
    /// What is wrong with which field. Whether the members are some is the caller's to find out.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let fits = |name: &str| (1..=NAME_CHARS_MAX).contains(&name.trim().chars().count());
        if self.name.as_deref().is_some_and(|name| !fits(name)) {
            faults.push(format!("name: must be 1 to {NAME_CHARS_MAX} characters"));
        }
        if let Some(members) = &self.members {
            let different: HashSet<_> = members.iter().collect();
            if different.len() < members.len() {
                faults.push("members: names somebody twice".into());
            }
            if members.len() > TEAM_MEMBERS_MAX {
                faults.push(format!("members: are more than {TEAM_MEMBERS_MAX}"));
            }
        }
        if self.ticket_amount.is_some() && self.amount().is_none() {
            faults.push(format!(
                "ticketAmount: must be a whole number from 1 to {TICKET_AMOUNT_MAX}"
            ));
        }
        let sla = self.sla_options.as_ref().and_then(|sla| sla.default_sla);
        if sla.is_some_and(|sla| sla < 0.0) {
            faults.push("slaOptions.defaultSla: must not be less than 0".into());
        }
        if let Some(hours) = &self.operating_hours {
            faults.extend(hours.faults());
        }
        faults
    }

    /// What a new team lacks.
    pub(super) fn missing(&self) -> Vec<String> {
        let there = [
            ("name", self.name.is_some()),
            ("assignmentMethod", self.assignment_method.is_some()),
            ("members", self.members.is_some()),
        ];
        let missing = there.iter().filter(|(_, is_there)| !is_there);
        missing
            .map(|(name, _)| format!("{name}: is required"))
            .collect()
    }

    fn amount(&self) -> Option<u32> {
        let fits = |amount: &f64| {
            amount.fract() == 0.0 && (1.0..=f64::from(TICKET_AMOUNT_MAX)).contains(amount)
        };
        self.ticket_amount.filter(fits).map(|amount| amount as u32)
    }

    /// A team without anything in it, to be filled in.
    pub(super) fn blank(now: Millis) -> Team {
        Team {
            name: String::new(),
            assignment_method: AssignmentMethod::Manual,
            members: Vec::new(),
            select_only_online_members: true,
            limit_ticket_amount: false,
            ticket_amount: TICKET_AMOUNT,
            sla_options: None,
            operating_hours: None,
            changed_at: now,
            last_assigned: None,
        }
    }

    /// Sets what is given.
    pub(super) fn apply(&self, team: &mut Team) {
        if let Some(name) = &self.name {
            team.name = name.trim().to_owned();
        }
        if let Some(members) = &self.members {
            team.members.clone_from(members);
        }
        team.assignment_method = self.assignment_method.unwrap_or(team.assignment_method);
        team.select_only_online_members = self
            .select_only_online_members
            .unwrap_or(team.select_only_online_members);
        team.limit_ticket_amount = self.limit_ticket_amount.unwrap_or(team.limit_ticket_amount);
        team.ticket_amount = self.amount().unwrap_or(team.ticket_amount);
        if let Some(sla) = &self.sla_options {
            team.sla_options = Some(sla.clone());
        }
        if let Some(hours) = &self.operating_hours {
            team.operating_hours = Some(hours.clone());
        }
    }
}
