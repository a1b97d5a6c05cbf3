//! Who is connected now. Nothing here is kept: what must arrive lies in the database until it was pushed.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use prometheus::{IntGauge, Registry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{Change, Clock, Millis, ObjectId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::outbox::OUTBOXES;
use super::room::{Room, Socket, Watcher};
use crate::config::Live;
use crate::http::ApiError;

/// Project and session.
pub type Place = (ObjectId, ObjectId);

/// Seconds after which one for whom there is no room should try again.
const RETRY_AFTER_SECONDS: u64 = 5;

/// How long a session counts as watched by way of another node, unless that says so again.
pub(super) const WATCHED_MS: i64 = 60_000;

/// Something that a session did, for those who watch it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Activity {
    /// `event`, `identified`, `merged`, `updated`, `report`, `started` …
    pub kind: Cow<'static, str>,
    /// When.
    pub date: Millis,
    /// More about it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// The sockets of sessions, and those who watch sessions.
pub struct Hub {
    /// The limits and times of the configuration.
    pub(super) limits: Live,
    clock: Arc<dyn Clock>,
    slots: Arc<Semaphore>,
    watcher_slots: Arc<Semaphore>,
    open: IntGauge,
    state: Mutex<State>,
    work: Notify,
}

#[derive(Default)]
struct State {
    rooms: HashMap<Place, Room>,
    /// Where each socket and each watcher is: merging moves them.
    places: HashMap<u64, Place>,
    /// Sessions that are watched by way of other nodes, until when.
    elsewhere: HashMap<Place, Millis>,
    /// Sessions whose sockets may not know what is in the outbox.
    unsettled: HashSet<Place>,
    last_id: u64,
    is_stopped: bool,
}

/// The place of one socket in the hub, held by the task that serves it. Dropping it gives the place back.
pub(super) struct Seat {
    pub id: u64,
    /// What is to be sent.
    pub frames: mpsc::Receiver<Utf8Bytes>,
    /// Done when the hub wants the socket gone.
    pub dropped: oneshot::Receiver<()>,
    hub: Arc<Hub>,
    _slot: OwnedSemaphorePermit,
}

/// The place of one who watches a session. Dropping it gives the place back.
pub(super) struct Watch {
    id: u64,
    /// What the session does; ends when the hub wants the watcher gone.
    pub activities: mpsc::Receiver<Activity>,
    hub: Arc<Hub>,
    _slot: OwnedSemaphorePermit,
}

impl Hub {
    /// # Errors
    /// When `registry` already has the metric `hark_live_sockets`.
    pub fn new(
        limits: Live,
        clock: Arc<dyn Clock>,
        registry: &Registry,
    ) -> prometheus::Result<Self> {
        let open = IntGauge::new("hark_live_sockets", "Sockets of client SDKs open now.")?;
        registry.register(Box::new(open.clone()))?;
        Ok(Self {
            limits,
            clock,
            slots: Arc::new(Semaphore::new(limits.sockets_max)),
            watcher_slots: Arc::new(Semaphore::new(limits.watchers_max)),
            open,
            state: Mutex::default(),
            work: Notify::new(),
        })
    }

    /// Tells those who watch a session by way of this node what it did.
    pub(super) fn report(&self, place: Place, activity: &Activity) {
        if let Some(room) = self.lock().rooms.get_mut(&place) {
            room.report(activity);
        }
    }

    /// Whether anybody watches a session, so that there is somebody to report to.
    #[must_use]
    pub fn is_watched(&self, project: ObjectId, session: ObjectId) -> bool {
        let place = (project, session);
        let state = self.lock();
        let here = state.rooms.get(&place).is_some_and(Room::is_watched);
        here || state.is_watched_elsewhere(place, || self.clock.now())
    }

    /// Whether anybody watches a session by way of another node.
    pub(super) fn is_watched_elsewhere(&self, place: Place) -> bool {
        self.lock().is_watched_elsewhere(place, || self.clock.now())
    }

    /// Hears that somebody watches a session by way of another node.
    pub(super) fn watched_elsewhere(&self, place: Place) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.elsewhere.retain(|_, until| *until > now);
        state.elsewhere.insert(place, Millis(now.0 + WATCHED_MS));
    }

    /// An events call of a session arrived: its sockets may get notifications from now on (wire note §4.6).
    pub fn ready(&self, project: ObjectId, session: ObjectId) {
        let mut state = self.lock();
        let room = state.rooms.get_mut(&(project, session));
        if room.is_some_and(|room| room.make_ready(None)) {
            self.unsettle(&mut state, (project, session));
        }
    }

    /// A session was merged: its sockets are those of the survivor from now on.
    pub fn merged(&self, project: ObjectId, gone: ObjectId, survivor: ObjectId) {
        let mut state = self.lock();
        let Some(moved) = state.rooms.remove(&(project, gone)) else {
            return;
        };
        let place = (project, survivor);
        for id in moved.ids() {
            state.places.insert(id, place);
        }
        let room = state.rooms.entry(place).or_default();
        room.absorb(moved, self.limits.sockets_per_session_max);
        self.unsettle(&mut state, place);
    }

    /// A session was erased: its sockets are closed.
    pub fn erased(&self, project: ObjectId, session: ObjectId) {
        self.lock().rooms.remove(&(project, session));
    }

    /// Drops all sockets and watchers, and takes no more: the process stops.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.is_stopped = true;
        state.rooms.clear();
        self.work.notify_one();
    }

    /// Notes that outboxes were written.
    pub fn committed(&self, changes: &[Change]) {
        let written = |change: &Change| match change {
            Change::Document {
                table, project, id, ..
            } if *table == OUTBOXES.table => Some((*project, *id)),
            _ => None,
        };
        for place in changes.iter().filter_map(written) {
            let mut state = self.lock();
            if state.rooms.contains_key(&place) {
                self.unsettle(&mut state, place);
            }
        }
    }

    /// Has all sessions looked at: what was written for them may have gone by unheard.
    pub fn look_at_all(&self) {
        let mut state = self.lock();
        let places: Vec<_> = state.rooms.keys().copied().collect();
        for place in places {
            self.unsettle(&mut state, place);
        }
    }

    /// Whether a session has a socket that gets notifications now.
    #[must_use]
    pub fn is_ready(&self, place: Place) -> bool {
        self.lock().rooms.get(&place).is_some_and(Room::is_ready)
    }

    /// Sends a frame to the sockets of a session that belong to web pages; returns to how many.
    pub fn push_to_pages(&self, place: Place, frame: &Utf8Bytes) -> usize {
        let mut state = self.lock();
        let room = state.rooms.get_mut(&place);
        room.map_or(0, |room| room.push_to_pages(frame))
    }

    /// A slot for one more socket.
    ///
    /// # Errors
    /// 503 when there are as many as there may be.
    pub(super) fn slot(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        slot(&self.slots, "sockets", "live.sockets_max")
    }

    /// Puts a socket into the hub; `None` when the process stops.
    pub(super) fn sit(
        self: &Arc<Self>,
        place: Place,
        is_page: bool,
        slot: OwnedSemaphorePermit,
    ) -> Option<Seat> {
        let (sender, frames) = mpsc::channel(self.limits.queue_max);
        let (hold, dropped) = oneshot::channel();
        let mut state = self.lock();
        let id = state.enter(place)?;
        let room = state.rooms.entry(place).or_default();
        let socket = Socket::new(id, is_page, sender, hold);
        room.add(socket, self.limits.sockets_per_session_max);
        self.open.inc();
        self.report_sockets(&mut state, place, "connected");
        self.unsettle(&mut state, place);
        Some(Seat {
            id,
            frames,
            dropped,
            hub: Arc::clone(self),
            _slot: slot,
        })
    }

    /// A socket may get notifications from now on.
    pub(super) fn make_ready(&self, id: u64) {
        let mut state = self.lock();
        let Some(place) = state.places.get(&id).copied() else {
            return;
        };
        let room = state.rooms.get_mut(&place);
        if room.is_some_and(|room| room.make_ready(Some(id))) {
            self.unsettle(&mut state, place);
        }
    }

    /// Watches a session. What is said first is `hello`.
    ///
    /// # Errors
    /// 503 when there are as many watchers as there may be, or the process stops.
    pub(super) fn watch(self: &Arc<Self>, place: Place) -> Result<Watch, ApiError> {
        let permit = slot(
            &self.watcher_slots,
            "watchers of sessions",
            "live.watchers_max",
        )?;
        let (sender, activities) = mpsc::channel(self.limits.watcher_queue_max);
        let mut state = self.lock();
        let id = state.enter(place).ok_or_else(stopping)?;
        let room = state.rooms.entry(place).or_default();
        room.watch(Watcher::new(id, sender), place.1, self.clock.now());
        // A merge that was committed just before moves the watcher.
        self.unsettle(&mut state, place);
        Ok(Watch {
            id,
            activities,
            hub: Arc::clone(self),
            _slot: permit,
        })
    }

    /// Waits for sessions whose sockets may not know what is in the outbox; `None` when the process stops.
    pub(super) async fn unsettled(&self) -> Option<HashSet<Place>> {
        loop {
            {
                let mut state = self.lock();
                if state.is_stopped {
                    return None;
                }
                if !state.unsettled.is_empty() {
                    return Some(mem::take(&mut state.unsettled));
                }
            }
            self.work.notified().await;
        }
    }

    /// Has sessions looked at again.
    pub(super) fn look_again(&self, places: impl IntoIterator<Item = Place>) {
        let mut state = self.lock();
        for place in places {
            self.unsettle(&mut state, place);
        }
    }

    /// Tells the sockets of a session what is in its outbox; returns how many got the actions.
    pub(super) fn tell(&self, place: Place, unread: u64, actions: &[Box<RawValue>]) -> usize {
        let mut state = self.lock();
        let room = state.rooms.get_mut(&place);
        room.map_or(0, |room| room.tell(unread, actions))
    }

    /// Takes out one who goes; returns where that was.
    fn leave(&self, state: &mut State, id: u64) -> Option<Place> {
        let place = state.places.remove(&id)?;
        let room = state.rooms.get_mut(&place)?;
        room.remove(id);
        if room.is_empty() {
            state.rooms.remove(&place);
        }
        Some(place)
    }

    fn report_sockets(&self, state: &mut State, place: Place, kind: &'static str) {
        if let Some(room) = state.rooms.get_mut(&place) {
            room.report_sockets(kind, self.clock.now());
        }
    }

    fn unsettle(&self, state: &mut State, place: Place) {
        state.unsettled.insert(place);
        self.work.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_watched_elsewhere(&self, place: Place, now: impl FnOnce() -> Millis) -> bool {
        let until = self.elsewhere.get(&place);
        until.is_some_and(|until| *until > now())
    }

    /// The id of one who comes in; `None` when nobody may any more.
    fn enter(&mut self, place: Place) -> Option<u64> {
        if self.is_stopped {
            return None;
        }
        self.last_id += 1;
        self.places.insert(self.last_id, place);
        Some(self.last_id)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.open.dec();
        let mut state = self.hub.lock();
        if let Some(place) = self.hub.leave(&mut state, self.id) {
            self.hub.report_sockets(&mut state, place, "disconnected");
        }
    }
}

impl Watch {
    /// The session that is watched now; `None` when it is gone.
    pub fn place(&self) -> Option<Place> {
        self.hub.lock().places.get(&self.id).copied()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hub.leave(&mut self.hub.lock(), self.id);
    }
}

/// A place among those who are connected, of as many as `option` allows.
///
/// # Errors
/// 503 when there is none.
pub(crate) fn slot(
    slots: &Arc<Semaphore>,
    what: &str,
    option: &str,
) -> Result<OwnedSemaphorePermit, ApiError> {
    Arc::clone(slots).try_acquire_owned().map_err(|_| {
        ApiError::unavailable(
            "too_many_connections",
            format!("There are as many {what} as there may be ({option}): try again later."),
            RETRY_AFTER_SECONDS,
        )
    })
}

fn stopping() -> ApiError {
    store::Error::Closed.into()
}
