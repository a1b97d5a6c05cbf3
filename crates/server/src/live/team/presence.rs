//! Who looks at which ticket, and who writes there. Each holds for a while and has to be said again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use store::{Millis, ObjectId};
use utoipa::ToSchema;

/// How long somebody counts as typing, unless it is said again.
pub const TYPING_MS: i64 = 10_000;
/// How long somebody counts as viewing, unless it is said again.
pub const VIEWING_MS: i64 = 60_000;
/// Tickets that one member is with at once; of more the oldest is left.
pub const TICKETS_PER_MEMBER_MAX: usize = 20;

/// What a member does with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Doing {
    /// Looks at it.
    Viewing,
    /// Writes an answer.
    Typing,
}

impl Doing {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewing => "viewing",
            Self::Typing => "typing",
        }
    }

    fn lasts_ms(self) -> i64 {
        match self {
            Self::Viewing => VIEWING_MS,
            Self::Typing => TYPING_MS,
        }
    }
}

/// Somebody who does something with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Present {
    /// The id of the ticket.
    #[schema(value_type = String)]
    pub ticket: ObjectId,
    /// The id of the user.
    #[schema(value_type = String)]
    pub user: ObjectId,
    /// What.
    pub doing: Doing,
    /// Whether it is so: `false` says that it is over.
    pub active: bool,
}

/// Who is there in one project.
#[derive(Default)]
pub struct Presence {
    /// Until when.
    until: HashMap<(ObjectId, ObjectId, Doing), Millis>,
}

impl Presence {
    /// Notes what somebody does; returns whether that is new.
    pub fn note(&mut self, present: Present, now: Millis) -> bool {
        self.until.retain(|_, until| *until > now);
        let key = (present.ticket, present.user, present.doing);
        if !present.active {
            return self.until.remove(&key).is_some();
        }
        let until = Millis(now.0 + present.doing.lasts_ms());
        let is_new = self.until.insert(key, until).is_none();
        self.leave_oldest(present.user, present.ticket);
        is_new
    }

    fn leave_oldest(&mut self, user: ObjectId, but: ObjectId) {
        let own = self.until.iter().filter(|((_, by, _), _)| *by == user);
        if own.clone().count() > 2 * TICKETS_PER_MEMBER_MAX {
            let others = own.filter(|((ticket, _, _), _)| *ticket != but);
            if let Some(oldest) = others.min_by_key(|(_, until)| **until).map(|(key, _)| *key) {
                self.until.remove(&oldest);
            }
        }
    }

    /// Who is there with a ticket.
    #[must_use]
    pub fn with(&self, ticket: ObjectId, now: Millis) -> Vec<Present> {
        let mut there = self.all(now);
        there.retain(|present| present.ticket == ticket);
        there
    }

    /// Who is there at all.
    #[must_use]
    pub fn all(&self, now: Millis) -> Vec<Present> {
        let there = self.until.iter().filter(|(_, until)| **until > now);
        let mut there: Vec<_> = there
            .map(|((ticket, user, doing), _)| Present {
                ticket: *ticket,
                user: *user,
                doing: *doing,
                active: true,
            })
            .collect();
        there.sort_by_key(|present| (present.ticket, present.user, present.doing.name()));
        there
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ObjectId {
        format!("{n:024x}").parse().unwrap()
    }

    fn present(ticket: usize, doing: Doing, active: bool) -> Present {
        Present {
            ticket: id(ticket),
            user: id(99),
            doing,
            active,
        }
    }

    #[test]
    fn what_is_not_said_again_is_over() {
        let mut presence = Presence::default();
        assert!(presence.note(present(1, Doing::Typing, true), Millis(0)));
        assert!(!presence.note(present(1, Doing::Typing, true), Millis(5_000)));
        assert_eq!(presence.with(id(1), Millis(5_000 + TYPING_MS - 1)).len(), 1);
        assert!(presence.with(id(1), Millis(5_000 + TYPING_MS)).is_empty());
        assert!(presence.note(present(1, Doing::Typing, true), Millis(20_000)));
        assert!(presence.note(present(1, Doing::Typing, false), Millis(20_001)));
        assert!(!presence.note(present(1, Doing::Typing, false), Millis(20_002)));
        assert!(presence.is_empty());
    }

    #[test]
    fn one_member_is_with_so_many_tickets() {
        let mut presence = Presence::default();
        let now = |ticket: usize| Millis(ticket as i64);
        for ticket in 0..=2 * TICKETS_PER_MEMBER_MAX {
            presence.note(present(ticket, Doing::Viewing, true), now(ticket));
        }
        let there = presence.all(Millis(0));
        assert_eq!(there.len(), 2 * TICKETS_PER_MEMBER_MAX);
        assert!(there.iter().all(|present| present.ticket != id(0)));
    }
}
