//! What is still to be said in the conversations of the demo, while its story goes on.

use std::collections::BTreeSet;

use store::Millis;

use super::talk::{Line, Talk};

/// Conversations, and when who is to say something in them.
#[derive(Default)]
pub struct Desk<'s> {
    threads: Vec<Thread<'s>>,
    /// When, in which conversation, which line of it.
    due: BTreeSet<(Millis, usize, usize)>,
}

struct Thread<'s> {
    ticket: String,
    session: String,
    talk: &'s Talk,
}

/// Something to be said now.
pub struct Turn<'s, 'd> {
    pub ticket: &'d str,
    /// Who reported it.
    pub session: &'d str,
    /// Who of the team takes part.
    pub agent: usize,
    pub line: &'s Line,
    pub is_first: bool,
    /// Whether the ticket is done after that.
    pub settles: bool,
}

impl<'s> Desk<'s> {
    /// Begins the conversation about a ticket of a session.
    pub fn open(&mut self, ticket: String, session: String, talk: &'s Talk) {
        if let Some(first) = talk.lines.first() {
            self.due.insert((first.at, self.threads.len(), 0));
            self.threads.push(Thread {
                ticket,
                session,
                talk,
            });
        }
    }

    /// What is to be said next, when that is before `until`.
    pub fn next(&mut self, until: Millis) -> Option<Turn<'s, '_>> {
        let (at, thread, number) = *self.due.first()?;
        if at >= until {
            return None;
        }
        self.due.pop_first();
        let Thread {
            ticket,
            session,
            talk,
        } = &self.threads[thread];
        let after = talk.lines.get(number + 1);
        if let Some(after) = after {
            self.due.insert((after.at, thread, number + 1));
        }
        Some(Turn {
            ticket,
            session,
            agent: talk.agent,
            line: &talk.lines[number],
            is_first: number == 0,
            settles: after.is_none() && talk.is_settled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Voice;
    use super::*;

    fn talk(instants: &[i64], is_settled: bool) -> Talk {
        let line = |at: &i64| Line {
            at: Millis(*at),
            voice: Voice::Agent,
            text: "",
            is_answered: false,
        };
        Talk {
            agent: 0,
            lines: instants.iter().map(line).collect(),
            is_settled,
        }
    }

    fn said(desk: &mut Desk<'_>, until: i64) -> Vec<(String, i64, bool, bool)> {
        let mut said = Vec::new();
        while let Some(turn) = desk.next(Millis(until)) {
            let ticket = turn.ticket.to_owned();
            said.push((ticket, turn.line.at.0, turn.is_first, turn.settles));
        }
        said
    }

    #[test]
    fn conversations_go_on_beside_each_other() {
        let (one, two, none) = (
            talk(&[10, 40], true),
            talk(&[20, 30], false),
            talk(&[], true),
        );
        let mut desk = Desk::default();
        desk.open("one".into(), "s".into(), &one);
        desk.open("two".into(), "s".into(), &two);
        desk.open("none".into(), "s".into(), &none);
        let first = ("one".to_owned(), 10, true, false);
        assert_eq!(said(&mut desk, 20), [first]);
        let others = [
            ("two", 20, true, false),
            ("two", 30, false, false),
            ("one", 40, false, true),
        ];
        let others = others.map(|(ticket, at, first, last)| (ticket.to_owned(), at, first, last));
        assert_eq!(said(&mut desk, 1000), others);
        assert_eq!(said(&mut desk, 1000), []);
    }
}
