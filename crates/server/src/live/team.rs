//! What happens in a project, told to its members while they look: that something changed, and who else looks at what.
//!
//! What is told is small and names what to read again. Nothing is kept: who reads too slowly, or comes back, is told to read everything again.
//! Where several processes share a database, each hears of the others' commits, and is told their [words](super::word).

mod inbox;
pub mod operations;
mod presence;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use store::{Change, Clock, How, Millis, ObjectId, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::inbox::Inbox;
pub use self::inbox::News;
use self::presence::Presence;
pub use self::presence::{Doing, Present};
use super::hub::slot;
use super::word::Word;
use crate::config::Live;
use crate::http::ApiError;
use crate::resources::message::document::MESSAGES;
use crate::resources::session::document::SESSIONS;
use crate::resources::ticket::document::TICKETS;

/// The members who look, by project.
pub struct Team {
    limits: Live,
    clock: Arc<dyn Clock>,
    slots: Arc<Semaphore>,
    /// How many look, so that a commit costs nothing while nobody does.
    looking: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rooms: HashMap<ObjectId, Vec<Arc<Inbox>>>,
    presence: HashMap<ObjectId, Presence>,
}

/// A member who looks. Dropping it ends that.
pub(super) struct Looker {
    pub inbox: Arc<Inbox>,
    project: ObjectId,
    team: Arc<Team>,
    _slot: OwnedSemaphorePermit,
}

impl Team {
    /// Nobody looks yet.
    #[must_use]
    pub fn new(limits: Live, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            clock,
            slots: Arc::new(Semaphore::new(limits.watchers_max)),
            looking: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    /// Tells of what was committed.
    pub fn committed(&self, changes: &[Change]) {
        if self.looking.load(Ordering::SeqCst) == 0 {
            return;
        }
        for change in changes {
            if let Change::Document {
                table,
                project,
                id,
                how,
            } = change
                && let Some(kind) = kind(table, *how)
            {
                self.tell(*project, &News::of(kind, *id));
            }
        }
    }

    /// Notes what a member does with a ticket, and tells the others, also by the other nodes; returns who is there with it.
    pub fn note(&self, store: &Store, project: ObjectId, present: Present) -> Vec<Present> {
        // Also what is said again: there it has to hold as long as here.
        store.say(Word::Present { project, present }.to_line());
        self.noted(project, present)
    }

    /// Hears of another node what a member does with a ticket.
    pub(super) fn hear(&self, project: ObjectId, present: Present) {
        drop(self.noted(project, present));
    }

    fn noted(&self, project: ObjectId, present: Present) -> Vec<Present> {
        let now = self.clock.now();
        let mut state = self.lock();
        let presence = state.presence.entry(project).or_default();
        let is_news = presence.note(present, now);
        let others = presence.with(present.ticket, now);
        if presence.is_empty() {
            state.presence.remove(&project);
        }
        drop(state);
        if is_news {
            self.tell(project, &News::presence(&present));
        }
        others
    }

    /// Looks at a project. What is told first is `hello`.
    ///
    /// # Errors
    /// 503 when there are as many as there may be.
    pub(super) fn look(
        self: &Arc<Self>,
        project: ObjectId,
        with_sessions: bool,
    ) -> Result<Looker, ApiError> {
        let permit = slot(&self.slots, "watchers of projects", "live.watchers_max")?;
        let inbox = Arc::new(Inbox::new(self.limits.watcher_queue_max, with_sessions));
        let mut state = self.lock();
        let present = state.presence.get(&project);
        let present = present.map(|presence| presence.all(self.clock.now()));
        inbox.put(&hello(self.clock.now(), &present.unwrap_or_default()));
        state
            .rooms
            .entry(project)
            .or_default()
            .push(Arc::clone(&inbox));
        self.looking.fetch_add(1, Ordering::SeqCst);
        Ok(Looker {
            inbox,
            project,
            team: Arc::clone(self),
            _slot: permit,
        })
    }

    /// Lets all go: the process stops.
    pub fn stop(&self) {
        for inbox in self.lock().rooms.values().flatten() {
            inbox.close();
        }
    }

    fn tell(&self, project: ObjectId, news: &News) {
        if let Some(room) = self.lock().rooms.get(&project) {
            for inbox in room {
                inbox.put(news);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.team.looking.fetch_sub(1, Ordering::SeqCst);
        let mut state = self.team.lock();
        if let Some(room) = state.rooms.get_mut(&self.project) {
            room.retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
            if room.is_empty() {
                state.rooms.remove(&self.project);
            }
        }
    }
}

/// What members are told of a change.
fn kind(table: &str, how: How) -> Option<&'static str> {
    Some(match (table, how) {
        (table, How::Inserted) if table == TICKETS.table => "ticket.created",
        (table, How::Updated) if table == TICKETS.table => "ticket.updated",
        (table, How::Deleted) if table == TICKETS.table => "ticket.deleted",
        (table, How::Inserted) if table == MESSAGES.table => "message.created",
        (table, How::Updated) if table == MESSAGES.table => "message.updated",
        (table, How::Deleted) if table == MESSAGES.table => "message.deleted",
        (table, _) if table == SESSIONS.table => "session.changed",
        _ => return None,
    })
}

fn hello(now: Millis, present: &[Present]) -> News {
    #[derive(Serialize)]
    struct Hello<'a> {
        r#type: &'static str,
        date: Millis,
        present: &'a [Present],
    }
    let hello = Hello {
        r#type: "hello",
        date: now,
        present,
    };
    News::new("hello", String::new(), &hello)
}
